package inject

// mustBePID1
//
// Reads: the verdict.
// Speaks against: both. systemd, s6-overlay and their like refuse to work as
// anything but PID 1.
func mustBePID1(_ planner, _ Strategy, t target) string {
	if !t.Result.Verdict.MustBePID1 {
		return ""
	}
	name := t.Result.PID1
	if name == "" {
		name = "its program"
	}
	return name + " must be PID 1"
}
