package script

import (
	"fmt"
	"maps"
	"slices"
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

// record keeps an end, once. Where there are many already, those that start one
// program are taken for one whose other words are not known.
func (e *evaluator) record(w *world, end End) {
	end.File, end.Conditions = w.file, w.conditions
	if end.Line == 0 {
		end.Line = 1
	}
	for i, known := range e.ends {
		if !known.beside(end) {
			continue
		}
		same := slices.Equal(known.Argv, end.Argv) && known.Dir == end.Dir && sameVars(known.Env.Vars, end.Env.Vars)
		if same || len(e.ends) >= fewEnds && len(end.Argv) > 0 && known.Argv[0] == end.Argv[0] {
			e.ends[i] = known.join(end)
			return
		}
	}
	if len(e.ends) < maxEnds {
		e.ends = append(e.ends, end)
		return
	}
	e.ends[maxEnds-1] = End{Kind: Unclear, File: end.File, Line: end.Line, Why: fmt.Sprintf("it ends in more than %d ways", maxEnds)}
}

// beside is true for ends of one command.
func (e End) beside(o End) bool {
	return e.Kind == o.Kind && e.Line == o.Line && e.File == o.File && e.Why == o.Why
}

// join makes one end of two: what differs is not known.
func (e End) join(o End) End {
	e.Conditions = common(e.Conditions, o.Conditions)
	n := 0
	for n < len(e.Argv) && n < len(o.Argv) && e.Argv[n] == o.Argv[n] {
		n++
	}
	if n < len(e.Argv) || n < len(o.Argv) {
		e.Argv = append(e.Argv[:n:n], UnknownPart("which way the script goes"))
	}
	if e.Dir != o.Dir {
		e.Dir = UnknownPart("its working directory")
	}
	if e.Kind == Execs && !sameVars(e.Env.Vars, o.Env.Vars) {
		e.Env = e.Env.join(o.Env)
	}
	return e
}

// join is what two environments have in common; other names may be set.
func (e Environment) join(o Environment) Environment {
	vars := map[string]string{}
	for name, value := range e.Vars {
		if other, ok := o.Vars[name]; !ok || other != value {
			value = UnknownPart(name)
		}
		vars[name] = value
	}
	may := func(name string) bool {
		_, there := o.Vars[name]
		return there || e.MaySet != nil && e.MaySet(name) || o.MaySet != nil && o.MaySet(name)
	}
	return Environment{Vars: vars, MaySet: may}
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
