package proc

import (
	"strings"
)

// parseHidepid reads /proc/PID/mountinfo and returns how the proc file system at
// a path hides processes: "" where it doesn't, else the value of its option
// hidepid, such as "invisible". The last mount at a path is the one that is
// seen; see proc_pid_mountinfo(5).
func parseHidepid(text, path string) string {
	hidden := ""
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, super := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(super) < 3 || fields[4] != path || super[0] != "proc" {
			continue
		}
		hidden = ""
		for option := range strings.SplitSeq(super[2], ",") {
			if value, ok := strings.CutPrefix(option, "hidepid="); ok && value != "0" && value != "off" {
				hidden = value
			}
		}
	}
	return hidden
}
