package initdb

import (
	"slices"
	"strings"
)

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

// lacks is true when the option is not among the arguments.
func lacks(option string) func([]string) bool {
	has := hasAny(option)
	return func(args []string) bool { return !has(args) }
}

// mayHave is true when some argument may hold the short option, alone or among
// others, or begins with the long one. It does not read the arguments as the
// program does: it fits a mode that leaves the answer open.
func mayHave(letter byte, long string) func([]string) bool {
	return func(args []string) bool {
		for _, arg := range args {
			isLong := strings.HasPrefix(arg, "--")
			if isLong && strings.HasPrefix(arg, long) ||
				!isLong && strings.HasPrefix(arg, "-") && strings.IndexByte(arg, letter) > 0 {
				return true
			}
		}
		return false
	}
}

// textModes are the calls of an init that print a text and run nothing: by one
// of the letters, or by a long option as the first argument. Letters in valued
// take a value.
func textModes(letters, valued, source string) []Mode {
	return []Mode{{
		When: "that prints a text",
		Match: func(args []string) bool {
			if len(args) > 0 && slices.Contains([]string{"--help", "--version", "--license"}, args[0]) {
				return true
			}
			return slices.ContainsFunc(shortOptions(args, valued), func(o shortOption) bool {
				return strings.IndexByte(letters, o.letter) >= 0
			})
		},
		Ends:      true,
		Behaviour: depends("prints a text and runs no program", code(source)),
	}}
}

// shortOption is one short option as a program reads it.
type shortOption struct {
	letter byte
	value  string
}

// shortOptions reads a program's short options up to the first operand, by
// getopt's rules. Letters in valued take the rest of the word or the next word.
func shortOptions(args []string, valued string) []shortOption {
	var found []shortOption
	for i := 0; i < len(args); i++ {
		word := args[i]
		if len(word) < 2 || word[0] != '-' || word == "--" {
			break
		}
		if word[1] == '-' {
			continue
		}
		for letters := word[1:]; letters != ""; {
			o := shortOption{letter: letters[0]}
			letters = letters[1:]
			if strings.IndexByte(valued, o.letter) >= 0 {
				o.value, letters = letters, ""
				if o.value == "" && i+1 < len(args) {
					i++
					o.value = args[i]
				}
			}
			found = append(found, o)
		}
	}
	return found
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
