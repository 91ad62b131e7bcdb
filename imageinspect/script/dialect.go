package script

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// notFound is how a command ends that nobody has.
const notFound = 127

// posix is true where POSIX's rules on special builtins hold: no function hides
// them, and what is assigned in front of them stays.
func (e *evaluator) posix() bool { return e.in.Shell != Bash || e.in.POSIX }

// has is false for the name of a builtin of bash that this shell lacks. It ends
// as a command that is not found.
func (e *evaluator) has(name string) bool {
	switch name {
	case "declare", "typeset", "shopt", "mapfile", "readarray", "pushd", "popd", "dirs", "enable", "caller", "builtin", "disown", "suspend", "logout",
		"bind", "complete":
		return e.in.Shell == Bash
	case "source", "let", "[[":
		return e.in.Shell != Dash
	}
	return true
}

// keepsAssigned is true for a command behind which the variables that are
// assigned in front of it stay.
func (e *evaluator) keepsAssigned(name string) bool {
	return e.posix() && isSpecial(name)
}

// arguments expands a command's words. What export and its like assign is one
// word each.
func (e *evaluator) arguments(w *world, words []*syntax.Word) []string {
	switch words[0].Lit() {
	case "export", "readonly", "local":
	default:
		return e.fields(w, words)
	}
	out := []string{words[0].Lit()}
	for _, word := range words[1:] {
		if assigns(word) {
			out = append(out, e.text(w, word))
			continue
		}
		out = append(out, e.fields(w, []*syntax.Word{word})...)
	}
	return out
}

// assigns is true for a word that begins with NAME=.
func assigns(word *syntax.Word) bool {
	if len(word.Parts) == 0 {
		return false
	}
	lit, ok := word.Parts[0].(*syntax.Lit)
	if !ok {
		return false
	}
	name, _, found := strings.Cut(lit.Value, "=")
	return found && isName(name)
}

// startup follows what a shell reads before its script: a login shell the
// profiles, bash the file that BASH_ENV names. What of them can't be had is
// taken for settings.
func (e *evaluator) startup(w *world) []*world {
	ws := []*world{w}
	if e.in.Shell == Bash {
		for name := range e.in.Env.Vars {
			if strings.HasPrefix(name, "BASH_FUNC_") {
				e.unclear(w, 1, "its environment holds functions, which are not followed")
				return nil
			}
		}
	}
	if e.in.Login {
		ws = e.profiles(ws)
	}
	if file := e.in.Env.Vars["BASH_ENV"]; file != "" && !e.posix() {
		ws = e.readFirst(ws, file)
	}
	for _, w := range ws {
		w.ran, w.ranLine, w.programs = ranNothing, 0, 0
	}
	return ws
}

// profiles follows those of the machine and of the user.
func (e *evaluator) profiles(ws []*world) []*world {
	ws = e.readFirst(ws, "/etc/profile")
	home := e.in.Env.Vars["HOME"]
	if home == "" || isUnknown(home) || e.in.Text == nil {
		return ws
	}
	names := []string{".profile"}
	if !e.posix() {
		names = []string{".bash_profile", ".bash_login", ".profile"}
	}
	for _, name := range names {
		if _, err := e.in.Text(home + "/" + name); !errors.Is(err, ErrAbsent) && !errors.Is(err, ErrNoScript) {
			return e.readFirst(ws, home+"/"+name)
		}
	}
	return ws
}

// readFirst follows a file that a shell reads of its own accord.
func (e *evaluator) readFirst(ws []*world, file string) []*world {
	var out []*world
	for _, w := range ws {
		if w.flow != goesOn {
			out = append(out, w)
			continue
		}
		out = append(out, e.readIfThere(w, file)...)
	}
	return out
}

func (e *evaluator) readIfThere(w *world, file string) []*world {
	at, ok := w.abs(file)
	if !ok || e.in.Text == nil {
		w.openVars = w.openVars || !ok
		return []*world{w}
	}
	text, err := e.in.Text(at)
	if err != nil {
		// On a volume, for example: settings that nobody can know.
		w.openVars = w.openVars || !errors.Is(err, ErrAbsent) && !errors.Is(err, ErrNoScript)
		return []*world{w}
	}
	return e.sourceText(w, &syntax.Stmt{Cmd: &syntax.CallExpr{}}, at, text, nil)
}

// rejects is true for a script with syntax that is bash's alone: the shell stops
// at it. Expansions are no matter of syntax, it stops only where it expands
// them.
func rejects(shell Shell, stmts []*syntax.Stmt) bool {
	found := false
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.ArrayExpr, *syntax.CStyleLoop, *syntax.CoprocClause, *syntax.ExtGlob, *syntax.ArithmCmd:
				found = true
			case *syntax.ForClause:
				found = found || n.Select
			case *syntax.ProcSubst, *syntax.SglQuoted:
				quoted, ok := n.(*syntax.SglQuoted)
				found = found || shell == Dash && (!ok || quoted.Dollar)
			case *syntax.FuncDecl:
				found = found || shell == Dash && n.RsrvWord
			case *syntax.Redirect:
				found = found || n.Op == syntax.WordHdoc || shell == Dash && (n.Op == syntax.RdrAll || n.Op == syntax.AppAll)
			case *syntax.BinaryCmd:
				found = found || shell == Dash && n.Op == syntax.PipeAll
			case *syntax.CaseItem:
				found = found || n.Op == syntax.Fallthrough || n.Op == syntax.Resume || n.Op == syntax.ResumeKorn
			}
			return !found
		})
	}
	return found
}

// badExpansion is true for an expansion that this shell lacks: it ends there.
func (e *evaluator) badExpansion(p *syntax.ParamExp) bool {
	if e.in.Shell == Bash {
		return false
	}
	changes := false
	if p.Exp != nil {
		switch p.Exp.Op {
		case syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll, syntax.OtherParamOps:
			changes = true
		}
	}
	return changes || p.Index != nil || e.in.Shell == Dash && (p.Slice != nil || p.Repl != nil)
}
