package initdb

import "strings"

// reaps is the behaviour of a program that waits for any child.
func reaps(why string, s Source) Behaviour {
	return Behaviour{Reaps: ReapsOrphans, Why: why, Source: s}
}

// leaves is the behaviour of a program that doesn't wait for children which it
// did not start.
func leaves(why string, s Source) Behaviour {
	return Behaviour{Reaps: LeavesOrphans, Why: why, Source: s}
}

// depends is the behaviour of a program whose configuration file decides.
func depends(why string, s Source) Behaviour {
	return Behaviour{Reaps: ReapingUnknown, Why: why, Source: s}
}

func (b Behaviour) forwards() Behaviour {
	b.ForwardsSignals = true
	return b
}

func (b Behaviour) mustBePID1() Behaviour {
	b.MustBePID1 = true
	return b
}

func (b Behaviour) harmed(how string) Behaviour {
	b.HarmedByOrphans = how
	return b
}

func (b Behaviour) forksHelpers() Behaviour {
	b.ForksHelpers = true
	return b
}

// Whys that many rows share.
const (
	waitsForAny = "waits for any child"
	waitsForOwn = "waits only for children that it started"
	neverWaits  = "never waits for a child"
	kernelReaps = "ignores SIGCHLD, so the kernel reaps"
)

// hasAny is true when one of the options is among the arguments, alone or as
// --option=value.
func hasAny(options ...string) func([]string) bool {
	return func(args []string) bool {
		for _, arg := range args {
			for _, o := range options {
				if arg == o || strings.HasPrefix(o, "--") && strings.HasPrefix(arg, o+"=") {
					return true
				}
			}
		}
		return false
	}
}

// holds is true when some argument contains one of the texts.
func holds(texts ...string) func([]string) bool {
	return func(args []string) bool {
		for _, arg := range args {
			for _, t := range texts {
				if strings.Contains(arg, t) {
					return true
				}
			}
		}
		return false
	}
}
