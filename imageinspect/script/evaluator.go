package script

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// evaluator follows the commands of one script on all its ways.
type evaluator struct {
	in      Input
	ends    []End
	steps   int
	work    int
	loops   int  // nested loops that break may leave
	calls   int  // nested functions, substitutions and read scripts
	newline bool // the command string ends in a newline
	single  bool // the command string is one statement: bash looks for its last command
	// patterns are those compiled already.
	patterns map[patternKey]matcher
	// mentioned are files that programs were told of, on any way: what they
	// are by now is not known.
	mentioned map[string]bool
	// anyCase is true once patterns may match in either case.
	anyCase bool
}

// place is where a command stands.
type place struct {
	// implicit says whether the shell replaces itself by a plain command here:
	// only ever at the end of a command string.
	implicit answer
}

// list follows statements in order.
func (e *evaluator) list(ws []*world, stmts []*syntax.Stmt, at place) []*world {
	for i, stmt := range stmts {
		here := place{}
		if i == len(stmts)-1 {
			here = at
		}
		var next []*world
		for _, w := range ws {
			if w.flow != goesOn {
				next = append(next, w)
				continue
			}
			next = append(next, e.stmt(w, stmt, here)...)
		}
		if ws = e.limit(next); len(ws) == 0 {
			return nil
		}
	}
	return ws
}

// limit keeps the number of worlds small: equal ones become one; past the bound
// those that go on alike do, with what differs unknown.
func (e *evaluator) limit(ws []*world) []*world {
	if len(ws) < 2 {
		return ws
	}
	ws = e.fold(ws, func(a, b *world) bool { return a.same(b) })
	if len(ws) > e.few() {
		ws = e.fold(ws, func(a, b *world) bool { return a.alike(b) && slices.Equal(a.params, b.params) })
	}
	if len(ws) > 2*fewWorlds {
		ws = e.fold(ws, func(a, b *world) bool { return a.alike(b) })
	}
	if len(ws) <= maxWorlds {
		return ws
	}
	for _, w := range ws[maxWorlds:] {
		e.unclear(w, 0, "it goes more than %d ways", maxWorlds)
	}
	return ws[:maxWorlds]
}

// few is how many ways are kept apart: the fewer, the more was followed.
func (e *evaluator) few() int {
	switch {
	case e.work < maxWork/16:
		return fewWorlds
	case e.work < maxWork/6:
		return fewWorlds / 4
	default:
		return 1
	}
}

// fold joins worlds that match.
func (e *evaluator) fold(ws []*world, match func(a, b *world) bool) []*world {
	var out []*world
next:
	for _, w := range ws {
		for _, o := range out {
			if e.spend(1 + len(w.vars.m)/16 + len(w.params)/16); match(o, w) {
				o.join(w)
				continue next
			}
		}
		out = append(out, w)
	}
	return out
}

// stmt follows one statement.
func (e *evaluator) stmt(w *world, stmt *syntax.Stmt, at place) []*world {
	e.steps++
	e.spend(1)
	if e.steps > maxSteps || e.over() {
		e.unclear(w, line(stmt), "it has more than %d commands to follow", maxSteps)
		return nil
	}
	switch {
	case stmt.Coprocess, stmt.Background:
		e.mention(w, stmt)
		w.jobs = true
		w.succeed()
		return []*world{w}
	case stmt.Negated:
		plain := *stmt
		plain.Negated = false
		ws := e.stmt(w, &plain, place{})
		for _, w := range ws {
			if w.statusKnown && w.flow == goesOn {
				w.endAs(w.succeeded().not())
			}
		}
		return ws
	}
	for _, r := range stmt.Redirs {
		e.mentionRedirect(w, r)
	}
	return e.command(w, stmt, at)
}

func (e *evaluator) command(w *world, stmt *syntax.Stmt, at place) []*world {
	switch cmd := stmt.Cmd.(type) {
	case nil: // a redirection alone
		w.succeed()
		return []*world{w}
	case *syntax.CallExpr:
		return e.call(w, stmt, cmd, at)
	case *syntax.BinaryCmd:
		return e.binary(w, stmt, cmd, at)
	case *syntax.Block:
		if e.in.Shell != Busybox || len(stmt.Redirs) > 0 { // the others don't look inside
			at.implicit = no
		}
		return e.list([]*world{w}, cmd.Stmts, at)
	case *syntax.IfClause:
		return e.ifClause(w, cmd, e.inside(at))
	case *syntax.CaseClause:
		return e.caseClause(w, cmd, e.inside(at))
	case *syntax.WhileClause:
		return e.while(w, stmt, cmd)
	case *syntax.ForClause:
		return e.forClause(w, cmd)
	case *syntax.FuncDecl:
		return e.declareFunction(w, cmd)
	case *syntax.Subshell:
		return e.subshell(w, stmt, cmd, at)
	default:
		return e.expression(w, stmt)
	}
}

