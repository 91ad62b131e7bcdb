package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Notice is what people were told of a report, and what they are about to be
// told: stored before it is sent, so that whoever goes on after a crash sends it
// again, under the same ID, and loses none.
type Notice struct {
	// Severity is Warning or Critical; empty while the report passes no threshold.
	// +optional
	// +kubebuilder:validation:Enum=Warning;Critical
	Severity string `json:"severity,omitempty"`
	// Since is since when it passes one, without a break.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// CriticalSince is since when it passes a Critical one.
	// +optional
	CriticalSince *metav1.Time `json:"criticalSince,omitempty"`
	// Pending is the digest that it goes out with next.
	// +optional
	Pending *Digest `json:"pending,omitempty"`
	// Last is the digest that it went out with last.
	// +optional
	Last *Digest `json:"last,omitempty"`
	// Failed is a digest after that which could be told to nobody, so that its
	// news goes out anew.
	// +optional
	Failed *Digest `json:"failed,omitempty"`
	// Alert is the platform's own alert for a pod of the workload.
	// +optional
	Alert *Alert `json:"alert,omitempty"`
}

// Digest is a notice of all workloads of a namespace that have news.
type Digest struct {
	// ID is the same for all reports in it, and the left part of the mail's
	// Message-ID.
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id"`
	// Kind is Firing, or Resolved where the zombies of this workload are gone.
	// +kubebuilder:validation:Enum=Firing;Resolved
	Kind string `json:"kind"`
	// At is when it was decided on; of one that went out, when it did.
	At metav1.Time `json:"at"`
	// Severity and Zombies are what was told.
	// +optional
	Severity string `json:"severity,omitempty"`
	// +optional
	Zombies int32 `json:"zombies,omitempty"`
}

// Alert is an alert of the platform that names a pod of the workload.
type Alert struct {
	// Fingerprint is Alertmanager's, Name the alert's.
	// +kubebuilder:validation:MaxLength=64
	Fingerprint string `json:"fingerprint"`
	// +kubebuilder:validation:MaxLength=256
	Name string `json:"name"`
	// Pod is the pod that it names.
	// +kubebuilder:validation:MaxLength=253
	Pod string `json:"pod"`
	// StartsAt is since when it fires, EndsAt when it ended; missing while it
	// fires.
	StartsAt metav1.Time `json:"startsAt"`
	// +optional
	EndsAt *metav1.Time `json:"endsAt,omitempty"`
}
