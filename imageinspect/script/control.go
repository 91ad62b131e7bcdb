package script

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// ifClause follows if, elif and else.
func (e *evaluator) ifClause(w *world, clause *syntax.IfClause, at place) []*world {
	if len(clause.Cond) == 0 { // else
		return e.list([]*world{w}, clause.Then, at)
	}
	var out []*world
	for _, v := range e.list([]*world{w}, clause.Cond, place{}) {
		if v.flow != goesOn {
			out = append(out, v)
			continue
		}
		spare := e.spare(v)
		met, other := e.fork(v, v.succeeded(), clause, yes)
		if met != nil {
			then := e.list([]*world{met}, clause.Then, at)
			if other == nil && spare != nil && allFail(then) {
				other = spare
			}
			out = append(out, then...)
		}
		switch {
		case other == nil:
		case clause.Else != nil:
			not := e.ifClause(other, clause.Else, at)
			if met == nil && spare != nil && allFail(not) {
				out = append(out, e.list([]*world{spare}, clause.Then, at)...)
			}
			out = append(out, not...)
		default:
			other.succeed()
			out = append(out, other)
		}
	}
	return e.limit(out)
}

// spare keeps a world for the way that is not taken, where the script is
// followed as if it had what it asks for.
func (e *evaluator) spare(w *world) *world {
	if !e.in.Configured || w.sub > 0 || !w.statusKnown {
		return nil
	}
	return e.clone(w)
}

// allFail is true for worlds that all end with an error.
func allFail(ws []*world) bool {
	for _, w := range ws {
		if w.flow != exits || w.ran == ranLong {
			return false
		}
	}
	return len(ws) > 0
}

// caseClause follows case: item by item, on all ways that may match.
func (e *evaluator) caseClause(w *world, clause *syntax.CaseClause, at place) []*world {
	subject := e.text(w, clause.Word)
	w.succeed()
	spare := e.spare(w)
	out := e.caseItems(w, clause, subject, at)
	if spare != nil && !isUnknown(subject) && allFail(out) {
		out = e.caseItems(spare, clause, UnknownPart("a value that it asks for"), at)
	}
	return out
}

func (e *evaluator) caseItems(w *world, clause *syntax.CaseClause, subject string, at place) []*world {
	open := []*world{w} // those that no item has matched yet
	var through, out []*world
	for _, item := range clause.Items {
		here := through
		through = nil
		var unmatched []*world
		for _, v := range open {
			met, other := e.fork(v, e.matchesAny(v, subject, item.Patterns), item, yes)
			if met != nil {
				met.succeed()
				here = append(here, met)
			}
			if other != nil {
				other.succeed()
				unmatched = append(unmatched, other)
			}
		}
		open = unmatched
		done := e.list(here, item.Stmts, at)
		switch item.Op {
		case syntax.Fallthrough:
			through = done
		case syntax.Resume, syntax.ResumeKorn:
			open = e.limit(append(open, done...))
		default:
			out = append(out, done...)
		}
	}
	return e.limit(append(append(out, through...), open...))
}

func (e *evaluator) matchesAny(w *world, subject string, patterns []*syntax.Word) answer {
	best := no
	for _, p := range patterns {
		if e.spend(1 + len(subject)>>12); e.over() || best == yes {
			break
		}
		best = max(best, e.matches(subject, e.pattern(w, p)))
	}
	return best
}

func (e *evaluator) while(w *world, stmt *syntax.Stmt, clause *syntax.WhileClause) []*world {
	reads := e.hasCall(clause.Cond, "read") && !hasText(stmt.Redirs)
	ended, left := e.run(w, loop{
		node: clause, until: clause.Until, body: clause.Do,
		cond: func(v *world) []*world {
			v.reads = v.reads || reads
			return e.list([]*world{v}, clause.Cond, place{})
		},
	})
	ws := slices.Concat(ended, left)
	for _, v := range ws { // whether it ever comes out of the loop is not known
		v.reads = v.reads || reads
		v.polled = v.polled || v.jobs && !reads && e.hasCall(clause.Do, "sleep")
	}
	return e.limit(ws)
}

