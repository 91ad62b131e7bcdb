package inject

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// nameTaken
//
// Reads: the names of containers and volumes.
// Speaks against: wrap, where one of them has the name that would be added,
// and is not what an earlier injection left.
func nameTaken(p planner, _ Strategy) string {
	spec := p.Pod.Spec
	if installed(spec, p.Options.Image) {
		return ""
	}
	named := func(c corev1.Container) bool { return c.Name == Name }
	switch {
	case slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == Name }):
		return "the pod has a volume called " + Name + " already"
	case slices.ContainsFunc(spec.InitContainers, named), slices.ContainsFunc(spec.Containers, named):
		return "the pod has a container called " + Name + " already"
	}
	return ""
}
