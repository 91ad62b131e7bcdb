package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// setTrap follows `trap ACTION SIGNAL ...`. An empty action ignores the signal,
// which an exec keeps: with SIGCHLD ignored the kernel reaps.
// It is false for one that execs without anybody's signal.
func (e *evaluator) setTrap(w *world, args []string) bool {
	w.succeed()
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) < 2 {
		return true
	}
	acts := args[0] != "" && args[0] != "-"
	for _, signal := range args[1:] {
		signal = strings.ToUpper(signal)
		if isUnknown(signal) || strings.HasSuffix(signal, "CHLD") || strings.HasSuffix(signal, "CLD") || signal == "17" {
			// dash and busybox never ignore it.
			w.ignoresChld = e.in.Shell == Bash && (args[0] == "" || isUnknown(args[0]))
		}
		if acts && runsByItself(signal) && e.execsProgram(w, args[0]) {
			return false
		}
	}
	w.trap = w.trap || acts
	return true
}

// setOptions follows `set -e` and the like, and `set -- WORD ...`; false for
// options that are not followed.
func (e *evaluator) setOptions(w *world, command string, args []string) bool {
	w.succeed()
	if command == "shopt" {
		on := slices.Contains(args, "-s")
		for _, a := range args {
			if !e.option(w, a, on) {
				return false
			}
		}
		return true
	}
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--":
			w.params = slices.Clone(args[i+1:])
			return true
		case isUnknown(a):
			w.params = slices.Clone(args[i:])
			if strings.HasPrefix(a, unknownMark) { // it may be an option
				w.params = []string{UnknownPart(spread + "its parameters")}
			}
			return true
		case a == "-" || a == "+":
		case a != "" && (a[0] == '-' || a[0] == '+'):
			for _, letter := range a[1:] {
				name := optionOf(letter)
				if letter == 'o' && i+1 < len(args) {
					i++
					name = args[i]
				}
				if !e.option(w, name, a[0] == '-') {
					return false
				}
			}
		default:
			w.params = slices.Clone(args[i:])
			return true
		}
	}
	return true
}

// localOutside is local where no function is being called: an error, at which
// only bash goes on.
func (e *evaluator) localOutside(w *world) []*world {
	w.end(1)
	if e.in.Shell != Bash {
		w.flow = exits
	}
	return []*world{w}
}

// alias notes that there are aliases; false for one that hides what is followed.
func (e *evaluator) alias(w *world, args []string) bool {
	w.succeed()
	for _, a := range args {
		name, _, assigned := strings.Cut(a, "=")
		_, isFunction := w.funcs.m[name]
		if assigned && (isUnknown(name) || isFunction || isBuiltin(name) || syntax.IsKeyword(name)) {
			return false
		}
		w.aliased = w.aliased || assigned
	}
	return true
}

// option follows an option of set or shopt; false for one that changes how the
// script is read in a way that is not followed.
func (e *evaluator) option(w *world, name string, on bool) bool {
	switch name {
	case "allexport":
		w.allexport = on
	case "nounset":
		w.nounset = on
	case "nocasematch":
		e.anyCase = e.anyCase || on
	case "noexec", "keyword", "posix", "execfail", "lastpipe", "onecmd", "restricted":
		return !on
	}
	return true
}

// optionOf names the options of set by their letter.
func optionOf(letter rune) string {
	switch letter {
	case 'a':
		return "allexport"
	case 'n':
		return "noexec"
	case 'u':
		return "nounset"
	case 'k':
		return "keyword"
	case 't':
		return "onecmd"
	case 'r':
		return "restricted"
	}
	return ""
}

// execsProgram is true for a text whose commands, or the functions that they
// call, exec a program.
func (e *evaluator) execsProgram(w *world, text string) bool {
	if isUnknown(text) {
		return strings.Contains(text, "exec")
	}
	parsed, err := e.in.Parser.parse(text, e.in.Shell)
	if err != nil {
		return true
	}
	return e.execsAny(w, parsed.stmts, map[string]bool{})
}

func (e *evaluator) execsAny(w *world, stmts []*syntax.Stmt, seen map[string]bool) bool {
	found := false
	var called []*syntax.Stmt
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
			e.spend(1)
			call, ok := n.(*syntax.CallExpr)
			if !ok || len(call.Args) == 0 {
				return !found
			}
			name := call.Args[0].Lit()
			if name == "exec" && len(call.Args) > 1 || len(call.Args) > 2 && call.Args[1].Lit() == "exec" {
				found = true
			}
			if f, ok := w.funcs.m[name]; ok && !seen[name] {
				seen[name] = true
				called = append(called, f.body)
			}
			return !found
		})
	}
	return found || len(called) > 0 && e.execsAny(w, called, seen)
}

// runsByItself is true for the traps that run without anybody's signal.
func runsByItself(signal string) bool {
	return slices.Contains([]string{"EXIT", "0", "ERR", "DEBUG", "RETURN", "CHLD", "SIGCHLD", "17"}, signal)
}
