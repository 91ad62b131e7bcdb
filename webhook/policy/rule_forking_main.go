package policy

import "github.com/initguard/initguard/imageinspect"

// forkingMain
//
// Reads: what the table of programs says about PID 1.
// Finds: a main program known to start helper processes that may outlive their
// parents.
func forkingMain(c Container, r imageinspect.Result) []Exposure {
	if !r.Verdict.ForksHelpers {
		return nil
	}
	return []Exposure{{Rule: "forking-main", Path: c.Path, Text: "it starts helper processes that can become orphans"}}
}
