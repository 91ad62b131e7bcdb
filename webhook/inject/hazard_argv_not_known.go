package inject

// argvNotKnown
//
// Reads: the answer about the image.
// Speaks against: wrap, where the pod sets no command and it is not known what
// the image's ENTRYPOINT and CMD are.
func argvNotKnown(_ planner, _ Strategy, t target) string {
	if len(t.Command) > 0 {
		return ""
	}
	if len(t.Result.Argv) == 0 || t.Result.Entrypoint > len(t.Result.Argv) {
		return "what it starts is not known"
	}
	return ""
}
