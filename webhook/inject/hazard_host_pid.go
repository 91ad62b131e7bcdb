package inject

// hostPID
//
// Reads: spec.hostPID.
// Speaks against: both. The node's init reaps, and the API server rejects
// hostPID together with shareProcessNamespace.
func hostPID(p planner, _ Strategy) string {
	if p.Pod.Spec.HostPID {
		return "the pod says hostPID"
	}
	return ""
}
