package scanner

import (
	"math"
	"path"
	"slices"
	"strings"
	"time"
)

// An Exec is a command that the kubelet runs in a container: a probe or a hook.
type Exec struct {
	// Field is where it stands in the container, as in readinessProbe.
	Field   string
	Command []string
	// Period is how often a probe runs; 0 for a hook.
	Period time.Duration
}

// Certainty is how sure a match is.
type Certainty string

// The certainties.
const (
	// Certain: the zombies have the names of programs that this command alone
	// names, and come as often as it runs.
	Certain Certainty = "Certain"
	// Likely: their names or how often they come speak for it.
	Likely Certainty = "Likely"
)

// StartedBy finds the probe or hook of a container that starts the zombies of a
// group; false when none does, or it can't be told.
//
// Reads: the names of the zombies, how often they come, and the words of the
// commands. An orphan is seldom the probe's own program: it is what the probe's
// shell started, so that each word of a command may be its name.
//
// Only orphans can be a probe's: what a program does not wait for is its own
// child, and was started by it (observed: runc, crun and containerd's shim have
// the runtime wait for what is exec'd).
func StartedBy(g Group, execs []Exec) (Exec, Certainty, bool) {
	if g.Cause == ParentNotWaiting || g.Cause == RuntimeReaper || g.Zombies == 0 {
		return Exec{}, "", false
	}
	var matches []match
	for _, e := range execs {
		matches = append(matches, newMatch(g, e))
	}
	if g.Cause == PID1Ambiguous {
		// Most are of PID 1's session and its own children, whatever they are
		// called; only what a probe starts with setsid is not. The rate has to agree.
		matches = slices.DeleteFunc(matches, func(m match) bool { return !m.fits(runsMost, tolerance) })
	}
	named := slices.DeleteFunc(slices.Clone(matches), func(m match) bool { return !m.named() })
	switch len(named) {
	case 0:
		return byRate(matches)
	case 1:
		if m := named[0]; g.Cause == PID1NotReaping && m.share >= certainShare && m.fits(runsMost, tolerance) {
			return m.exec, Certain, true
		}
		return named[0].exec, Likely, true
	}
	// Several name the program, such as a readiness and a liveness probe that are
	// the same: that which runs as often as zombies come, else the most frequent.
	best := slices.MinFunc(named, func(a, b match) int {
		if d := a.off() - b.off(); math.Abs(d) > tolerance {
			return sign(d)
		}
		return sign(float64(b.runs() - a.runs()))
	})
	return best.exec, Likely, true
}

// byRate is for zombies whose names no command has: what a script starts, or a
// shell. A rate alone is no proof, so that it has to be the only command which
// could, and more than a few zombies have to agree.
func byRate(matches []match) (Exec, Certainty, bool) {
	able := slices.DeleteFunc(slices.Clone(matches), func(m match) bool { return !m.shell && !m.script })
	if len(able) != 1 {
		return Exec{}, "", false
	}
	m := able[0]
	ofScript := m.script && m.fits(runsByRate, toleranceByRate)
	ofShell := m.shells >= certainShare && m.fits(runsMost, tolerance)
	if m.zombies < zombiesByRate || !ofScript && !ofShell {
		return Exec{}, "", false
	}
	return m.exec, Likely, true
}

const (
	// certainShare and namedShare are of all zombies of the group.
	certainShare = 0.8
	namedShare   = 0.5
	// One run of a probe leaves up to runsMost zombies, all runs alike within
	// the tolerance. Of a match without names more is asked.
	runsMost        = 3
	tolerance       = 0.15
	runsByRate      = 2
	toleranceByRate = 0.1
	zombiesByRate   = 10
	// perRunMost is more than a probe leaves: those are somebody else's.
	perRunMost = 20
)

// match is how one command and the zombies of a group go together.
type match struct {
	exec    Exec
	zombies int
	// share are the zombies whose name the command has, shells those with the
	// name of the shell that runs it, of 1.
	share, shells float64
	// perRun is how many zombies come with each run; 0 when it is not known.
	perRun float64
	// shell and script say that the command is one that starts others.
	shell, script bool
}

func newMatch(g Group, e Exec) match {
	m := match{exec: e, zombies: g.Zombies}
	words := wordsOf(e.Command)
	var named, shells int
	for _, c := range g.Children.Names {
		switch {
		case isShell(c.Comm):
			shells += c.Count
		case slices.Contains(words, c.Comm):
			named += c.Count
		}
	}
	m.share, m.shells = float64(named)/float64(g.Zombies), float64(shells)/float64(g.Zombies)
	if len(e.Command) > 0 {
		m.shell = isShell(path.Base(e.Command[0]))
		m.script = slices.ContainsFunc(e.Command, callsScript)
	}
	if g.PerHour != nil && e.Period > 0 {
		m.perRun = *g.PerHour * e.Period.Hours()
	}
	return m
}

// named says that the command names what most zombies are. With a known rate
// there must not be more of them than a probe leaves.
func (m match) named() bool { return m.share >= namedShare && m.perRun <= perRunMost }

// fits says that each run leaves the same number of zombies, most at most.
func (m match) fits(most int, within float64) bool {
	n := math.Round(m.perRun)
	return n >= 1 && n <= float64(most) && math.Abs(m.perRun-n)/n <= within
}

// off is how far the rate is from one zombie a run, a number without a unit.
func (m match) off() float64 {
	if m.perRun <= 0 {
		return math.Inf(1)
	}
	return math.Abs(math.Log(m.perRun))
}

// runs is how often it runs in an hour.
func (m match) runs() int {
	if m.exec.Period <= 0 {
		return 0
	}
	return int(time.Hour / m.exec.Period)
}

func sign(d float64) int {
	switch {
	case d < 0:
		return -1
	case d > 0:
		return 1
	default:
		return 0
	}
}

// The bounds of what is read of a command: a pod's spec may hold a megabyte.
const (
	maxCommand = 64 << 10
	maxWords   = 4096
	// commLength is where the kernel cuts a name.
	commLength = 15
)

// wordsOf are the names that processes started by a command may have: the base
// names of all its words. A shell's text is not parsed: too many names do no
// harm, one that is missed does.
func wordsOf(command []string) []string {
	var words []string
	left := maxCommand
	for _, arg := range command {
		arg = arg[:min(len(arg), left)]
		left -= len(arg)
		for _, word := range strings.FieldsFunc(arg, separates) {
			word = word[strings.LastIndexByte(word, '/')+1:]
			if word == "" || word[0] == '-' || len(words) == maxWords {
				continue
			}
			words = append(words, word[:min(len(word), commLength)])
		}
	}
	return words
}

// separates is what can't be in the name of a program, by all that is likely.
func separates(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r >= 0x80, strings.ContainsRune("_.+-/@:", r):
		return false
	}
	return true
}

// isShell says that a name is that of any command's shell, which tells nothing.
func isShell(name string) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "ash", "busybox", "ksh", "zsh", "mksh"}, name)
}

// callsScript says that a word of a command, or one of a shell's text, may be a
// script: its suffix says so, or it is a file where no distribution keeps
// programs.
func callsScript(arg string) bool {
	for _, word := range strings.FieldsFunc(arg[:min(len(arg), maxCommand)], separates) {
		switch dir := path.Dir(word); {
		case slices.Contains([]string{".sh", ".bash", ".py", ".pl", ".rb", ".js"}, path.Ext(word)):
			return true
		case strings.HasPrefix(word, "/") && !slices.Contains([]string{"/", "/bin", "/usr/bin", "/sbin", "/usr/sbin", "/dev", "/proc", "/tmp"}, dir):
			return true
		}
	}
	return false
}
