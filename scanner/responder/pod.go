package responder

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Pod is what is kept of a pod with zombies.
type Pod struct {
	Namespace, Name, UID, Node string
	Workload                   v1alpha1.Workload
	// Containers are those of the status, by id; a container that was restarted
	// is there under its last id, too.
	Containers map[string]ContainerInfo
	// Spec are the containers with their probes and hooks, nothing else.
	Spec []corev1.Container
}

// ContainerInfo is what a report says of a container, known or not.
type ContainerInfo struct{ Name, ImageID, ArgvHash, ExecHash string }

// Lister lists the pods of a node.
type Lister interface {
	Pods(ctx context.Context, node string) ([]corev1.Pod, error)
}

// APIPods lists them from the API server. It takes what the API server has in
// memory (resourceVersion 0), because a list that is a moment old costs etcd
// nothing.
type APIPods struct{ Reader client.Reader }

// Pods lists the pods of a node. A kubelet runs 110 by default, 500 at most.
func (a APIPods) Pods(ctx context.Context, node string) ([]corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	var list corev1.PodList
	err := a.Reader.List(ctx, &list, &client.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node), Raw: &metav1.ListOptions{ResourceVersion: "0"},
	})
	if err != nil {
		return nil, fmt.Errorf("list the pods of node %s: %w", node, err)
	}
	return list.Items, nil
}

// The annotation of a static pod and of its mirror: the control group has the
// hash of the manifest, where that of another pod has the UID.
const configHash = "kubernetes.io/config.hash"

// isMirror says whether a pod stands for a static one: its node owns it, and its
// annotations agree. A kubelet deletes one that stands for none of its own.
func isMirror(p *corev1.Pod) bool {
	owner := metav1.GetControllerOf(p)
	return owner != nil && mirror(*owner) && owner.Name == p.Spec.NodeName && p.Annotations[corev1.MirrorPodAnnotationKey] == p.Annotations[configHash]
}

// newPod keeps what is needed of a pod.
func newPod(p *corev1.Pod, w v1alpha1.Workload) *Pod {
	pod := &Pod{
		Namespace: p.Namespace, Name: p.Name, UID: string(p.UID), Node: p.Spec.NodeName, Workload: w,
		Containers: make(map[string]ContainerInfo),
	}
	hashes, execs := make(map[string]string), make(map[string]string)
	for _, group := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range group {
			c := &group[i]
			hashes[c.Name], execs[c.Name] = v1alpha1.ArgvHash(c.Command, c.Args), v1alpha1.ExecHash(c)
			pod.Spec = append(pod.Spec, corev1.Container{
				Name: c.Name, Command: c.Command, Args: c.Args, LivenessProbe: c.LivenessProbe, ReadinessProbe: c.ReadinessProbe,
				StartupProbe: c.StartupProbe, Lifecycle: c.Lifecycle,
			})
		}
	}
	for i := range p.Spec.EphemeralContainers {
		c := &p.Spec.EphemeralContainers[i]
		hashes[c.Name] = v1alpha1.ArgvHash(c.Command, c.Args)
	}
	for id, s := range containerIDs(p) {
		pod.Containers[id] = ContainerInfo{Name: s.Name, ImageID: s.ImageID, ArgvHash: hashes[s.Name], ExecHash: execs[s.Name]}
	}
	return pod
}

// containerIDs are the statuses of a pod by container id, without the runtime
// in front of it.
func containerIDs(p *corev1.Pod) map[string]*corev1.ContainerStatus {
	ids := make(map[string]*corev1.ContainerStatus)
	add := func(id string, s *corev1.ContainerStatus) {
		if _, id, ok := strings.Cut(id, "://"); ok && id != "" {
			ids[id] = s
		}
	}
	for _, statuses := range [][]corev1.ContainerStatus{
		p.Status.InitContainerStatuses, p.Status.ContainerStatuses, p.Status.EphemeralContainerStatuses,
	} {
		for i := range statuses {
			s := &statuses[i]
			if t := s.LastTerminationState.Terminated; t != nil {
				add(t.ContainerID, s)
			}
			add(s.ContainerID, s)
		}
	}
	return ids
}