// expression follows commands that compute or declare, and the rare rest.
func (e *evaluator) expression(w *world, stmt *syntax.Stmt) []*world {
	switch cmd := stmt.Cmd.(type) {
	case *syntax.TestClause:
		if !e.has("[[") {
			w.end(notFound)
			break
		}
		w.endAs(e.testExpr(w, cmd.X))
	case *syntax.ArithmCmd:
		n, known := e.arithm(w, cmd.X)
		w.endAs(numberAnswer(n, known))
	case *syntax.LetClause:
		if !e.has("let") {
			w.end(notFound)
			break
		}
		for _, x := range cmd.Exprs {
			n, known := e.arithm(w, x)
			w.endAs(numberAnswer(n, known))
		}
	case *syntax.DeclClause:
		return e.declare(w, cmd)
	case *syntax.TimeClause:
		if cmd.Stmt != nil {
			return e.stmt(w, cmd.Stmt, place{})
		}
	case *syntax.CoprocClause:
		w.jobs = true
		w.succeed()
	default:
		e.unclear(w, line(stmt), "it holds %s, which is not followed", strings.TrimPrefix(fmt.Sprintf("%T", stmt.Cmd), "*syntax."))
		return nil
	}
	return []*world{w}
}

func numberAnswer(n int64, known bool) answer {
	if !known {
		return maybe
	}
	return toAnswer(n != 0)
}

// inside is a place within if or case: only busybox looks there for a last
// command.
func (e *evaluator) inside(at place) place {
	if e.in.Shell != Busybox {
		at.implicit = no
	}
	return at
}

// binary follows a && b, a || b, and pipelines.
func (e *evaluator) binary(w *world, stmt *syntax.Stmt, cmd *syntax.BinaryCmd, at place) []*world {
	if cmd.Op != syntax.AndStmt && cmd.Op != syntax.OrStmt {
		return e.pipeline(w, stmt, cmd)
	}
	wanted := yes
	if cmd.Op == syntax.OrStmt {
		wanted = no
	}
	if e.in.Shell == Bash && !e.single {
		at.implicit = no // it looks into a list only where that is all
	}
	var out []*world
	for _, v := range e.stmt(w, cmd.X, place{}) {
		if v.flow != goesOn {
			out = append(out, v)
			continue
		}
		spare := e.spare(v)
		at := at
		if wanted == no && at.implicit != no && v.ran == ranLong && !v.statusKnown {
			e.stays(v) // while the first of a || b runs
			if e.runsOn(cmd.X) {
				at.implicit = no // which is for ever
			}
		}
		met, other := e.fork(v, v.succeeded(), cmd.X, wanted)
		if other != nil && wanted == yes {
			other.runs = false // what has to end for the rest is no server in front
		}
		if met != nil {
			then := e.stmt(met, cmd.Y, at)
			if other == nil && spare != nil && allFail(then) {
				other = spare
			}
			out = append(out, then...)
		}
		if other != nil {
			out = append(out, other)
		}
	}
	return e.limit(out)
}

// runsOn is true for a call of a program that is made to run on.
func (e *evaluator) runsOn(stmt *syntax.Stmt) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && e.in.RunsOn != nil && e.in.RunsOn(call.Args[0].Lit())
}

// fork splits a world by a condition: the one in which its outcome is as wanted
// and the one in which it is not; nil for none.
func (e *evaluator) fork(w *world, outcome answer, cond syntax.Node, wanted answer) (met, other *world) {
	switch outcome {
	case wanted:
		return w, nil
	case maybe:
		other = e.clone(w)
		for world, ok := range map[*world]bool{w: wanted == yes, other: wanted != yes} {
			world.endAs(toAnswer(ok))
			world.decide(line(cond), ok)
		}
		return w, other
	default:
		return nil, w
	}
}

// clone is a world's copy. Its tables are copied once one of both changes.
func (e *evaluator) clone(w *world) *world {
	size := len(w.vars.m) + len(w.funcs.m)
	for _, s := range w.saved {
		size += len(s)
	}
	e.spend(1 + size/16)
	return w.clone()
}

// maxConditions bounds the conditions that are remembered of a way.
const maxConditions = 256

// decide notes that a condition was taken for met or not. A program whose end
// decided it has ended.
func (w *world) decide(line int, met bool) {
	if w.ran == ranLong && w.ranLine >= line {
		w.ran = ranTested
	}
	if len(w.conditions) < maxConditions {
		w.conditions = append(w.conditions, Condition{File: w.file, Line: line, Met: met})
	}
}

func (e *evaluator) declareFunction(w *world, cmd *syntax.FuncDecl) []*world {
	if cmd.Name != nil && cmd.Body != nil {
		w.define(cmd.Name.Value, function{body: cmd.Body, file: w.file})
	}
	w.succeed()
	return []*world{w}
}

// unclear ends a world at something that is not followed. In a subshell that
// hides what comes of it: only that shell is lost.
func (e *evaluator) unclear(w *world, line int, format string, args ...any) {
	if w.sub > 0 {
		return
	}
	e.record(w, End{Line: line, Why: fmt.Sprintf(format, args...)})
}

func line(n syntax.Node) int { return int(n.Pos().Line()) }
