// Package alerts takes Alertmanager's webhook: an alert that names a pod is
// joined with the ZombieReport of the pod's workload, and the answer says, for
// each alert, what was found.
//
// An alert is trusted for no more than naming a pod. What it says is cut,
// checked and never used as markup, a path or a command.
package alerts
