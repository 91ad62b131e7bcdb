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
	if e.in.Stat != nil && !volatile(at) && !e.touched(w, at) {
		if stat, known := e.in.Stat(at); known && !stat.Dir {
			w.end(1)
			return
		}
	}
	w.dir = path.Clean(at)
}

// read sets variables from a line of input, which is known for a here-string.
func (e *evaluator) read(w *world, stmt *syntax.Stmt, args []string) {
	var names []string
	array := false
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case strings.HasPrefix(a, "-") && len(a) > 1:
			array = array || strings.HasSuffix(a, "a")
			if strings.ContainsAny(a[len(a)-1:], "dinNptu") {
				i++
			}
		case isName(a):
			names = append(names, a)
		}
	}
	if len(names) == 0 {
		names = []string{"REPLY"}
	}
	w.endUnknown()
	text, known := e.hereString(w, stmt)
	words := fieldsOf(text, e.ifs(w))
	switch {
	case array && known:
		e.setList(w, names[0], words)
	case array:
		e.setList(w, names[0], []string{UnknownPart(spread + names[0])})
	case known && len(names) >= len(words):
		for i, name := range names {
			value := ""
			if i < len(words) {
				value = words[i]
			}
			e.set(w, name, value)
		}
	default:
		for _, name := range names {
			e.setUnknown(w, name)
		}
	}
	if known {
		w.succeed()
	}
}

// hereString is the text of `<<< word`.
func (e *evaluator) hereString(w *world, stmt *syntax.Stmt) (string, bool) {
	for _, r := range stmt.Redirs {
		if r.Op == syntax.WordHdoc {
			text := e.text(w, r.Word)
			return text, !isUnknown(text) && !strings.Contains(text, "\n")
		}
	}
	return "", false
}

func fieldsOf(text, ifs string) []string {
	b := fieldBuilder{ifs: ifs}
	for text != "" {
		at := strings.IndexAny(text, ifs)
		if at < 0 || ifs == "" {
			break
		}
		b.field.WriteString(text[:at])
		if !strings.ContainsRune(" \t\n", rune(text[at])) {
			b.open = true
		}
		b.endField()
		text = text[at+1:]
	}
	b.field.WriteString(text)
	b.endField()
	return b.fields
}

func (e *evaluator) mapfile(w *world, args []string) {
	name := "MAPFILE"
	if len(args) > 0 && isName(args[len(args)-1]) {
		name = args[len(args)-1]
	}
	e.setList(w, name, []string{UnknownPart(spread + name)})
	w.succeed()
}

// echo and printf write to what a substitution takes.
func (e *evaluator) echo(w *world, args []string) {
	end := "\n"
	for len(args) > 0 && (args[0] == "-n" || args[0] == "-e" || args[0] == "-en" || args[0] == "-ne" || args[0] == "-E") {
		if strings.Contains(args[0], "n") {
			end = ""
		}
		args = args[1:]
	}
	text := strings.Join(plainMarks(args), " ")
	if strings.Contains(text, `\`) {
		text = UnknownPart("a text with escapes")
	}
	w.write(text + end)
}

func (e *evaluator) printf(w *world, args []string) {
	if len(args) > 1 && strings.HasPrefix(args[0], "-v") {
		name := strings.TrimPrefix(args[0], "-v")
		if name == "" {
			name = args[1]
		}
		if isName(name) {
			e.setUnknown(w, name)
		}
		return
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || !w.capture {
		return
	}
	format := strings.ReplaceAll(args[0], `\n`, "\n")
	switch {
	case len(args) == 1 && !strings.ContainsAny(format, `%\`):
		w.write(format)
	case len(args) == 2 && strings.Count(format, "%") == 1 && strings.Contains(format, "%s") && !strings.Contains(format, `\`):
		w.write(strings.Replace(format, "%s", plainMarks(args[1:])[0], 1))
	default:
		w.write(UnknownPart("a text with escapes"))
	}
}
