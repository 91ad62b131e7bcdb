package script

import (
	"errors"
	"path"
	"strconv"
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
	if name := nameOf(args[0] + UnknownPart("")); name == imageFiles || name == commandOutput {
		// What an entrypoint picks up from a folder is taken for settings that
		// do not change which program is started.
		w.endUnknown()
		return []*world{w}
	}
	at, ok := e.sourcePath(w, args[0])
	if !ok {
		return e.unknownSettings(w)
	}
	if e.in.Text == nil {
		return e.unreadable(w, stmt, "it reads another script, which was not looked at")
	}
	text, err := e.in.Text(at)
	switch {
	case errors.Is(err, ErrAbsent): // made, or mounted, when the container runs
		return e.unknownSettings(w)
	case errors.Is(err, ErrNoScript):
		w.end(1)
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
// know: variables that were not set may be by now. That such settings also
// replace what the image or the script itself has set is not assumed.
func (e *evaluator) unknownSettings(w *world) []*world {
	w.openVars = true
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
		if _, err := e.in.Text(at); !errors.Is(err, ErrAbsent) && !errors.Is(err, ErrNoScript) {
			return at, true // it may be there where it could not be read
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
	parsed, err := e.in.Parser.parse(text, e.in.Shell)
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
	if len(parsed.stmts) == 0 {
		w.succeed()
	}
	ws := e.parsed([]*world{w}, parsed, place{})
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
	return e.evalText(w, stmt, text)
}

// evalUnknown is eval of a text that is not known: settings where a command
// wrote all of it (eval "$(ssh-agent)"), else a command of which parts are
// known. What is not known is taken for words, not for the shell's syntax.
func (e *evaluator) evalUnknown(w *world, stmt *syntax.Stmt, text string) []*world {
	head, _ := edges(text)
	name := strings.ToLower(nameOf(text))
	switch {
	case strings.HasPrefix(head, "set -- "):
		w.params = []string{UnknownPart(spread + "its parameters")}
		w.succeed()
		return []*world{w}
	case strings.TrimSpace(head) != "":
		return e.evalParts(w, stmt, text)
	case name == commandOutput:
		return e.unknownSettings(w)
	case strings.Contains(name, "exec"):
		return e.unreadable(w, stmt, "the text of its eval is not known")
	}
	w.waitedFor(ranLong, line(stmt))
	w.unnamed = true
	return e.unknownSettings(w)
}

// evalParts is eval of a text with unknown parts behind a known beginning.
func (e *evaluator) evalParts(w *world, stmt *syntax.Stmt, text string) []*world {
	var out strings.Builder
	for i, part := range strings.Split(text, unknownMark) {
		if i%2 == 0 {
			out.WriteString(part)
			continue
		}
		name := evalVariable + strconv.Itoa(i)
		w.put(name, variable{text: UnknownPart(strings.TrimPrefix(part, spread))})
		out.WriteString("${" + name + "}")
	}
	return e.evalText(w, stmt, out.String())
}

// evalVariable begins the names of variables that stand for unknown parts.
const evalVariable = "INITGUARD_UNKNOWN_"

func (e *evaluator) evalText(w *world, stmt *syntax.Stmt, text string) []*world {
	if e.calls++; e.calls > maxCalls {
		e.calls--
		return e.unreadable(w, stmt, "its eval is nested too deeply")
	}
	defer func() { e.calls-- }()
	parsed, err := e.in.Parser.parse(text, e.in.Shell)
	if err != nil {
		return e.unreadable(w, stmt, "the text of its eval "+err.Error())
	}
	if len(parsed.stmts) == 0 {
		w.succeed()
	}
	return e.parsed([]*world{w}, parsed, place{})
}
