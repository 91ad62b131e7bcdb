// Package monitoring tests manifests/components/monitoring: the alerts with
// promtool, and every expression of alerts and panels by a real Prometheus that
// scrapes the real webhook, the real responder and the API server. With the build
// tag e2e alerts arrive through a real Alertmanager.
package monitoring
