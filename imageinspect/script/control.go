package script

import (
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
	return w.clone()
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
	at.implicit = min(at.implicit, maybe)
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
			open = append(open, done...)
		default:
			out = append(out, done...)
		}
	}
	return e.limit(append(append(out, through...), open...))
}

func (e *evaluator) matchesAny(w *world, subject string, patterns []*syntax.Word) answer {
	best := no
	for _, p := range patterns {
		best = max(best, e.matches(subject, e.pattern(w, p)))
	}
	return best
}

// Bounds on loops: rounds of one whose condition is known, and of one whose
// condition is not before what it changes is taken for unknown.
const (
	maxRounds = 256
	maxGuess  = 3
)

// loop is what all loops have in common.
type loop struct {
	node syntax.Node
	// cond says whether there is another round; it may split the world.
	cond func(w *world) []*world
	// until is true where the loop goes on while cond fails.
	until bool
	body  []*syntax.Stmt
	// next runs behind each round; nil for nothing.
	next func(w *world)
}

// run follows a loop. Rounds are followed one by one while its condition is
// known, a few where it isn't; then all that a round changes is taken for
// unknown, for one last round.
func (e *evaluator) run(w *world, l loop) []*world {
	wanted := yes
	if l.until {
		wanted = no
	}
	var out []*world
	var inside []*world // that never leave the loop by themselves
	defer func() { e.stuck(inside, l, len(out) > 0) }()
	seen := w.clone()
	rounds := []*world{w}
	guessed := 0
	for n := 0; len(rounds) > 0; n++ {
		if n >= maxRounds || guessed > maxGuess {
			for _, v := range rounds {
				if n >= maxRounds && guessed == 0 {
					e.unclear(v, line(l.node), "its loop has more than %d rounds", maxRounds)
				}
			}
			return e.limit(out)
		}
		var bodies []*world
		unsure := false
		for _, v := range e.condition(rounds, l) {
			if v.flow != goesOn {
				out = append(out, v)
				continue
			}
			unsure = unsure || v.succeeded() == maybe
			met, other := e.fork(v, v.succeeded(), l.node, wanted)
			if met != nil {
				bodies = append(bodies, met)
			}
			if other != nil {
				other.succeed()
				out = append(out, other)
			}
		}
		if unsure {
			guessed++
		}
		rounds = nil
		for _, v := range e.list(bodies, l.body, place{}) {
			if e.leaves(v) {
				out = append(out, v)
				continue
			}
			if l.next != nil {
				l.next(v)
			}
			rounds = append(rounds, v)
		}
		rounds = e.limit(rounds)
		var stay []*world
		rounds, stay = e.settled(rounds, seen)
		if !unsure {
			inside = append(inside, stay...)
		}
		if guessed == maxGuess {
			for _, v := range rounds {
				v.join(seen)
			}
		}
		if len(rounds) > 0 {
			seen = rounds[0].clone()
		}
	}
	return e.limit(out)
}

func (e *evaluator) condition(ws []*world, l loop) []*world {
	var out []*world
	for _, w := range ws {
		out = append(out, l.cond(w)...)
	}
	return out
}

// leaves handles break and continue: true for a world that goes on behind the
// loop.
func (e *evaluator) leaves(w *world) bool {
	switch w.flow {
	case goesOn:
		return false
	case breaks, continues:
		if w.levels > 1 {
			w.levels--
			return true
		}
		left := w.flow == breaks
		w.flow, w.levels = goesOn, 0
		return left
	default:
		return true
	}
}

// settled parts the worlds in which another round would be like the last from
// the others.
func (e *evaluator) settled(ws []*world, seen *world) (open, same []*world) {
	for _, w := range ws {
		before := *seen
		before.ran, before.status, before.statusKnown, before.unnamed = w.ran, w.status, w.statusKnown, w.unnamed
		if !w.same(&before) {
			open = append(open, w)
			continue
		}
		w.waited = w.programs > seen.programs
		same = append(same, w)
	}
	return open, same
}

// stuck ends worlds that go round and round. Where others leave the loop it is
// one that waits for something, and the shell stays in it for a while only.
func (e *evaluator) stuck(ws []*world, l loop, left bool) {
	for _, w := range ws {
		reads := w.reads || calls(l.body, "read")
		switch {
		case w.sub > 0:
		case left:
			w.ran, w.flow = ranTested, goesOn
			e.finish(w)
		case !w.waited && !reads:
			e.unclear(w, line(l.node), "its loop runs no program and has no end")
		case reads:
			e.staysReading(w, line(l.node))
		default:
			e.stays(w)
		}
	}
}

func (e *evaluator) while(w *world, stmt *syntax.Stmt, clause *syntax.WhileClause) []*world {
	reads := readsFrom(clause.Cond) && !hasText(stmt.Redirs)
	ws := e.run(w, loop{
		node: clause, until: clause.Until, body: clause.Do,
		cond: func(v *world) []*world {
			v.reads = v.reads || reads
			return e.list([]*world{v}, clause.Cond, place{})
		},
	})
	for _, v := range ws { // whether it ever comes out of the loop is not known
		v.reads = v.reads || reads
		v.polled = v.polled || v.jobs && !reads && runsSleep(clause.Do)
	}
	return ws
}

// runsSleep is true for a loop that waits between its rounds.
func runsSleep(stmts []*syntax.Stmt) bool { return calls(stmts, "sleep") }

// readsFrom is true for a condition that calls read.
func readsFrom(stmts []*syntax.Stmt) bool { return calls(stmts, "read") }

// calls is true for statements that hold a command of a name.
func calls(stmts []*syntax.Stmt, name string) bool {
	found := false
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
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
	for _, item := range items {
		var rounds []*world
		for _, v := range ws {
			if isSpread(item) { // no word, one or many
				none := v.clone()
				none.decide(line(clause), false)
				v.decide(line(clause), true)
				rounds = append(rounds, none)
			}
			e.set(v, iter.Name.Value, strings.ReplaceAll(item, unknownMark+spread, unknownMark))
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

func (e *evaluator) forNumbers(w *world, clause *syntax.ForClause, c *syntax.CStyleLoop) []*world {
	if c.Init != nil {
		e.arithm(w, c.Init)
	}
	return e.run(w, loop{
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
}
