// Package responder is what one replica in a cluster does with the nodes'
// answers: it collects them, joins them with pods and their owners, counts, and
// is the only writer of ZombieReports.
//
// [Collector] asks the nodes in turn. [Resolver] turns an answer into sightings:
// pods with zombies, named as the API server knows them. [State] holds the
// sightings of all nodes; a node that doesn't answer keeps its own. [Publisher]
// writes what changed, at a bounded pace. All that has to survive a restart
// stands in the reports.
package responder
