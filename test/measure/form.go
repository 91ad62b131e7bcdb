package main

import (
	"strings"
	"time"
)

// form is one way of starting a program.
type form struct {
	ID string
	// Packages are unpacked with their dependencies; the first is the one
	// whose version is recorded.
	Packages []string
	// Argv may hold {x}, which stands for a program that runs on and its
	// argument, as text; a word {x...} becomes words.
	Argv []string
	// X is what {x} stands for, when that is not longRunning: a shell whose own
	// builtin sleep would run needs a path.
	X string
	// Setup is a shell script that prepares the root before the program
	// starts; it may hold {x}, too. Processes that it leaves behind are killed.
	Setup string
	// UID is the user to run as; 0 is root.
	UID int
	// Env is added to PATH and HOME.
	Env []string
	// Port is a TCP port and Children a number of children that show that the
	// program is up; 0 where nothing is to be seen.
	Port, Children int
	// Settle is how long the program needs to start when that is longer than
	// its processes show.
	Settle time.Duration
	// Term asks what SIGTERM does to {x}.
	Term bool
	// Churns is true when its children come and go by themselves, so that a
	// vanished child proves nothing.
	Churns bool
	// Sample is true for the forms that CI measures.
	Sample bool
}

// What {x} stands for: a program that is easy to recognise, and the one that
// records signals.
const (
	longRunning = "sleep 1000"
	recorder    = "/.initguard/probe " + modeRecord
)

// x is what {x} stands for.
func (f form) x() string {
	if f.X != "" {
		return f.X
	}
	return longRunning
}

// argv fills in {x} and {x...}.
func (f form) argv(x string) []string {
	var out []string
	for _, word := range f.Argv {
		if word == "{x...}" {
			out = append(out, strings.Fields(x)...)
			continue
		}
		out = append(out, strings.ReplaceAll(word, "{x}", x))
	}
	return out
}

func (f form) setup(x string) string { return strings.ReplaceAll(f.Setup, "{x}", x) }

// forms are all forms, in the order in which they are measured.
func forms() []form {
	var all []form
	for _, part := range [][]form{initForms(), shellForms(), runtimeForms(), wrapperForms(), toolForms(), serverForms(), programForms()} {
		all = append(all, part...)
	}
	return all
}