// hasCall is true for statements that hold a command of a name.
func (e *evaluator) hasCall(stmts []*syntax.Stmt, name string) bool {
	found := false
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
			e.spend(1)
			if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 && call.Args[0].Lit() == name {
				found = true
			}
			return !found
		})
	}
	return found
}

// hasText is true where input comes from a text or a plain file, which ends.
func hasText(redirects []*syntax.Redirect) bool {
	for _, r := range redirects {
		switch r.Op {
		case syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
			return true
		case syntax.RdrIn:
			if r.Word == nil {
				continue
			}
			substituted := false
			syntax.Walk(r.Word, func(n syntax.Node) bool {
				if p, ok := n.(*syntax.ProcSubst); ok {
					substituted = !endsSoon(p.Stmts)
				}
				return !substituted
			})
			name := r.Word.Lit()
			return !substituted && !strings.Contains(name, "fifo") && !strings.Contains(name, "pipe") && !strings.HasPrefix(name, "/dev/")
		}
	}
	return false
}

// endsSoon is true for commands that all end by themselves.
func endsSoon(stmts []*syntax.Stmt) bool {
	brief := true
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
			if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
				name := call.Args[0].Lit()
				brief = brief && (isBrief(name) || isBuiltin(name))
			}
			return brief
		})
	}
	return brief
}

func (e *evaluator) forClause(w *world, clause *syntax.ForClause) []*world {
	if clause.Select {
		e.unclear(w, line(clause), "it asks somebody to select")
		return nil
	}
	if c, ok := clause.Loop.(*syntax.CStyleLoop); ok {
		return e.forNumbers(w, clause, c)
	}
	iter, ok := clause.Loop.(*syntax.WordIter)
	if !ok {
		e.unclear(w, line(clause), "its loop is not followed")
		return nil
	}
	items := w.params
	if iter.InPos.IsValid() {
		items = e.fields(w, iter.Items)
	}
	w.succeed()
	ws, out := []*world{w}, []*world(nil)
	e.loops++
	defer func() { e.loops-- }()
	for _, item := range items {
		var rounds []*world
		for _, v := range ws {
			if isSpread(item) { // no word, one or many
				ended, left := e.forSpread(v, clause, iter.Name.Value, item)
				rounds, out = append(rounds, ended...), append(out, left...)
				continue
			}
			e.set(v, iter.Name.Value, item)
			for _, after := range e.list([]*world{v}, clause.Do, place{}) {
				if e.leaves(after) {
					out = append(out, after)
				} else {
					rounds = append(rounds, after)
				}
			}
		}
		ws = e.limit(rounds)
	}
	return e.limit(append(out, ws...))
}

// forSpread follows the rounds for no word, one or many.
func (e *evaluator) forSpread(w *world, clause *syntax.ForClause, name, item string) (ended, left []*world) {
	e.loops-- // it is the same loop
	defer func() { e.loops++ }()
	return e.run(w, loop{
		node: clause, body: clause.Do,
		cond: func(v *world) []*world { v.endUnknown(); return []*world{v} },
		each: func(v *world) { e.set(v, name, strings.ReplaceAll(item, unknownMark+spread, unknownMark)) },
	})
}

func (e *evaluator) forNumbers(w *world, clause *syntax.ForClause, c *syntax.CStyleLoop) []*world {
	if c.Init != nil {
		e.arithm(w, c.Init)
	}
	ended, left := e.run(w, loop{
		node: clause, body: clause.Do,
		cond: func(v *world) []*world {
			v.succeed()
			if c.Cond != nil {
				n, known := e.arithm(v, c.Cond)
				v.endAs(numberAnswer(n, known))
			}
			return []*world{v}
		},
		next: func(v *world) {
			if c.Post != nil {
				e.arithm(v, c.Post)
			}
		},
	})
	return e.limit(append(ended, left...))
}
