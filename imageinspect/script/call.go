package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call follows a simple command.
func (e *evaluator) call(w *world, stmt *syntax.Stmt, cmd *syntax.CallExpr, at place) []*world {
	if len(cmd.Args) == 0 {
		for _, a := range cmd.Assigns {
			e.assign(w, a)
		}
		if !substitutes(cmd) {
			w.succeed()
		}
		return []*world{w}
	}
	argv := e.arguments(w, cmd.Args)
	if w.flow != goesOn { // ${x:?}
		return []*world{w}
	}
	if len(argv) == 0 {
		if !substitutes(cmd) {
			w.succeed()
		}
		return []*world{w}
	}
	if isUnknown(argv[0]) {
		return e.unknownCommand(w, stmt, cmd, argv)
	}
	if e.keepsAssigned(argv[0]) {
		for _, a := range cmd.Assigns {
			e.assign(w, a)
		}
		return e.named(w, stmt, argv, at)
	}
	undo := e.assignFor(w, cmd.Assigns)
	ws := e.named(w, stmt, argv, at)
	for _, v := range ws {
		undo(v)
	}
	return ws
}

// substitutes is true for a command with $(...), whose status becomes that of a
// command without a name.
func substitutes(cmd *syntax.CallExpr) bool {
	found := false
	syntax.Walk(cmd, func(n syntax.Node) bool {
		if _, ok := n.(*syntax.CmdSubst); ok {
			found = true
		}
		return !found
	})
	return found
}

// assignFor sets the variables that stand before a command, exported; the
// function that it gives takes them back.
func (e *evaluator) assignFor(w *world, assigns []*syntax.Assign) func(*world) {
	if len(assigns) == 0 {
		return func(*world) {}
	}
	before := make(map[string]variable, len(assigns))
	for _, a := range assigns {
		if a.Name == nil {
			continue
		}
		name := e.resolve(w, a.Name.Value)
		if v, ok := w.vars.m[name]; ok {
			before[name] = v
		} else {
			before[name] = variable{ref: fromEnvironment}
		}
		e.assign(w, a)
		v := w.vars.m[name]
		v.exported = true
		w.put(name, v)
	}
	return func(v *world) {
		for name, old := range before {
			if old.ref == fromEnvironment {
				v.drop(name)
				continue
			}
			v.put(name, old)
		}
	}
}

// unknownCommand is a command whose name is not known. It may be exec.
func (e *evaluator) unknownCommand(w *world, stmt *syntax.Stmt, cmd *syntax.CallExpr, argv []string) []*world {
	name := nameOf(argv[0])
	if w.sub == 0 && strings.Contains(strings.ToLower(name), "exec") {
		e.unclear(w, line(cmd), "its command depends on a value that is not known (%s)", name)
		return nil
	}
	e.program(w, stmt, argv)
	w.unnamed = !strings.Contains(argv[0], "/") // a name with a folder is a program's
	return []*world{w}
}

// named follows a command whose name is known.
func (e *evaluator) named(w *world, stmt *syntax.Stmt, argv []string, at place) []*world {
	name := argv[0]
	if f, ok := w.funcs.m[name]; ok && (!e.posix() || !isSpecial(name)) {
		return e.callFunction(w, stmt, f, argv)
	}
	if !e.has(name) {
		w.end(notFound)
		return []*world{w}
	}
	if w.aliased && !isBuiltin(name) {
		e.unclear(w, line(stmt), "it uses an alias")
		return nil
	}
	switch name {
	case "command", "builtin":
		return e.viaCommand(w, stmt, argv, at)
	case "exec":
		return e.exec(w, stmt, argv[1:])
	case ".", "source":
		return e.source(w, stmt, argv[1:])
	case "eval":
		return e.eval(w, stmt, argv[1:])
	}
	if isBuiltin(name) {
		return e.builtin(w, stmt, argv)
	}
	return e.external(w, stmt, argv, at)
}

