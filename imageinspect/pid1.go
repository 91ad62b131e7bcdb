package imageinspect

import (
	"regexp"
	"strings"
)

// PID1Use is how a text means PID 1 by its number. Under another PID 1 such a
// text means another process. The greater one leaves less to chance.
type PID1Use uint8

// The uses.
const (
	NoPID1Use PID1Use = iota
	// SignalsPID1 is kill 1: an init in front hands the signal on.
	SignalsPID1
	// LooksAtPID1 is any other use, as of ps -p 1.
	LooksAtPID1
	// ComparesPID1 is a test whether the text itself runs as PID 1: [ $$ = 1 ].
	ComparesPID1
	// ReadsPID1 is a path below /proc/1.
	ReadsPID1
)

var pid1UseNames = [...]string{NoPID1Use: "", SignalsPID1: "kill 1", LooksAtPID1: "ps -p 1", ComparesPID1: "$$ = 1", ReadsPID1: "/proc/1"}

// String shows the use as it stands in a script; empty for none.
func (u PID1Use) String() string {
	if int(u) < len(pid1UseNames) {
		return pid1UseNames[u]
	}
	return ""
}

// pid1Patterns are what each use looks like. hint is a word that each match
// holds, so that most texts cost no more than a search for it.
var pid1Patterns = [...]struct {
	use  PID1Use
	hint string
	like *regexp.Regexp
}{
	{ReadsPID1, "/proc/1", regexp.MustCompile(`/proc/1(?:[^0-9A-Za-z_]|$)`)},
	{ComparesPID1, "$$", regexp.MustCompile(`\$\$["')\]]*\s*(?:==?|!=|-eq|-ne|-gt|-lt|-le|-ge|<|>)\s*["']?1\b|["'\s(]1["']?\s*(?:==?|!=|-eq|-ne|-lt|-gt|-le|-ge|<|>)\s*["'(]*\$\$`)},
	{LooksAtPID1, "1", regexp.MustCompile(`\b(?:ps|pgrep|pkill|pstree|pwdx|lsof|nsenter|strace|gdb)\b[^;|&\n]*(?:\s-{1,2}[A-Za-z-]*[ =]?|\s)1(?:[\s;|&"')]|$)`)},
	{SignalsPID1, "kill", regexp.MustCompile(`\bkill\b[^;|&\n]*\s["']?1(?:[\s;|&"')]|$)`)},
}

// UsesPID1 is the greatest use of PID 1's number in a command line or script.
// A text may well mean it in other ways: NoPID1Use is no proof.
func UsesPID1(text string) PID1Use {
	for _, p := range pid1Patterns {
		if strings.Contains(text, p.hint) && p.like.MatchString(text) {
			return p.use
		}
	}
	return NoPID1Use
}

// reads notes how a script that was read means PID 1.
func (w *walker) reads(text string) { *w.pid1Use = max(*w.pid1Use, UsesPID1(text)) }
