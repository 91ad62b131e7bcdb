package inject

import "strings"

// argvNotKnown
//
// Reads: the answer about the image.
// Speaks against: wrap, where the pod sets no command and it is not known what
// the image's ENTRYPOINT and CMD are, or they hold bytes that no pod can.
func argvNotKnown(_ planner, _ Strategy, t target) string {
	if len(t.Command) > 0 {
		return ""
	}
	if len(t.Result.Argv) == 0 || t.Result.Entrypoint > len(t.Result.Argv) {
		return "what it starts is not known"
	}
	for _, word := range t.Result.Argv {
		if strings.ContainsAny(word, "\x00\ufffd") {
			return "what it starts can't be written in a pod"
		}
	}
	return ""
}
