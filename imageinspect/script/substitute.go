package script

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// substitute is $(...): what the commands in it write, as far as they are the
// shell's own or known ones.
func (e *evaluator) substitute(w *world, s *syntax.CmdSubst) string {
	if text, ok := e.readWhole(w, s); ok {
		return text
	}
	if e.calls++; e.calls > maxCalls {
		e.calls--
		w.endUnknown()
		return UnknownPart(commandOutput)
	}
	defer func() { e.calls-- }()
	inner := e.clone(w)
	inner.sub++
	inner.capture, inner.out = true, ""
	var out []string
	var status statuses
	for _, v := range e.list([]*world{inner}, s.Stmts, place{}) {
		status.add(v)
		text := strings.TrimRight(v.out, "\n")
		if len(out) == 0 || out[0] != text {
			out = append(out, text)
		}
	}
	status.end(w)
	if len(out) != 1 {
		return UnknownPart(commandOutput)
	}
	return clip(out[0])
}

// readWhole is $(<file).
func (e *evaluator) readWhole(w *world, s *syntax.CmdSubst) (string, bool) {
	if len(s.Stmts) != 1 || s.Stmts[0].Cmd != nil || len(s.Stmts[0].Redirs) != 1 || s.Stmts[0].Redirs[0].Op != syntax.RdrIn {
		return "", false
	}
	w.endUnknown()
	return strings.TrimRight(e.content(w, e.text(w, s.Stmts[0].Redirs[0].Word)), "\n"), true
}

// content is a file's text, where the image has it and nobody touched it.
func (e *evaluator) content(w *world, name string) string {
	at, ok := w.abs(name)
	if !ok || e.in.Text == nil || volatile(at) || e.touched(at) {
		return UnknownPart("a file")
	}
	text, err := e.in.Text(at)
	if err != nil || len(text) > maxText || strings.Contains(text, unknownMark) {
		return UnknownPart("a file")
	}
	return text
}

// write adds to what a subshell writes.
func (w *world) write(text string) {
	if w.capture {
		w.out = clip(w.out + text)
	}
}

// output is what well-known programs write that only tell what is known; false
// for any other.
func (e *evaluator) output(w *world, stmt *syntax.Stmt, name string, args []string) (string, bool) {
	for _, a := range args {
		if isSpread(a) {
			return "", false
		}
	}
	switch name {
	case "id":
		return e.id(args)
	case "whoami":
		return e.userName(), true
	case "pwd":
		return w.dir, true
	case "dirname", "basename":
		return pathPart(name, args)
	case "readlink", "realpath":
		return e.realPath(w, name, args)
	case "uname":
		if len(args) == 0 || len(args) == 1 && args[0] == "-s" {
			return "Linux", true
		}
	case "cat":
		if len(args) == 1 && !strings.HasPrefix(args[0], "-") {
			return strings.TrimRight(e.content(w, args[0]), "\n"), true
		}
		text, ok := e.input(w, stmt)
		return text, ok && len(args) == 0
	case "envsubst":
		text, ok := e.input(w, stmt)
		return text, ok && !strings.Contains(text, "$")
	}
	return "", false
}

// input is the text that a command reads from a here-document or here-string.
func (e *evaluator) input(w *world, stmt *syntax.Stmt) (string, bool) {
	for _, r := range stmt.Redirs {
		switch r.Op {
		case syntax.WordHdoc:
			return e.text(w, r.Word), true
		case syntax.Hdoc, syntax.DashHdoc:
			text := e.hereDocument(w, r)
			if r.Op == syntax.DashHdoc {
				text = strings.ReplaceAll("\n"+text, "\n\t", "\n")[1:]
			}
			return strings.TrimSuffix(text, "\n"), true
		}
	}
	return "", false
}

// hereDocument is the text of a here-document; with a quoted delimiter nothing
// in it is expanded.
func (e *evaluator) hereDocument(w *world, r *syntax.Redirect) string {
	quoted := r.Word != nil && r.Word.Lit() == ""
	if lit := plainText(r.Word); strings.Contains(lit, `\\`) {
		quoted = true
	}
	var out strings.Builder
	if r.Hdoc == nil {
		return ""
	}
	for _, part := range r.Hdoc.Parts {
		if lit, ok := part.(*syntax.Lit); ok && quoted {
			out.WriteString(lit.Value)
			continue
		}
		out.WriteString(e.value(w, part))
	}
	return clip(out.String())
}

func (e *evaluator) id(args []string) (string, bool) {
	switch strings.Join(args, " ") {
	case "-u", "--user", "-ru":
		return e.in.UID, true
	case "-un", "-nu", "-u -n", "-n -u":
		return e.userName(), true
	case "-g", "-gn", "-G":
		return UnknownPart("the user's group"), true
	}
	return "", false
}

func (e *evaluator) userName() string {
	if e.in.UID == "0" {
		return "root"
	}
	if equal(e.in.UID, "0") == no {
		return NonRoot()
	}
	return UnknownPart("the user's name")
}

// pathPart is dirname and basename.
func pathPart(name string, args []string) (string, bool) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || len(args) > 2 || isUnknown(args[0]) || strings.HasPrefix(args[0], "-") {
		return "", false
	}
	if name == "dirname" {
		return path.Dir(args[0]), len(args) == 1
	}
	base := path.Base(args[0])
	if len(args) == 2 && base != args[1] {
		base = strings.TrimSuffix(base, args[1])
	}
	return base, true
}

// realPath is readlink -f and realpath. Where the image is not known a path is
// taken for no link.
func (e *evaluator) realPath(w *world, name string, args []string) (string, bool) {
	follows := name == "realpath"
	for len(args) > 1 && strings.HasPrefix(args[0], "-") {
		if strings.Trim(args[0], "-fem") != "" {
			return "", false
		}
		follows = true
		args = args[1:]
	}
	if len(args) != 1 || !follows {
		return "", false
	}
	at, ok := w.abs(args[0])
	if !ok || e.in.Stat == nil {
		return at, ok
	}
	if stat, known := e.in.Stat(at); known && stat.Exists {
		return stat.Path, stat.Path != ""
	}
	return at, true
}
