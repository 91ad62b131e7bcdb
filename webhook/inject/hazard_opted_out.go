package inject

// optedOut
//
// Reads: spec.shareProcessNamespace.
// Speaks against: share-pid, where the pod says false in so many words.
func optedOut(p planner, _ Strategy) string {
	if share := p.Pod.Spec.ShareProcessNamespace; share != nil && !*share {
		return "the pod says shareProcessNamespace: false"
	}
	return ""
}
