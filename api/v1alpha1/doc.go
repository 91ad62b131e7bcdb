// Package v1alpha1 holds the types of the API group initguard.dev: the
// ZombieReport, in which the responder says what it found in a workload.
//
// +kubebuilder:object:generate=true
// +groupName=initguard.dev
package v1alpha1
