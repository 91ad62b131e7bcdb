package remedy

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// MaxReplicas is how many pods of a workload are looked at.
const MaxReplicas = 1000

// Facts are what the API server says of a candidate, just now.
type Facts struct {
	// Label is the value of the namespace's label; empty where it has none.
	Label string
	// Pod is nil where it is gone, or where another one has its name and so
	// another UID.
	Pod *corev1.Pod
	// Owner is its workload; nil where it has none of the two kinds. Not asked for
	// when the pod is gone.
	Owner *Owner
	// Young are the workload's pods that were created since its last eviction;
	// TooMany says that the workload has more than MaxReplicas.
	Young   []Replica
	TooMany bool
}

// Owner is a Deployment or a StatefulSet.
type Owner struct {
	Kind, Name, UID string
	// Gone says that it isn't there any more, is being deleted, or that another
	// one has its name.
	Gone bool
	// Wanted replicas there should be, Ready ones are ready, for minReadySeconds
	// where the workload has some.
	Wanted, Ready int32
	// Steady says that its controller has seen its newest spec, and that all its
	// pods are of that one.
	Steady bool
}

// Replica is a pod of the workload.
type Replica struct {
	Name        string
	Terminating bool
	// ReadySince is zero while it isn't ready.
	ReadySince time.Time
}

// ReadySince is since when a pod is ready; zero while it isn't.
func ReadySince(p *corev1.Pod) time.Time {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// Evicted says that somebody evicted a pod through the Eviction API: the API
// server writes that into its status.
func Evicted(p *corev1.Pod) bool {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue && c.Reason == "EvictionByEvictionAPI" {
			return true
		}
	}
	return false
}
