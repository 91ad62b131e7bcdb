package script

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// builtin follows the shell's own commands that need no place of their own.
func (e *evaluator) builtin(w *world, stmt *syntax.Stmt, argv []string) []*world {
	args := argv[1:]
	switch argv[0] {
	case "exit", "logout":
		e.exit(w, args, line(stmt))
	case "return":
		w.flow = returns
		e.statusFrom(w, args)
		if len(w.names) == 0 && len(w.files) == 1 {
			e.returnFromNothing(w)
		}
	case "break", "continue":
		if e.loops == 0 {
			w.succeed()
			break
		}
		w.flow = map[string]flow{"break": breaks, "continue": continues}[argv[0]]
		w.levels = 1
		if len(args) > 0 {
			if n, err := strconv.Atoi(args[0]); err == nil && n > 0 {
				w.levels = min(n, e.loops)
			}
		}
	case "trap":
		if !e.setTrap(w, args) {
			e.unclear(w, line(stmt), "its trap execs a program")
			return nil
		}
	case "set", "shopt":
		if !e.setOptions(w, argv[0], args) {
			e.unclear(w, line(stmt), "it sets an option that is not followed")
			return nil
		}
	case "local":
		if len(w.saved) == 0 {
			return e.localOutside(w)
		}
		e.simpleBuiltin(w, stmt, argv[0], args)
	case "alias":
		if !e.alias(w, args) {
			e.unclear(w, line(stmt), "its aliases are not followed")
			return nil
		}
	case "enable", "hash":
		if slices.Contains(args, "-n") || slices.Contains(args, "-p") || slices.Contains(args, "-f") {
			e.unclear(w, line(stmt), "it changes what %s knows", e.in.Shell)
			return nil
		}
		e.simpleBuiltin(w, stmt, argv[0], args)
	case "suspend", "fg":
		e.unclear(w, line(stmt), "it uses %s, which is not followed", argv[0])
		return nil
	default:
		e.simpleBuiltin(w, stmt, argv[0], args)
	}
	return []*world{w}
}

// simpleBuiltin follows builtins that only change variables and status.
func (e *evaluator) simpleBuiltin(w *world, stmt *syntax.Stmt, name string, args []string) {
	switch name {
	case "false":
		w.end(1)
	case "test":
		e.testCommand(w, args)
	case "[":
		if len(args) > 0 && args[len(args)-1] == "]" {
			e.testCommand(w, args[:len(args)-1])
		} else {
			w.end(2)
		}
	case "echo":
		e.echo(w, args)
		w.succeed()
	case "printf":
		e.printf(w, args)
		w.succeed()
	case "cd":
		e.changeDir(w, args)
	case "pushd", "popd":
		w.dir = UnknownPart("its working directory")
		w.succeed()
	case "pwd":
		w.write(w.dir + "\n")
		w.succeed()
	case "export", "readonly", "local", "declare", "typeset":
		e.declareWords(w, name, args)
		w.succeed()
	case "unset":
		e.unsetAll(w, args)
		w.succeed()
	case "shift":
		e.shift(w, args)
	case "wait":
		if w.jobs || w.openVars {
			w.waits, w.polled = true, w.jobs
			w.waitedFor(ranLong, line(stmt)) // for the jobs in the background
		}
		w.endUnknown()
	case "read":
		e.read(w, stmt, args)
	case "let":
		for _, a := range args {
			e.setUnknown(w, strings.TrimRight(strings.TrimLeft(strings.SplitN(a, "=", 2)[0], "+-! ("), "+-*/%&|^<> "))
		}
		w.endUnknown()
	case "mapfile", "readarray":
		e.mapfile(w, args)
	case "getopts":
		e.getopts(w, args)
	case "type", "hash":
		e.typeOf(w, args)
	case "kill", "jobs", "ulimit", "umask", "caller", "dirs", "disown", "unalias", "enable", "history", "bg":
		w.write(UnknownPart(commandOutput))
		w.endUnknown()
	default: // : true shopt times ...
		w.succeed()
	}
}

// returnFromNothing is return where no function was called and no script is
// read: bash complains and goes on, the others end.
func (e *evaluator) returnFromNothing(w *world) {
	if e.in.Shell == Bash {
		w.flow = goesOn
		w.end(1)
		return
	}
	w.flow = exits
}

// unsetAll follows unset.
func (e *evaluator) unsetAll(w *world, args []string) {
	functions, variables := slices.Contains(args, "-f"), slices.Contains(args, "-v")
	for _, a := range args {
		if isUnknown(a) {
			continue
		}
		_, isVariable := w.vars.m[a]
		_, inherited := e.in.Env.Vars[a]
		switch {
		case functions, isName(a) && !variables && !isVariable && !inherited && !e.posix():
			w.undefine(a) // bash takes it for a function where no variable has the name
		case isName(a):
			e.unset(w, a)
		default:
			if name, _, indexed := strings.Cut(a, "["); indexed && isName(name) {
				e.setList(w, name, []string{UnknownPart(spread + name)})
			}
		}
	}
}

func (e *evaluator) typeOf(w *world, args []string) {
	capture := w.capture
	w.capture = false
	var names []string
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			names = append(names, a)
		}
	}
	e.findCommand(w, names)
	w.capture = capture
	w.write(UnknownPart(commandOutput))
}

// statusFrom takes over the status that a word names; without one it stays.
func (e *evaluator) statusFrom(w *world, args []string) {
	if len(args) == 0 {
		return
	}
	if n, err := strconv.Atoi(args[0]); err == nil {
		w.end(n & 0xff)
		return
	}
	w.endUnknown()
}

func (e *evaluator) exit(w *world, args []string, line int) {
	e.statusFrom(w, args)
	w.flow, w.exitLine = exits, line
	// What the shell exits with says whether something went wrong, but not
	// where it hands on how its main program ended.
	w.failing = w.statusKnown && w.status != 0 && w.sub == 0
}

func (e *evaluator) shift(w *world, args []string) {
	n := 1
	if len(args) > 0 {
		var err error
		if n, err = strconv.Atoi(args[0]); err != nil || n < 0 {
			w.params = []string{UnknownPart(spread + "its parameters")}
			w.succeed()
			return
		}
	}
	if spreads(w.params[:min(n, len(w.params))]) {
		w.params = []string{UnknownPart(spread + "its parameters")}
		w.endUnknown()
		return
	}
	if n > len(w.params) {
		w.end(1)
		if e.in.Shell == Dash {
			w.flow = exits
		}
		if e.in.Shell == Busybox {
			w.succeed()
		}
		return
	}
	w.params = w.params[n:]
	w.succeed()
}

// changeDir follows cd.
func (e *evaluator) changeDir(w *world, args []string) {
	w.succeed()
	for len(args) > 0 && (args[0] == "-P" || args[0] == "-L" || args[0] == "--") {
		args = args[1:]
	}
	target, _ := e.lookup(w, "HOME")
	if len(args) > 0 {
		target = args[0]
	}
	at, ok := w.abs(target)
	if !ok || target == "-" {
		w.dir = UnknownPart("its working directory")
		return
	}
	if e.in.Stat != nil && !e.in.Configured && !volatile(at) && !e.touched(at) {
		if stat, known := e.in.Stat(at); known && !stat.Dir {
			w.end(1)
			return
		}
	}
	w.dir = path.Clean(at)
}
