package script

import (
	"errors"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// source follows `. FILE`: the commands of another script, as if they stood
// here.
func (e *evaluator) source(w *world, stmt *syntax.Stmt, args []string) []*world {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		w.end(2)
		return []*world{w}
	}
	if readsSubstitution(stmt, args[0]) {
		return e.unknownSettings(w)
	}
	at, ok := e.sourcePath(w, args[0])
	if !ok {
		return e.unreadable(w, stmt, "it reads a script whose place depends on "+nameOf(args[0]+UnknownPart("its working directory")))
	}
	if e.in.Text == nil {
		return e.unreadable(w, stmt, "it reads another script, which was not looked at")
	}
	text, err := e.in.Text(at)
	switch {
	case errors.Is(err, ErrAbsent) && (volatile(at) || e.touched(w, at)):
		return e.unknownSettings(w)
	case errors.Is(err, ErrAbsent):
		w.end(1)
		if e.in.Shell != Bash { // where the builtin is special, its failure ends the shell
			w.flow, w.failing = exits, w.sub == 0
		}
		return []*world{w}
	case err != nil:
		return e.unreadable(w, stmt, "it reads another script: "+err.Error())
	}
	return e.sourceText(w, stmt, at, text, args[1:])
}

func (e *evaluator) unreadable(w *world, stmt *syntax.Stmt, why string) []*world {
	e.unclear(w, line(stmt), "%s", why)
	return nil
}

// readsSubstitution is true for `. <(command)` and `. /dev/stdin`: settings that
// a command writes.
func readsSubstitution(stmt *syntax.Stmt, name string) bool {
	if name == "/dev/stdin" {
		return true
	}
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) < 2 || len(call.Args[1].Parts) != 1 {
		return false
	}
	_, ok = call.Args[1].Parts[0].(*syntax.ProcSubst)
	return ok
}

// unknownSettings is what a script goes on with behind settings that nobody can
// know: any variable may be another, the parameters stay.
func (e *evaluator) unknownSettings(w *world) []*world {
	for name := range w.vars {
		e.setUnknown(w, name)
	}
	for name := range e.in.Env.Vars {
		if name != "PATH" {
			e.setUnknown(w, name)
		}
	}
	w.endUnknown()
	return []*world{w}
}

// sourcePath finds the file: by its path, else on PATH, where bash looks into
// the working directory as well.
func (e *evaluator) sourcePath(w *world, name string) (string, bool) {
	if isUnknown(name) {
		return "", false
	}
	if strings.Contains(name, "/") {
		return w.abs(name)
	}
	if at, found := e.onPathAny(w, name); found {
		return at, true
	}
	return w.abs(name)
}

// onPathAny finds a file on PATH, which need not be executable, by reading it.
func (e *evaluator) onPathAny(w *world, name string) (string, bool) {
	list, _ := e.lookup(w, "PATH")
	if isUnknown(list) || e.in.Text == nil {
		return "", false
	}
	for _, dir := range strings.Split(list, ":") {
		if !path.IsAbs(dir) {
			continue
		}
		at := path.Join(dir, name)
		if _, err := e.in.Text(at); err == nil {
			return at, true
		}
	}
	return "", false
}

func (e *evaluator) sourceText(w *world, stmt *syntax.Stmt, at, text string, params []string) []*world {
	if len(text) > maxFile || strings.Contains(text, unknownMark) {
		return e.unreadable(w, stmt, "it reads another script, which is too long")
	}
	if e.calls++; e.calls > maxCalls {
		e.calls--
		return e.unreadable(w, stmt, "its scripts read one another too deeply")
	}
	defer func() { e.calls-- }()
	stmts, err := e.in.Parser.parse(text, e.in.Shell)
	if err != nil {
		return e.unreadable(w, stmt, "it reads another script, which "+err.Error())
	}
	file, own := w.file, w.params
	if len(params) > 0 {
		w.params = params
	}
	w.file = at
	w.files = append(w.files, at)
	w.names = append(w.names, "source")
	w.succeed()
	ws := e.list([]*world{w}, stmts, place{})
	for _, v := range ws {
		v.file = file
		v.files, v.names = v.files[:len(v.files)-1], v.names[:len(v.names)-1]
		if len(params) > 0 {
			v.params = own
		}
		if v.flow == returns {
			v.flow = goesOn
		}
	}
	return e.limit(ws)
}

// eval follows a text that is a command.
func (e *evaluator) eval(w *world, stmt *syntax.Stmt, args []string) []*world {
	text := strings.Join(args, " ")
	if isUnknown(text) {
		return e.evalUnknown(w, stmt, text)
	}
	if e.calls++; e.calls > maxCalls {
		e.calls--
		return e.unreadable(w, stmt, "its eval is nested too deeply")
	}
	defer func() { e.calls-- }()
	stmts, err := e.in.Parser.parse(text, e.in.Shell)
	if err != nil {
		return e.unreadable(w, stmt, "the text of its eval "+err.Error())
	}
	w.succeed()
	return e.list([]*world{w}, stmts, place{})
}

// evalUnknown is eval of a text that is not known: settings, where a command
// wrote all of it (eval "$(ssh-agent)"), or set with words that are not.
func (e *evaluator) evalUnknown(w *world, stmt *syntax.Stmt, text string) []*world {
	head, _ := edges(text)
	switch {
	case strings.HasPrefix(head, "set -- "):
		w.params = []string{UnknownPart(spread + "its parameters")}
		w.succeed()
		return []*world{w}
	case head == "" && nameOf(text) == commandOutput:
		return e.unknownSettings(w)
	}
	if name, _, found := strings.Cut(strings.TrimPrefix(head, "export "), "="); found && isName(name) {
		e.setUnknown(w, name)
		w.succeed()
		return []*world{w}
	}
	return e.unreadable(w, stmt, "the text of its eval is not known")
}
