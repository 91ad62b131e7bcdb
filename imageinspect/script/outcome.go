package script

import (
	"fmt"
	"maps"
)

// finish records how a world ends that reached the end of the script, or an
// exit.
func (e *evaluator) finish(w *world) {
	switch {
	case w.flow == gone:
	case w.failing && !w.polled:
		e.record(w, End{Kind: Exits, Line: w.exitLine, Why: "it ends with an error"})
	case w.reads && w.flow == goesOn:
		e.staysReading(w, w.ranLine)
	case w.ran == ranLong && w.flow == goesOn && w.unnamed:
		e.record(w, End{Line: w.ranLine, Why: "its last command depends on a value that is not known"})
	case w.ran == ranLong && w.flow == goesOn:
		e.stays(w)
	case w.ran == ranTested && w.runs && w.flow == goesOn:
		e.stays(w) // a server is what it stays for, whatever is made of its status
	case w.ran >= ranTested || w.polled:
		e.record(w, End{Kind: Exits, Line: w.ranLine, Why: endedAfter})
	default:
		e.record(w, End{Kind: Exits, Line: max(w.ranLine, w.exitLine), Why: "it runs no program that stays"})
	}
}

// endedAfter marks an end behind a program that may be what the container is
// there for: where no other way is better, the shell stayed while it ran.
const endedAfter = "it ends when its last command has"

// staysReading records that the shell waits for input, where only bash reaps.
func (e *evaluator) staysReading(w *world, line int) {
	switch {
	case e.in.Shell == Bash:
		e.record(w, End{Kind: Stays, Line: line, Why: "bash stays and waits for its last command or for input"})
	case w.ran == ranLong:
		e.record(w, End{Line: line, Why: "the shell may wait in read, where it does not reap"})
	default:
		e.record(w, End{Kind: Reads, Line: line, Why: fmt.Sprintf("%s stays and reads its input", e.in.Shell)})
	}
}

// stays records that the shell waits for the program that it ran last.
func (e *evaluator) stays(w *world) {
	at := *w
	at.file = w.ranFile
	e.record(&at, End{Kind: Stays, Line: w.ranLine, Why: fmt.Sprintf("%s stays and waits for its last command", e.in.Shell)})
}

// outcomes are the ends that count. A way on which the container ended by
// itself has no PID 1 and counts only where it is all that there is.
func (e *evaluator) outcomes() []End {
	var lasting, after []End
	for _, end := range e.ends {
		switch {
		case end.Kind != Exits:
			lasting = append(lasting, end)
		case end.Why == endedAfter:
			end.Kind, end.Why = Stays, fmt.Sprintf("%s stays and waits for its last command", e.in.Shell)
			after = append(after, end)
		}
	}
	switch {
	case len(lasting) > 0:
		return lasting
	case len(after) > 0:
		return after
	case len(e.ends) > 0:
		return e.ends[:1]
	default:
		return []End{{Line: 1, File: e.in.File, Why: "it could not be followed to an end"}}
	}
}

// environment is what a program that the shell starts gets.
func (e *evaluator) environment(w *world) Environment {
	e.spend((len(w.vars.m) + len(e.in.Env.Vars)) / 4)
	env := Environment{Vars: maps.Clone(e.in.Env.Vars), MaySet: e.in.Env.MaySet}
	if env.Vars == nil {
		env.Vars = map[string]string{}
	}
	var gone map[string]bool
	for name, v := range w.vars.m {
		_, inherited := e.in.Env.Vars[name]
		switch {
		case v.unset && (inherited || e.maySet(name)):
			delete(env.Vars, name)
			if gone == nil {
				gone = map[string]bool{}
			}
			gone[name] = true
		case !v.unset && !v.array && (inherited || v.exported):
			env.Vars[name] = v.text
		case !v.unset && e.maySet(name): // exported if it was set before
			env.Vars[name] = UnknownPart(name)
		}
	}
	if gone != nil {
		before := env.MaySet
		env.MaySet = func(name string) bool { return !gone[name] && before != nil && before(name) }
	}
	return env
}

func (e *evaluator) maySet(name string) bool { return e.in.Env.MaySet != nil && e.in.Env.MaySet(name) }

func sameVars(a, b map[string]string) bool { return maps.Equal(a, b) }
