package inject

// imageUnseen
//
// Reads: where initguard's image was seen to run.
// Speaks against: wrap, where the pod may land on a node on which that image
// may not start: the pod would hang in its init container.
func imageUnseen(p planner, _ Strategy) string {
	if p.Options.Unseen == nil {
		return ""
	}
	return p.Options.Unseen()
}
