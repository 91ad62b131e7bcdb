package remedy

// Reason is why a pod is not evicted; empty when it is. It is a label of a
// metric.
type Reason string

// The reasons, in the order of the questions.
const (
	SwitchedOff         Reason = "SwitchedOff"
	OwnNamespace        Reason = "OwnNamespace"
	ExemptNamespace     Reason = "ExemptNamespace"
	NamespaceNotAllowed Reason = "NamespaceNotAllowed"
	NotPassed           Reason = "NotPassed"
	OldNews             Reason = "OldNews"
	Holding             Reason = "Holding"
	Stopped             Reason = "Stopped"
	OwnerBudget         Reason = "OwnerBudget"
	NamespaceBudget     Reason = "NamespaceBudget"
	ClusterBudget       Reason = "ClusterBudget"
	Settling            Reason = "Settling"
	PodGone             Reason = "PodGone"
	PodTerminating      Reason = "PodTerminating"
	OptedOut            Reason = "OptedOut"
	WrongAnnotation     Reason = "WrongAnnotation"
	NotOptedIn          Reason = "NotOptedIn"
	OwnPod              Reason = "OwnPod"
	StaticPod           Reason = "StaticPod"
	VirtualMachine      Reason = "VirtualMachine"
	NotSafeToEvict      Reason = "NotSafeToEvict"
	OwnerKind           Reason = "OwnerKind"
	OwnerGone           Reason = "OwnerGone"
	SharedPID           Reason = "SharedPID"
	PodNotReady         Reason = "PodNotReady"
	ContainerRestarted  Reason = "ContainerRestarted"
	SingleReplica       Reason = "SingleReplica"
	ReplicasNotReady    Reason = "ReplicasNotReady"
	TooManyReplicas     Reason = "TooManyReplicas"
	SuccessorNotReady   Reason = "SuccessorNotReady"
	ComesBack           Reason = "ComesBack"
	NoRight             Reason = "NoRight"
	DisruptionBudget    Reason = "DisruptionBudget"
	NotAllowed          Reason = "NotAllowed"
	NoAnswer            Reason = "NoAnswer"
	DryRunSaid          Reason = "DryRunSaid"
	Waiting             Reason = "Waiting"
)

// Why is a reason with what it says to people.
type Why struct {
	Reason Reason
	// Text is a clause.
	Text string
}

// Reasons are all of them, in the order of the questions.
func Reasons() []Why {
	return []Why{
		{SwitchedOff, "evictions are switched off: by remedy.mode, or the cluster's kill switch"},
		{OwnNamespace, "the namespace is initguard's own"},
		{ExemptNamespace, "the namespace is exempt by remedy.exemptNamespaces"},
		{NamespaceNotAllowed, "the namespace is none of remedy.namespaces"},
		{NotPassed, "the pod passes no threshold any more, by zombies that its PID 1 does not reap"},
		{OldNews, "nothing was heard of its zombies for two hours"},
		{Holding, "the threshold has not been passed for remedy.hold"},
		{Stopped, "evictions were given up for this image and command: only the proper fix helps"},
		{OwnerBudget, "the workload's evictions of this hour are used up"},
		{NamespaceBudget, "the namespace's evictions of this hour are used up"},
		{ClusterBudget, "the cluster's evictions of this hour are used up"},
		{Settling, "the last eviction of the workload is not long ago"},
		{PodGone, "the pod is gone, or another one has its name"},
		{PodTerminating, "the pod is being deleted already"},
		{OptedOut, "an annotation of the pod or the label of the namespace says never"},
		{WrongAnnotation, "an annotation of the pod says neither evict nor never"},
		{NotOptedIn, "nobody asked for it who may"},
		{OwnPod, "the pod is initguard's own"},
		{StaticPod, "the pod is a static one: its node would start it again"},
		{VirtualMachine, "the pod is or runs a virtual machine's"},
		{NotSafeToEvict, "an annotation of the pod says that it is not to be evicted"},
		{OwnerKind, "the pod is of no Deployment and no StatefulSet"},
		{OwnerGone, "the workload is gone, being deleted, or another one has its name"},
		{SharedPID, "the pod's containers share its PID 1, or the host's"},
		{PodNotReady, "the pod has not been ready for remedy.settle"},
		{ContainerRestarted, "the container is another one than that with the zombies"},
		{SingleReplica, "fewer than two replicas are ready, and the workload does not say that one may be evicted"},
		{ReplicasNotReady, "not all replicas are ready, or a rollout goes on"},
		{TooManyReplicas, "the workload has more pods than are looked at, 1,000"},
		{SuccessorNotReady, "what came instead of the last evicted pod has not been ready for remedy.settle"},
		{ComesBack, "the zombies came back too fast, too often: evictions are given up, only the proper fix helps"},
		{NoRight, "initguard may not evict in this namespace: no RoleBinding to initguard-remedy"},
		{DisruptionBudget, "a PodDisruptionBudget allows no disruption now"},
		{NotAllowed, "the API server refuses the eviction"},
		{NoAnswer, "the API server does not answer, or not in time"},
		{DryRunSaid, "a dry run said what would be done, and does nothing"},
		{Waiting, "its turn has not come yet, or it has been decided on"},
	}
}

// Text is the clause of a reason.
func (r Reason) Text() string {
	for _, w := range Reasons() {
		if w.Reason == r {
			return w.Text
		}
	}
	return string(r)
}
