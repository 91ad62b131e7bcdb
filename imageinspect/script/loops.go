package script

import (
	"mvdan.cc/sh/v3/syntax"
)

// Bounds on loops: rounds of one, and of one whose condition is not known
// before what its rounds change is taken for unknown.
const (
	maxRounds = 256
	maxGuess  = 3
	maxSeen   = 16
)

// loop is what all loops have in common.
type loop struct {
	node syntax.Node
	// cond says whether there is another round; it may split the world.
	cond func(w *world) []*world
	// until is true where the loop goes on while cond fails.
	until bool
	body  []*syntax.Stmt
	// each runs before each round, next behind it; nil for nothing.
	each, next func(w *world)
}

// run follows a loop to all the states in which it may leave off: ended are
// those behind its last round, left those that leave it before. Rounds are
// followed one by one while its condition is known, a few where it isn't; then
// all that a round changes is taken for unknown, until rounds change nothing.
func (e *evaluator) run(w *world, l loop) (ended, left []*world) {
	e.loops++
	defer func() { e.loops-- }()
	wanted := yes
	if l.until {
		wanted = no
	}
	var inside []*world // that never leave the loop by themselves
	defer func() { e.stuck(inside, l, len(ended)+len(left) > 0) }()
	seen := []*world{e.clone(w)}
	rounds := []*world{w}
	guessed := 0
	for n := 0; len(rounds) > 0; n++ {
		if n >= maxRounds {
			for _, v := range rounds {
				e.unclear(v, line(l.node), "its loop has more than %d rounds", maxRounds)
			}
			break
		}
		var bodies []*world
		unsure := false
		for _, v := range e.condition(rounds, l) {
			if v.flow != goesOn {
				left = append(left, v)
				continue
			}
			unsure = unsure || v.succeeded() == maybe
			met, other := e.fork(v, v.succeeded(), l.node, wanted)
			if met != nil {
				if l.each != nil {
					l.each(met)
				}
				bodies = append(bodies, met)
			}
			if other != nil {
				other.succeed()
				ended = append(ended, other)
			}
		}
		if unsure {
			guessed++
		}
		rounds = nil
		for _, v := range e.list(bodies, l.body, place{}) {
			if e.leaves(v) {
				left = append(left, v)
				continue
			}
			if l.next != nil {
				l.next(v)
			}
			rounds = append(rounds, v)
		}
		var stay []*world
		if rounds, stay = e.settled(e.limit(rounds), &seen, guessed >= maxGuess); !unsure {
			inside = append(inside, stay...)
		}
		ended, left = e.limit(ended), e.limit(left)
	}
	return ended, left
}

// settled parts the worlds in which another round would be like one before from
// the others. To widen is to take for unknown what rounds change.
func (e *evaluator) settled(ws []*world, seen *[]*world, widen bool) (open, settled []*world) {
	for _, w := range ws {
		before := e.seenBefore(w, *seen, (*world).same)
		if before == nil && widen {
			if s := e.seenBefore(w, *seen, (*world).alike); s != nil {
				w.join(s)
				before = e.seenBefore(w, *seen, (*world).same)
			}
		}
		if before == nil {
			open = append(open, w)
			*seen = append(*seen, e.clone(w))
			continue
		}
		w.waited = w.programs > before.programs
		settled = append(settled, w)
	}
	if len(*seen) > maxSeen {
		*seen = (*seen)[len(*seen)-maxSeen:]
	}
	return open, settled
}

// seenBefore finds the last world like this one, however its last command ended.
func (e *evaluator) seenBefore(w *world, seen []*world, like func(a, b *world) bool) *world {
	for i := len(seen) - 1; i >= 0; i-- {
		e.spend(1 + len(w.vars.m)/8)
		before := *seen[i]
		before.ran, before.status, before.statusKnown, before.unnamed, before.runs = w.ran, w.status, w.statusKnown, w.unnamed, w.runs
		if like(w, &before) {
			return &before
		}
	}
	return nil
}

// stuck ends worlds that go round and round. Where others leave the loop it is
// one that waits for something, and the shell stays in it for a while only.
func (e *evaluator) stuck(ws []*world, l loop, left bool) {
	for _, w := range ws {
		switch {
		case w.sub > 0:
		case left:
			w.ran, w.flow = ranTested, goesOn
			e.finish(w)
		case w.reads, e.readsInput(w, l.body, map[string]bool{}):
			e.staysReading(w, line(l.node))
		case !w.waited:
			e.unclear(w, line(l.node), "its loop runs no program and has no end")
		default:
			e.stays(w)
		}
	}
}

// readsInput is true for commands that read, in this shell, from anything but a
// text: from what may keep the shell waiting.
func (e *evaluator) readsInput(w *world, stmts []*syntax.Stmt, seen map[string]bool) bool {
	found := false
	var called []*syntax.Stmt
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
			e.spend(1)
			switch n := n.(type) {
			case *syntax.Stmt:
				return !found && !n.Background && !hasText(n.Redirs)
			case *syntax.BinaryCmd:
				return n.Op == syntax.AndStmt || n.Op == syntax.OrStmt
			case *syntax.Subshell, *syntax.CmdSubst, *syntax.ProcSubst, *syntax.FuncDecl:
				return false
			case *syntax.CallExpr:
				if len(n.Args) == 0 {
					return true
				}
				name := n.Args[0].Lit()
				found = found || name == "read"
				if f, ok := w.funcs.m[name]; ok && !seen[name] {
					seen[name] = true
					called = append(called, f.body)
				}
			}
			return !found
		})
	}
	return found || len(called) > 0 && e.readsInput(w, called, seen)
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
