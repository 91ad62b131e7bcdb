package inject

// scriptNamesPID1
//
// Reads: the scripts of the image that lead to PID 1.
// Speaks against: what namesPID1 does; a script that tests whether it is PID 1
// itself would go another way.
func scriptNamesPID1(_ planner, s Strategy, t target) string {
	if use := t.Result.PID1Use; speaksAgainst(s, use) {
		return "a script of its image uses " + use.String()
	}
	return ""
}
