package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MaxActs is how many acts a report remembers.
const MaxActs = 16

// Remedy is what was done about the zombies of a workload whose team opted in.
type Remedy struct {
	// Acts are the evictions, the newest first, each stored before it is asked
	// for, so that whoever goes on after a crash evicts no pod twice. Of those
	// that were refused only the last one is kept.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Acts []Act `json:"acts,omitempty"`
	// Stopped says why nothing is done any more, missing while something may be.
	// +optional
	Stopped *Stop `json:"stopped,omitempty"`
}

// Act is the eviction of one pod.
type Act struct {
	// Pod and UID are whom it is about: another pod of that name is left alone.
	Pod string `json:"pod"`
	UID string `json:"uid"`
	// Zombies is how many the pod had.
	Zombies int32 `json:"zombies"`
	// CreatedAt is the pod's own creation: one that was created after another act
	// is a successor, in which the zombies came back.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// ImageID and ArgvHash are those of the container with the most of them.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	ImageID string `json:"imageID,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ArgvHash string `json:"argvHash,omitempty"`
	// At is when it was decided on, EndedAt when Phase became what it is.
	At metav1.Time `json:"at"`
	// Phase is Intended, until the API server has answered; Evicted; Refused
	// where it didn't allow it, or where there was no reason any more; Gone where
	// the pod was gone before.
	// +kubebuilder:validation:Enum=Intended;Evicted;Refused;Gone
	Phase string `json:"phase"`
	// +optional
	EndedAt *metav1.Time `json:"endedAt,omitempty"`
	// Reason says why it was refused.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`
}

// Stop says that evicting the workload's pods helps no more.
type Stop struct {
	At metav1.Time `json:"at"`
	// Reason is one sentence for the workload's people.
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason"`
	// Container is the one that it holds for, ImageID and ArgvHash are its: a changed
	// image or command starts clean.
	// +optional
	Container string `json:"container,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxLength=512
	ImageID string `json:"imageID,omitempty"`
	// +optional
	ArgvHash string `json:"argvHash,omitempty"`
}
