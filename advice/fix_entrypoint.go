package advice

import "unicode/utf8"

// maxScriptName bounds the name of a script in a change, in runes, so that a
// warning has room for the rest.
const maxScriptName = 24

// initBeforeScript
//
// Changes: the image's ENTRYPOINT, or the pod's command: an init before the
// script, which stays as it is.
// Fits: a script leads to PID 1.
func initBeforeScript(s Situation) []Fix {
	if !s.finding() || s.Script == "" || s.MustBePID1 {
		return nil
	}
	name := s.Script
	if utf8.RuneCountInString(name) > maxScriptName {
		name = "the script"
	}
	f := inFront(s)
	f.Change, f.Page = f.Change+" before "+name, InitBeforeScript
	return []Fix{f}
}
