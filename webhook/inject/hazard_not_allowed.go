package inject

import "slices"

// notAllowed
//
// Reads: the configuration.
// Speaks against: what it does not allow.
func notAllowed(p planner, s Strategy) string {
	if !slices.Contains(p.Options.Allowed, s) {
		return "the cluster's configuration does not allow " + string(s)
	}
	return ""
}
