package seen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Node is what is known of a node.
type Node struct {
	Name    string
	Labels  map[string]string
	Taints  []corev1.Taint
	Created time.Time
	// Ready is true for a node that takes pods: ready, and not cordoned.
	Ready bool
}

// Run is an image that was started on a node by one of initguard's own pods.
type Run struct{ Node, Image string }

// grace is how long a new node may take to run what every node runs.
const grace = 10 * time.Minute

// Decide says in one clause why it can't be relied upon that an image starts on
// every node on which a pod may land; empty where it can. The image itself has
// to run somewhere; on each of the pod's nodes the image of some version does,
// so that an upgrade does not stop injection. Nodes that are new, or that take
// no pods, are not waited for.
func Decide(image string, spec *corev1.PodSpec, nodes []Node, runs []Run, now time.Time) string {
	if !slices.ContainsFunc(runs, func(r Run) bool { return r.Image == image }) {
		return "initguard's image was not seen to run on any node"
	}
	on := map[string]bool{}
	for _, r := range runs {
		if repository(r.Image) == repository(image) {
			on[r.Node] = true
		}
	}
	candidates, unseen := 0, 0
	for _, n := range nodes {
		if !mayLand(spec, n) {
			continue
		}
		candidates++
		if n.Ready && !on[n.Name] && now.Sub(n.Created) >= grace {
			unseen++
		}
	}
	switch {
	case candidates == 0:
		return "no node of today is one on which the pod may land"
	case unseen > 0:
		return fmt.Sprintf("initguard's image was not seen to run on %d of the %d nodes on which the pod may land", unseen, candidates)
	}
	return ""
}

// repository is an image's name without tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[:i]
	}
	return image
}

// runsOf are the images that a pod of initguard's own started. A container that
// can't be created, or whose program can't be started, proves nothing.
func runsOf(pod *corev1.Pod) []Run {
	images := map[string]string{}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		images[c.Name] = c.Image
	}
	var out []Run
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if image := images[s.Name]; image != "" && pod.Spec.NodeName != "" && (started(s.State) || started(s.LastTerminationState)) {
			out = append(out, Run{Node: pod.Spec.NodeName, Image: image})
		}
	}
	return out
}

// started is true for a container whose program ran. The runtimes report one
// that could not be started as terminated, too.
func started(s corev1.ContainerState) bool {
	if s.Terminated != nil {
		return !s.Terminated.StartedAt.IsZero() && !slices.Contains([]string{"StartError", "ContainerCannotRun", "ContainerStatusUnknown"}, s.Terminated.Reason)
	}
	return s.Running != nil
}
