// Package responder collects what the nodes' scanners found, joins it with pods
// and their owners and reports it: ZombieReports and metrics.
package responder
