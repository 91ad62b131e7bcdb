package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The bounds of a report, so that it stays far below what the API server stores
// in one object (1.5 MiB): what is beyond them is counted and not listed. The
// markers below say the same to the API server.
const (
	MaxPods         = 50
	MaxContainers   = 8
	MaxCauses       = 8
	MaxChildren     = 16
	MaxObservations = 32
	MaxHistory      = 20
	// MaxText is the length of a name that comes from a process, in bytes,
	// MaxImageID that of an image's id.
	MaxText    = 64
	MaxImageID = 512
)

// ZombieReport says which zombies were seen in a workload's pods, why they are
// there and since when. The responder alone writes it, one a workload, and keeps
// it for 30 days after the last zombie.
//
// There is no spec, because nobody asks for a report, and no status subresource,
// because there is one writer: a change is one request.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=zombiereports,singular=zombiereport,shortName=zombies,scope=Namespaced,categories=initguard
// +kubebuilder:printcolumn:name="Workload",type=string,JSONPath=`.status.summary.workload`
// +kubebuilder:printcolumn:name="Pods",type=integer,JSONPath=`.status.summary.pods`
// +kubebuilder:printcolumn:name="Zombies",type=integer,JSONPath=`.status.summary.zombies`
// +kubebuilder:printcolumn:name="Oldest",type=date,JSONPath=`.status.summary.oldestSince`
// +kubebuilder:printcolumn:name="Per Hour",type=string,JSONPath=`.status.summary.perHour`
// +kubebuilder:printcolumn:name="PID Limit In",type=string,JSONPath=`.status.summary.pidLimitIn`
// +kubebuilder:printcolumn:name="Cause",type=string,JSONPath=`.status.summary.cause`
// +kubebuilder:printcolumn:name="Parent",type=string,JSONPath=`.status.summary.parent`,priority=1
// +kubebuilder:printcolumn:name="Last Seen",type=date,JSONPath=`.status.lastSeen`,priority=1
type ZombieReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Status ZombieReportStatus `json:"status"`
}

// ZombieReportList is a list of reports.
//
// +kubebuilder:object:root=true
type ZombieReportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ZombieReport `json:"items"`
}

// ZombieReportStatus is what was found.
type ZombieReportStatus struct {
	// Workload is whose pods these are.
	Workload Workload `json:"workload"`
	// Summary is what `kubectl get zombies` prints.
	Summary Summary `json:"summary"`
	// Pods are those that have zombies now, the most zombies first.
	// +optional
	// +kubebuilder:validation:MaxItems=50
	Pods []Pod `json:"pods,omitempty"`
	// OtherPods is how many pods have zombies beyond those.
	// +optional
	OtherPods int32 `json:"otherPods,omitempty"`
	// FirstSeen is when the first zombie was seen in any pod of the workload
	// since there is this report; LastSeen when the last one was. While there are
	// zombies it is brought up to date with other changes, and a few times an
	// hour.
	FirstSeen metav1.Time `json:"firstSeen"`
	LastSeen  metav1.Time `json:"lastSeen"`
	// History are the times with zombies, the newest first. The one that goes on
	// has no end.
	// +optional
	// +kubebuilder:validation:MaxItems=20
	History []Episode `json:"history,omitempty"`
	// Observations are the containers, as the pods' spec and image had them, in
	// which zombies were seen, the newest first; each is kept for 30 days after
	// its last zombie.
	// +optional
	// +kubebuilder:validation:MaxItems=32
	Observations []Observation `json:"observations,omitempty"`
	// Notice is what people were told, Remedy what was done.
	// +optional
	Notice *Notice `json:"notice,omitempty"`
	// +optional
	Remedy *Remedy `json:"remedy,omitempty"`
}

// Workload is the top-level object that a pod belongs to, in the report's own
// namespace: what somebody applied.
type Workload struct {
	// Group is empty for the core group.
	// +optional
	Group string `json:"group,omitempty"`
	Kind  string `json:"kind"`
	// Name is the object's name. Pods that nothing owns and whose names were
	// generated are one workload, with the part of the name that they share and
	// a star.
	Name string `json:"name"`
}

// Summary is the report in a line.
type Summary struct {
	// Workload is kind and name, as in StatefulSet/mongo.
	Workload string `json:"workload"`
	// Pods is how many pods have zombies now, Zombies how many all of them have.
	Pods    int32 `json:"pods"`
	Zombies int32 `json:"zombies"`
	// OldestSince is since when the oldest one is there, at most.
	// +optional
	OldestSince *metav1.Time `json:"oldestSince,omitempty"`
	// PerHour is how many come in an hour in all pods, "-" where that can't be
	// told yet.
	PerHour string `json:"perHour"`
	// PIDLimitIn is how long it takes until the first pod can't start processes
	// any more, as of the last change, "-" where that can't be told.
	PIDLimitIn string `json:"pidLimitIn"`
	// Cause is that of most zombies; without any, that of the last ones. Parent
	// is the program that should have waited for them.
	// +optional
	Cause string `json:"cause,omitempty"`
	// +optional
	Parent string `json:"parent,omitempty"`
}

