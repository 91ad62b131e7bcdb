package remedy

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// TestDecide has a row for each thing that speaks against an eviction, beside
// those that don't.
func TestDecide(t *testing.T) {
	type change = func(s *Settings, f *Facts)
	yes := true
	controlled := func(apiVersion, kind string) change {
		return func(_ *Settings, f *Facts) {
			f.Pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: "x", Controller: &yes}}
		}
	}
	annotate := func(key, value string) change {
		return func(_ *Settings, f *Facts) { f.Pod.Annotations[key] = value }
	}
	label := func(value string) change {
		return func(_ *Settings, f *Facts) { delete(f.Pod.Annotations, Key); f.Label = value }
	}
	alone := func(_ *Settings, f *Facts) { f.Owner.Wanted, f.Owner.Ready = 1, 1 }
	for name, test := range map[string]struct {
		changes []change
		want    Reason
	}{
		"all is well":                         {},
		"the pod is gone":                     {[]change{func(_ *Settings, f *Facts) { f.Pod = nil }}, PodGone},
		"the pod ends":                        {[]change{func(_ *Settings, f *Facts) { at := ago(0); f.Pod.DeletionTimestamp = &at }}, PodTerminating},
		"nobody asked":                        {[]change{label("")}, NotOptedIn},
		"the namespace asks":                  {[]change{label("evict")}, ""},
		"the namespace says never":            {[]change{label("never")}, OptedOut},
		"the namespace says nonsense":         {[]change{label("yes")}, NotOptedIn},
		"the annotation over the label":       {[]change{func(_ *Settings, f *Facts) { f.Label = "never" }}, ""},
		"never over the label":                {[]change{label("evict"), annotate(Key, "never")}, OptedOut},
		"nonsense over the label":             {[]change{label("evict"), annotate(Key, "Evict")}, WrongAnnotation},
		"teams may not ask":                   {[]change{func(s *Settings, _ *Facts) { s.OptIn = ByNamespace }}, NotOptedIn},
		"teams may not ask, the platform did": {[]change{func(s *Settings, f *Facts) { s.OptIn = ByNamespace; f.Label = "evict" }}, ""},
		"teams may not ask, but say never":    {[]change{label("evict"), annotate(Key, "never"), func(s *Settings, _ *Facts) { s.OptIn = ByNamespace }}, OptedOut},
		"our own": {[]change{func(_ *Settings, f *Facts) {
			f.Pod.Labels = map[string]string{"app.kubernetes.io/name": "initguard"}
		}}, OwnPod},
		"a mirror":                        {[]change{annotate(corev1.MirrorPodAnnotationKey, "x")}, StaticPod},
		"a node's":                        {[]change{controlled("v1", "Node")}, StaticPod},
		"a virtual machine's label":       {[]change{func(_ *Settings, f *Facts) { f.Pod.Labels = map[string]string{"kubevirt.io": "virt-launcher"} }}, VirtualMachine},
		"a virtual machine's owner":       {[]change{controlled("kubevirt.io/v1", "VirtualMachineInstance")}, VirtualMachine},
		"not safe to evict":               {[]change{annotate("cluster-autoscaler.kubernetes.io/safe-to-evict", "false")}, NotSafeToEvict},
		"safe to evict":                   {[]change{annotate("cluster-autoscaler.kubernetes.io/safe-to-evict", "true")}, ""},
		"not to disrupt":                  {[]change{annotate("karpenter.sh/do-not-disrupt", "true")}, NotSafeToEvict},
		"no owner of the kinds":           {[]change{func(_ *Settings, f *Facts) { f.Owner = nil }}, OwnerKind},
		"a DaemonSet":                     {[]change{func(_ *Settings, f *Facts) { f.Owner.Kind = "DaemonSet" }}, OwnerKind},
		"the owner is gone":               {[]change{func(_ *Settings, f *Facts) { f.Owner.Gone = true }}, OwnerGone},
		"another owner than the report's": {[]change{func(_ *Settings, f *Facts) { f.Owner.Name = "api" }}, OwnerGone},
		"another kind than the report's":  {[]change{func(_ *Settings, f *Facts) { f.Owner.Kind = "StatefulSet" }}, OwnerGone},
		"one PID namespace":               {[]change{func(_ *Settings, f *Facts) { f.Pod.Spec.ShareProcessNamespace = &yes }}, SharedPID},
		"the host's PID namespace":        {[]change{func(_ *Settings, f *Facts) { f.Pod.Spec.HostPID = true }}, SharedPID},
		"not ready":                       {[]change{func(_ *Settings, f *Facts) { f.Pod.Status.Conditions[0].Status = corev1.ConditionFalse }}, PodNotReady},
		"ready not long":                  {[]change{func(_ *Settings, f *Facts) { f.Pod.Status.Conditions[0].LastTransitionTime = ago(9 * time.Minute) }}, PodNotReady},
		"not running":                     {[]change{func(_ *Settings, f *Facts) { f.Pod.Status.Phase = corev1.PodPending }}, PodNotReady},
		"another image":                   {[]change{func(_ *Settings, f *Facts) { f.Pod.Status.ContainerStatuses[0].ImageID = "image-2" }}, ContainerRestarted},
		"the container waits":             {[]change{func(_ *Settings, f *Facts) { f.Pod.Status.ContainerStatuses[0].State.Running = nil }}, ContainerRestarted},
		"the container is newer than they": {[]change{func(_ *Settings, f *Facts) {
			f.Pod.Status.ContainerStatuses[0].State.Running.StartedAt = ago(4 * time.Hour)
		}}, ContainerRestarted},
		"a native sidecar": {[]change{func(_ *Settings, f *Facts) {
			s := &f.Pod.Status
			s.InitContainerStatuses, s.ContainerStatuses = s.ContainerStatuses, nil
		}}, ""},
		"one replica":                        {[]change{alone}, SingleReplica},
		"one replica that may":               {[]change{alone, annotate(KeySingle, "true")}, ""},
		"one replica that may not":           {[]change{alone, annotate(KeySingle, "yes")}, SingleReplica},
		"no replica that is ready":           {[]change{annotate(KeySingle, "true"), func(_ *Settings, f *Facts) { f.Owner.Ready = 0 }}, SingleReplica},
		"one of two is ready, though it may": {[]change{annotate(KeySingle, "true"), func(_ *Settings, f *Facts) { f.Owner.Ready = 1 }}, ReplicasNotReady},
		"two of three are ready":             {[]change{func(_ *Settings, f *Facts) { f.Owner.Wanted = 3 }}, ReplicasNotReady},
		"a rollout":                          {[]change{func(_ *Settings, f *Facts) { f.Owner.Steady = false }}, ReplicasNotReady},
		"too many pods":                      {[]change{func(_ *Settings, f *Facts) { f.TooMany = true }}, TooManyReplicas},
		"a successor that is not ready": {[]change{func(_ *Settings, f *Facts) {
			f.Young = []Replica{{Name: "a", ReadySince: ago(time.Hour).Time}, {Name: "b"}}
		}}, SuccessorNotReady},
		"a successor that is ready not long": {[]change{func(_ *Settings, f *Facts) { f.Young = []Replica{{Name: "a", ReadySince: ago(9 * time.Minute).Time}} }}, SuccessorNotReady},
		"a successor that ends":              {[]change{func(_ *Settings, f *Facts) { f.Young = []Replica{{Name: "a", Terminating: true}} }}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := Default(), good()
			c, reason := s.Find(sick(), "uid-1", epoch())
			if reason != "" {
				t.Fatal(reason)
			}
			for _, change := range test.changes {
				change(&s, f)
			}
			if got := s.Decide(&c, f, nil, epoch()); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestComeBack: evictions are given up when the zombies came back soon, more
// often than allowed, in pods that came instead of evicted ones.
func TestComeBack(t *testing.T) {
	act := func(i int, created, at time.Duration) v1alpha1.Act {
		c, end := ago(created), ago(at)
		return v1alpha1.Act{UID: fmt.Sprint("old-", i), CreatedAt: &c, At: end, EndedAt: &end, Phase: PhaseEvicted, ImageID: "image-1", ArgvHash: "argv-1"}
	}
	const h = time.Hour
	// Each was created when the one before it (the next here) was evicted.
	chain := []v1alpha1.Act{act(3, 4*h, 2*h), act(2, 6*h, 4*h), act(1, 100*h, 6*h)}
	for name, test := range map[string]struct {
		created time.Duration
		acts    []v1alpha1.Act
		stop    *v1alpha1.Stop
		want    Reason
	}{
		"nothing was done":    {2 * h, nil, nil, ""},
		"the second comeback": {2 * h, []v1alpha1.Act{act(2, 4*h, 2*h), act(1, 100*h, 4*h)}, nil, ""},
		"the third":           {2 * h, chain, nil, ComesBack},
		"the third one after a day": {30 * h, []v1alpha1.Act{
			act(3, 32*h, 30*h), act(2, 34*h, 32*h), act(1, 100*h, 34*h),
		}, nil, ""},
		"pods that were there before the first eviction": {100 * h, []v1alpha1.Act{
			act(3, 100*h, 2*h), act(2, 100*h, 4*h), act(1, 100*h, 6*h),
		}, nil, ""},
		"another image": {2 * h, func() []v1alpha1.Act {
			acts := []v1alpha1.Act{act(3, 4*h, 2*h), act(2, 6*h, 4*h), act(1, 100*h, 6*h)}
			for i := range acts {
				acts[i].ImageID = "image-0"
			}
			return acts
		}(), nil, ""},
		"refused ones count for nothing": {2 * h, func() []v1alpha1.Act {
			acts := []v1alpha1.Act{act(3, 4*h, 2*h), act(2, 6*h, 4*h), act(1, 100*h, 6*h)}
			acts[0].Phase = PhaseRefused
			return acts
		}(), nil, ""},
		"stopped":                     {100 * h, nil, &v1alpha1.Stop{ImageID: "image-1", ArgvHash: "argv-1"}, Stopped},
		"stopped for another image":   {100 * h, nil, &v1alpha1.Stop{ImageID: "image-0", ArgvHash: "argv-1"}, ""},
		"stopped for another command": {100 * h, nil, &v1alpha1.Stop{ImageID: "image-1", ArgvHash: "argv-0"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := Default(), good()
			f.Pod.CreationTimestamp = ago(test.created)
			c, _ := s.Find(sick(), "uid-1", epoch())
			if got := s.Decide(&c, f, &v1alpha1.Remedy{Acts: test.acts, Stopped: test.stop}, epoch()); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestWhere judges namespaces by name.
func TestWhere(t *testing.T) {
	for namespace, want := range map[string]Reason{
		"shop": NamespaceNotAllowed, "team-a": "", "kube-system": ExemptNamespace, "openshift-dns": ExemptNamespace, "openshift": ExemptNamespace,
		"initguard-system": OwnNamespace, "initguard-node": OwnNamespace,
	} {
		s := Default()
		s.Namespaces = []string{"team-*", "kube-system", "initguard-system"}
		if got := s.Where(namespace, []string{"initguard-system", "initguard-node"}); got != want {
			t.Errorf("%s: %q, want %q", namespace, got, want)
		}
	}
}