// isSpecial is true for POSIX's special builtins, which no function hides.
func isSpecial(name string) bool {
	switch name {
	case ".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times", "trap", "unset":
		return true
	}
	return false
}

// viaCommand is `command NAME ...`, which passes functions over, and
// `command -v NAME`.
func (e *evaluator) viaCommand(w *world, stmt *syntax.Stmt, argv []string, at place) []*world {
	args := argv[1:]
	for len(args) > 0 && (args[0] == "--" || args[0] == "-p") {
		args = args[1:]
	}
	switch {
	case len(args) == 0:
		w.succeed()
		return []*world{w}
	case args[0] == "-v" || args[0] == "-V":
		e.findCommand(w, args[1:])
		return []*world{w}
	case isUnknown(args[0]):
		e.unclear(w, line(stmt), "its command depends on a value that is not known (%s)", nameOf(args[0]))
		return nil
	}
	hidden, hides := w.funcs.m[args[0]]
	w.undefine(args[0])
	ws := e.named(w, stmt, args, at)
	if hides {
		for _, v := range ws {
			v.define(args[0], hidden)
		}
	}
	return ws
}

// findCommand is `command -v NAME`: builtins and functions are there; of
// programs only the image can tell.
func (e *evaluator) findCommand(w *world, args []string) {
	if len(args) != 1 || isUnknown(args[0]) {
		w.write(UnknownPart(commandOutput))
		w.endUnknown()
		return
	}
	name := args[0]
	if _, ok := w.funcs.m[name]; ok || isBuiltin(name) {
		w.write(name + "\n")
		w.succeed()
		return
	}
	at, found := e.onPath(w, name)
	switch found {
	case yes:
		w.write(at + "\n")
	case maybe:
		w.write(UnknownPart(commandOutput))
	}
	w.endAs(found)
}

// onPath finds a program by name, as far as the image is known.
func (e *evaluator) onPath(w *world, name string) (string, answer) {
	if e.in.Stat == nil {
		return "", maybe
	}
	places := []string{name}
	if !strings.Contains(name, "/") {
		list, _ := e.lookup(w, "PATH")
		if isUnknown(list) || list == "" {
			return "", maybe
		}
		places = nil
		for _, dir := range strings.Split(list, ":") {
			places = append(places, dir+"/"+name)
		}
	}
	for _, p := range places {
		at, ok := w.abs(p)
		if !ok || e.touched(at) {
			return "", maybe
		}
		stat, known := e.in.Stat(at)
		switch {
		case !known:
			return "", maybe
		case stat.Exists && !stat.Dir && stat.Executable:
			return at, yes
		}
	}
	return "", no
}

// callFunction follows a function of the script.
func (e *evaluator) callFunction(w *world, stmt *syntax.Stmt, f function, argv []string) []*world {
	if e.calls++; e.calls > maxCalls {
		e.calls--
		e.unclear(w, line(stmt), "its functions are nested too deeply")
		return nil
	}
	defer func() { e.calls-- }()
	params, file := w.params, w.file
	w.params, w.file = argv[1:], f.file
	w.names = append(w.names, argv[0])
	w.files = append(w.files, f.file)
	w.saved = append(w.saved, map[string]variable{})
	loops := e.loops
	if e.in.Shell != Busybox { // where break leaves the caller's loop
		e.loops = 0
	}
	defer func() { e.loops = loops }()
	ws := e.stmt(w, f.body, place{})
	for _, v := range ws {
		v.params, v.file = params, file
		v.names, v.files = v.names[:len(v.names)-1], v.files[:len(v.files)-1]
		v.unhide()
		if v.flow < exits && (v.flow == returns || e.in.Shell != Busybox) {
			v.flow, v.levels = goesOn, 0
		}
	}
	return e.limit(ws)
}

