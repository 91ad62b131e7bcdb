package inject

import "fmt"

// severalContainers
//
// Reads: the containers that run on, native sidecars included.
// Speaks against: share-pid. They would see each other's environment,
// arguments and files (/proc/PID/root), and could signal each other.
func severalContainers(p planner, _ Strategy) string {
	if n := len(p.all); n != 1 {
		return fmt.Sprintf("the pod has %d containers that run on", n)
	}
	return ""
}