// Pod is a pod with zombies.
type Pod struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	Node string `json:"node"`
	// Zombies is how many it has, OldestSince since when the oldest is there, at
	// most.
	Zombies     int32       `json:"zombies"`
	OldestSince metav1.Time `json:"oldestSince"`
	// PerHour is how many come in an hour, rounded up; missing where that can't
	// be told yet.
	// +optional
	PerHour *int32 `json:"perHour,omitempty"`
	// PIDLimit is how many processes and threads the pod may have, PIDsUsed how
	// many it has, zombies included; missing where they aren't known.
	// +optional
	PIDLimit *int64 `json:"pidLimit,omitempty"`
	// +optional
	PIDsUsed *int64 `json:"pidsUsed,omitempty"`
	// LimitAt is when the limit is reached at this rate; missing where that can't
	// be told or won't happen.
	// +optional
	LimitAt *metav1.Time `json:"limitAt,omitempty"`
	// LimitEarly says that LimitAt rests on a short time, so that it may be far
	// off.
	// +optional
	LimitEarly bool `json:"limitEarly,omitempty"`
	// Containers are those with zombies, the most zombies first, and
	// OtherContainers how many have some beyond those.
	// +kubebuilder:validation:MaxItems=8
	Containers []Container `json:"containers"`
	// +optional
	OtherContainers int32 `json:"otherContainers,omitempty"`
}

// Container is a container with zombies.
type Container struct {
	// Name is empty where the container isn't known: it is one that was replaced,
	// or the pod's own sandbox.
	// +optional
	Name string `json:"name,omitempty"`
	// ImageID is the image as the pod's status has it, ArgvHash the hash of the
	// spec's command and args, ExecHash that of its exec probes and postStart hook.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	ImageID string `json:"imageID,omitempty"`
	// +optional
	ArgvHash string `json:"argvHash,omitempty"`
	// +optional
	ExecHash    string      `json:"execHash,omitempty"`
	Zombies     int32       `json:"zombies"`
	OldestSince metav1.Time `json:"oldestSince"`
	// +optional
	PerHour *int32 `json:"perHour,omitempty"`
	// Causes are the zombies by cause and parent, the most first, and OtherZombies
	// how many there are beyond those.
	// +kubebuilder:validation:MaxItems=8
	Causes []Cause `json:"causes"`
	// +optional
	OtherZombies int32 `json:"otherZombies,omitempty"`
}

// Cause are zombies of one cause, below parents of one name.
type Cause struct {
	// Cause is PID1NotReaping, ParentNotWaiting or PID1Ambiguous.
	Cause string `json:"cause"`
	// Parent is the name of the process that should have waited, ParentPID its
	// PID inside of the container, the one with the most zombies of Parents.
	// +kubebuilder:validation:MaxLength=64
	Parent    string `json:"parent"`
	ParentPID int32  `json:"parentPID"`
	Parents   int32  `json:"parents"`

	Zombies     int32       `json:"zombies"`
	OldestSince metav1.Time `json:"oldestSince"`
	// +optional
	PerHour *int32 `json:"perHour,omitempty"`
	// Children are the zombies by name, the most first, and OtherChildren how many
	// have another name.
	// +kubebuilder:validation:MaxItems=16
	Children []Children `json:"children"`
	// +optional
	OtherChildren int32 `json:"otherChildren,omitempty"`
	// StartedBy is the probe or hook of the pod that seems to start them; missing
	// where none does.
	// +optional
	StartedBy *Starter `json:"startedBy,omitempty"`
}

// Children is how many zombies have a name.
type Children struct {
	// +kubebuilder:validation:MaxLength=64
	Name  string `json:"name"`
	Count int32  `json:"count"`
}

// Starter is an exec probe or a hook.
type Starter struct {
	// Container is the container that has it, Field its place there, such as
	// readinessProbe or lifecycle.postStart.
	Container string `json:"container"`
	Field     string `json:"field"`
	// Certainty is Certain or Likely.
	Certainty string `json:"certainty"`
	// PeriodSeconds is how often a probe is run; missing for a hook.
	// +optional
	PeriodSeconds int32 `json:"periodSeconds,omitempty"`
}

// Episode is a time in which there were zombies.
type Episode struct {
	From metav1.Time `json:"from"`
	// To is missing while it goes on.
	// +optional
	To *metav1.Time `json:"to,omitempty"`
	// MostZombies and MostPods are the highest numbers that were written.
	MostZombies int32 `json:"mostZombies"`
	MostPods    int32 `json:"mostPods"`
	// Causes are all that were seen.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	Causes []string `json:"causes,omitempty"`
}

// Observation says that zombies of a cause were seen in a container with this
// image, this command and these exec probes and hooks.
type Observation struct {
	Container string `json:"container"`
	// ImageID, ArgvHash and ExecHash are as in Container.
	// +kubebuilder:validation:MaxLength=512
	ImageID  string `json:"imageID"`
	ArgvHash string `json:"argvHash"`
	// +optional
	ExecHash string `json:"execHash,omitempty"`
	// Cause is the zombies', Parent the parent of most of them.
	Cause string `json:"cause"`
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Parent string `json:"parent,omitempty"`
	// MostZombies is the highest number of this cause that was written for one pod.
	// +optional
	MostZombies int32 `json:"mostZombies,omitempty"`
	// FirstSeen and LastSeen are when some of this cause were seen there.
	FirstSeen metav1.Time `json:"firstSeen"`
	LastSeen  metav1.Time `json:"lastSeen"`
}