// exec follows the builtin: with a command it replaces the shell, without one
// it only redirects.
func (e *evaluator) exec(w *world, stmt *syntax.Stmt, args []string) []*world {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && !isUnknown(args[0]) {
		switch {
		case args[0] == "--":
			return e.execs(w, stmt, args[1:], "exec")
		case e.in.Shell != Bash:
			e.unclear(w, line(stmt), "%s may not take options to exec", e.in.Shell)
			return nil
		case args[0] == "-a" && len(args) > 1:
			args = args[2:]
		case strings.Trim(args[0], "-cl") == "":
			args = args[1:]
		default:
			e.unclear(w, line(stmt), "an option of exec can't be read")
			return nil
		}
	}
	return e.execs(w, stmt, args, "exec")
}

func (e *evaluator) execs(w *world, stmt *syntax.Stmt, args []string, why string) []*world {
	switch {
	case len(args) == 0:
		w.succeed()
		return []*world{w}
	case w.sub > 0: // it replaces the subshell, whose end the shell waits for
		e.program(w, stmt, args)
		w.flow = exits
		return []*world{w}
	}
	if len(args) > maxWords {
		e.unclear(w, line(stmt), "it execs a program with more than %d arguments", maxWords)
		return nil
	}
	if w.ignoresChld { // which exec keeps, so that the kernel reaps
		e.unclear(w, line(stmt), "it execs a program with SIGCHLD ignored")
		return nil
	}
	e.record(w, End{Kind: Execs, Argv: plainMarks(args), Env: e.environment(w), Dir: w.dir, Line: line(stmt), Why: why})
	return nil
}

// external follows a command that is no builtin: the shell runs it and waits,
// or execs it because nothing is left to do.
func (e *evaluator) external(w *world, stmt *syntax.Stmt, argv []string, at place) []*world {
	switch e.execsLast(w, stmt, at) {
	case yes:
		return e.execs(w, stmt, argv, string(e.in.Shell)+" execs the last command,")
	case maybe: // by one rule it does, by another it stays
		e.execs(e.clone(w), stmt, argv, string(e.in.Shell)+" may exec the last command,")
	}
	e.program(w, stmt, argv)
	if w.sub == 0 && neverEnds(argv) {
		e.stays(w)
		return nil
	}
	return []*world{w}
}

// program notes that a program runs and that the shell waits for it.
func (e *evaluator) program(w *world, stmt *syntax.Stmt, argv []string) {
	base := argv[0][strings.LastIndex(argv[0], "/")+1:]
	if !onlyReads(base) {
		for _, a := range argv[1:] {
			e.mentionWord(w, a)
		}
		e.mentionPatterns(w, stmt)
	}
	r := ranLong
	if isBrief(base) || base == "sleep" || base == "cat" && len(argv) > 1 {
		r = ranBriefly
	}
	unnamed := w.openVars && base == argv[0] && (e.in.IsProgram == nil || !e.in.IsProgram(base))
	if unnamed && w.waits {
		r = ranBriefly // what comes behind wait cleans up
	}
	w.waitedFor(r, line(stmt))
	w.unnamed = unnamed && r == ranLong
	w.runs = e.in.RunsOn != nil && e.in.RunsOn(base)
	if base == "which" {
		e.findCommand(w, argv[1:])
		return
	}
	w.endUnknown()
	if !w.capture {
		return
	}
	text, ok := e.output(w, stmt, base, argv[1:])
	if !ok {
		text = UnknownPart(commandOutput)
	} else {
		w.succeed()
	}
	w.write(text + "\n")
}

// execsLast says whether the shell replaces itself by a plain command of a -c
// string.
func (e *evaluator) execsLast(w *world, stmt *syntax.Stmt, at place) answer {
	if at.implicit == no || w.trap || w.sub > 0 {
		return no
	}
	switch e.in.Shell {
	case Bash:
		if len(stmt.Redirs) > 0 {
			return no
		}
		if w.jobs {
			return maybe // it stays for some strings with jobs and not for others
		}
		return at.implicit
	case Busybox:
		if e.newline {
			return no
		}
		return at.implicit
	default: // Debian's and Ubuntu's dash never does
		return no
	}
}
