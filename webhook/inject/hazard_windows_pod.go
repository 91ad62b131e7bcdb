package inject

import "github.com/initguard/initguard/webhook/policy"

// windows
//
// Reads: spec.os, the nodeSelector.
// Speaks against: both. Windows has no zombies, and no tini.
func windows(p planner, _ Strategy) string {
	if policy.IsWindows(p.Pod.Spec) {
		return "it is a Windows pod"
	}
	return ""
}
