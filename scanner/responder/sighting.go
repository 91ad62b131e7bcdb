package responder

import (
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Key names a report: one a namespace and top-level workload.
type Key struct{ Namespace, Name string }

// A Sighting is a pod with zombies, as its node last told.
type Sighting struct {
	Namespace string
	Workload  v1alpha1.Workload
	Pod       v1alpha1.Pod
	// PerHour is how many come in an hour, nil where that can't be told.
	PerHour *float64
}

// Key is that of the report which the pod belongs to.
func (s Sighting) Key() Key { return Key{s.Namespace, s.Workload.ReportName()} }

// Elsewhere are zombies that belong to no pod of the API server.
type Elsewhere struct {
	// Host are those outside of pods, Unknown those in pods that the API server
	// doesn't know, or not any more.
	Host, Unknown int
}

// An Outcome is what a node's answer says once it is joined with pods.
type Outcome struct {
	Sightings []Sighting
	// Incomplete says that the node's pods could not be asked for: what was
	// known of others than the sightings stays.
	Incomplete bool
	// Unsure are the UIDs of pods whose workload could not be told: what was
	// known of them stays, and of no others. A pod names its owner itself, so
	// that one must not hold up what is known of those beside it.
	Unsure    map[string]bool
	Elsewhere Elsewhere
	// Scanned is when the node made the scan.
	Scanned time.Time
}
