package inject

import (
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

// namesPID1
//
// Reads: command, args, exec probes and hooks of the pod; argv of the image.
// Speaks against: share-pid where any of them means PID 1 by its number, since
// that is the sandbox process then. Wrap where it does more than kill 1: tini
// hands signals on, but /proc/1 and ps -p 1 are tini's own.
func namesPID1(_ planner, s Strategy, t target) string {
	use := policy.PID1UseOf(t.Container)
	for _, word := range t.Result.Argv {
		if image := imageinspect.UsesPID1(word); image > use.Use {
			use = policy.PID1Use{Use: image, Path: "its command line"}
		}
	}
	if !speaksAgainst(s, use.Use) {
		return ""
	}
	return use.Path + " uses " + use.Use.String()
}

// speaksAgainst is true for a use of PID 1's number that means something else
// with a strategy.
func speaksAgainst(s Strategy, use imageinspect.PID1Use) bool {
	return use > imageinspect.SignalsPID1 || use == imageinspect.SignalsPID1 && s == SharePID
}
