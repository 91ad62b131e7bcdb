package inject

import "k8s.io/apimachinery/pkg/api/resource"

// leastMemory is the memory limit that the init container needs, in bytes:
// twice what it was seen to need.
const leastMemory = 16 << 20

// littleMemory
//
// Reads: the container's memory limit, which the init container takes over.
// Speaks against: wrap, where the init container could be killed for it.
func littleMemory(_ planner, _ Strategy, t target) string {
	limit, ok := t.Resources.Limits["memory"]
	if ok && limit.Cmp(*resource.NewQuantity(leastMemory, resource.BinarySI)) < 0 {
		return "its memory limit is too small for the init container (16Mi)"
	}
	return ""
}
