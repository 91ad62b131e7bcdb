package initdb

import "strings"

const shellWaits = "waits for any child while a command runs"

// shells are rows about a shell that stays PID 1. Whether it stays, or execs
// the last command of its -c string, depends on that string and is not told
// here; measured.json has the forms (bash-c-..., dash-file-...).
func shells() []Program {
	return []Program{
		{
			Names:     []string{"bash", "rbash"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("bash-c-then-true")),
		},
		{
			Names:     []string{"dash"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("dash-c-then-true")),
			Modes:     stdinMode("dash-stdin"),
		},
		{
			Names:     []string{busyboxApplet + "sh", busyboxApplet + "ash", "ash"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("busybox-c-then-true")),
			Modes:     stdinMode("busybox-stdin"),
		},
		{
			// Whichever shell it is, it reaps while it waits for a command: all
			// of those below were measured.
			Names:     []string{"sh"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("dash-c-then-true")),
			Modes:     stdinMode("dash-stdin"),
		},
		{
			Names:     []string{"mksh", "lksh"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("mksh-c-then-true")),
		},
		{
			Names:     []string{"ksh93", "ksh"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("ksh93-c-then-true")),
		},
		{
			Names:     []string{"zsh"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("zsh-c-then-true")),
		},
		{
			Names:     []string{"yash"},
			Role:      Shell,
			Behaviour: reaps(shellWaits, measured("yash-c-then-true")),
		},
	}
}

// stdinMode is a shell that reads commands from stdin and, while none comes,
// does not wait.
func stdinMode(id string) []Mode {
	return []Mode{{
		When:      "that reads commands from stdin",
		Match:     readsStdin,
		Behaviour: leaves("does not wait while it reads stdin", measured(id)),
	}}
}

// readsStdin is true for a shell without a -c string and without a script.
func readsStdin(args []string) bool {
	for i := 0; i < len(args); i++ {
		word := args[i]
		switch {
		case word == "-s":
			return true
		case word == "-o" || word == "+o":
			i++
		case word == "-" || word == "--":
			return i+1 == len(args)
		case strings.HasPrefix(word, "--"):
		case strings.HasPrefix(word, "-"):
			if strings.Contains(word, "c") {
				return false
			}
		case !strings.HasPrefix(word, "+"):
			return false
		}
	}
	return true
}
