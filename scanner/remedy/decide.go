package remedy

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// What people write on pod templates and namespaces.
const (
	// Key is an annotation of pods and a label of namespaces: evict or never.
	Key = "initguard.dev/remediate"
	// KeySingle is an annotation of pods: "true" lets the only one be evicted.
	KeySingle = "initguard.dev/remediate-single-replica"

	asked   = "evict"
	refused = "never"
	yes     = "true"
)

// Where judges a namespace by its name; own are initguard's.
func (s *Settings) Where(namespace string, own []string) Reason {
	switch {
	case fits(own, namespace):
		return OwnNamespace
	case fits(s.ExemptNamespaces, namespace):
		return ExemptNamespace
	case !fits(s.Namespaces, namespace):
		return NamespaceNotAllowed
	}
	return ""
}

// Decide says why a candidate is not evicted, by what the API server says of it;
// empty when it is. done is what was done for the workload before.
func (s *Settings) Decide(c *Candidate, f *Facts, done *v1alpha1.Remedy, now time.Time) Reason {
	for _, ask := range []func() Reason{
		func() Reason { return pod(f.Pod) },
		func() Reason { return s.opted(f) },
		func() Reason { return never(f.Pod) },
		func() Reason { return owner(c, f.Owner) },
		func() Reason { return s.container(c, f.Pod, now) },
		func() Reason { return s.replicas(f, now) },
		func() Reason { return s.back(c, f.Pod, done, now) },
	} {
		if reason := ask(); reason != "" {
			return reason
		}
	}
	return ""
}

func pod(p *corev1.Pod) Reason {
	switch {
	case p == nil:
		return PodGone
	case p.DeletionTimestamp != nil:
		return PodTerminating
	}
	return ""
}

// opted is the annotation's answer, else the label's. An annotation that can't
// be followed is no permission.
func (s *Settings) opted(f *Facts) Reason {
	annotation, set := f.Pod.Annotations[Key]
	switch {
	case set && annotation == refused:
		return OptedOut
	case set && annotation != asked:
		return WrongAnnotation
	case set && s.OptIn == ByWorkload:
		return ""
	}
	switch f.Label {
	case asked:
		return ""
	case refused:
		return OptedOut
	}
	return NotOptedIn
}

// never are pods that are left alone whoever asks.
func never(p *corev1.Pod) Reason {
	owner := metav1.GetControllerOf(p)
	_, mirror := p.Annotations[corev1.MirrorPodAnnotationKey]
	_, vm := p.Labels["kubevirt.io"]
	switch {
	case p.Labels["app.kubernetes.io/name"] == "initguard":
		return OwnPod
	case mirror, owner != nil && owner.APIVersion == "v1" && owner.Kind == "Node":
		return StaticPod
	case vm, owner != nil && (strings.HasPrefix(owner.APIVersion, "kubevirt.io/") || strings.Contains(owner.APIVersion, ".kubevirt.io/")):
		return VirtualMachine
	case p.Annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false", p.Annotations["karpenter.sh/do-not-disrupt"] == yes:
		return NotSafeToEvict
	}
	return ""
}

func owner(c *Candidate, o *Owner) Reason {
	switch {
	case o == nil, o.Kind != "Deployment" && o.Kind != "StatefulSet", c.Workload.Group != "apps":
		return OwnerKind
	case o.Gone, o.Kind != c.Workload.Kind, o.Name != c.Workload.Name:
		return OwnerGone
	}
	return ""
}

// container asks whether the pod is well enough, and still the one in which the
// zombies were: a container that was started after them has others.
func (s *Settings) container(c *Candidate, p *corev1.Pod, now time.Time) Reason {
	if p.Spec.HostPID || p.Spec.ShareProcessNamespace != nil && *p.Spec.ShareProcessNamespace {
		return SharedPID
	}
	since := ReadySince(p)
	if p.Status.Phase != corev1.PodRunning || since.IsZero() || now.Sub(since) < s.Settle {
		return PodNotReady
	}
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.ContainerStatuses, p.Status.InitContainerStatuses} {
		for i := range statuses {
			status := &statuses[i]
			if status.Name != c.Container.Name || status.State.Running == nil || status.ImageID != c.Container.ImageID {
				continue
			}
			// The node's clock and ours, and a boot time that is rounded.
			const clocks = time.Minute
			if started := status.State.Running.StartedAt; started.Sub(c.Container.OldestSince.Time) <= clocks {
				return ""
			}
		}
	}
	return ContainerRestarted
}

func (s *Settings) replicas(f *Facts, now time.Time) Reason {
	o := f.Owner
	switch {
	case o.Ready < 1, o.Ready < 2 && f.Pod.Annotations[KeySingle] != yes:
		return SingleReplica
	case !o.Steady, o.Ready < o.Wanted:
		return ReplicasNotReady
	case f.TooMany:
		return TooManyReplicas
	}
	for _, r := range f.Young {
		if !r.Terminating && (r.ReadySince.IsZero() || now.Sub(r.ReadySince) < s.Settle) {
			return SuccessorNotReady
		}
	}
	return ""
}

// back says whether to give up: the workload's evicted pods had successors in
// which the zombies were back soon, this one included, too often.
func (s *Settings) back(c *Candidate, p *corev1.Pod, done *v1alpha1.Remedy, now time.Time) Reason {
	if done == nil {
		return ""
	}
	if done.Stopped != nil && Holds(done.Stopped, &c.Container) {
		return Stopped
	}
	image, argv := c.Container.ImageID, c.Container.ArgvHash
	times := 0
	if s.soon(p.CreationTimestamp.Time, now, image, argv, c.Pod.UID, done.Acts) {
		times++
	}
	for i := range done.Acts {
		a := &done.Acts[i]
		if a.UID != c.Pod.UID && over(a) && a.CreatedAt != nil && a.ImageID == image && a.ArgvHash == argv &&
			s.soon(a.CreatedAt.Time, a.At.Time, image, argv, a.UID, done.Acts[i+1:]) {
			times++
		}
	}
	if times > s.ComeBack.Times {
		return ComesBack
	}
	return ""
}

// soon says whether a pod came after an eviction of the same image and command,
// and was one to evict itself soon.
func (s *Settings) soon(created, at time.Time, image, argv, uid string, before []v1alpha1.Act) bool {
	if at.Sub(created) > s.ComeBack.Within {
		return false
	}
	for i := range before {
		a := &before[i]
		if a.UID != uid && over(a) && a.ImageID == image && a.ArgvHash == argv && !created.Before(a.At.Time) {
			return true
		}
	}
	return false
}

// Holds says whether a stop is for a container as it is now: with another image
// or command it starts clean.
func Holds(s *v1alpha1.Stop, c *v1alpha1.Container) bool {
	return s.ImageID == c.ImageID && s.ArgvHash == c.ArgvHash
}
