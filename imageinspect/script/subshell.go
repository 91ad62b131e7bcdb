package script

import (
	"mvdan.cc/sh/v3/syntax"
)

// pipeline: every part runs in a process of its own.
func (e *evaluator) pipeline(w *world, stmt *syntax.Stmt, cmd *syntax.BinaryCmd) []*world {
	if w.capture {
		w.out += UnknownPart("the output of a command")
	}
	// The shell waits for all of it: for a program that does not end by itself
	// if there is one.
	most := ranBriefly
	for part := stmt; part != nil; {
		binary, ok := part.Cmd.(*syntax.BinaryCmd)
		if !ok || binary.Op != syntax.Pipe && binary.Op != syntax.PipeAll {
			most = max(most, e.pipePart(w, part))
			break
		}
		most = max(most, e.pipePart(w, binary.Y))
		part = binary.X
	}
	e.mention(w, cmd)
	w.waitedFor(most, line(stmt))
	w.endUnknown()
	return []*world{w}
}

func (e *evaluator) pipePart(w *world, part *syntax.Stmt) rank {
	call, ok := part.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ranLong
	}
	name := call.Args[0].Lit()
	_, isFunction := w.funcs.m[name]
	if !isFunction && (isBrief(name) || isBuiltin(name) && name != "exec") {
		return ranBriefly
	}
	return ranLong
}

// subshell handles `( ... )`. An exec inside replaces the subshell only.
// Busybox alone saves the fork of a last subshell.
func (e *evaluator) subshell(w *world, stmt *syntax.Stmt, cmd *syntax.Subshell, at place) []*world {
	if at.implicit != no && e.in.Shell == Busybox && !w.trap && !e.newline {
		return e.list([]*world{w}, cmd.Stmts, at)
	}
	inner := e.clone(w)
	inner.sub++
	ran := ranNothing
	var status statuses
	for _, v := range e.list([]*world{inner}, cmd.Stmts, place{}) {
		status.add(v)
		ran = max(ran, v.ran)
		if w.capture && v.out != w.out {
			w.out += UnknownPart("the output of a command")
		}
	}
	w.jobs = w.jobs || inner.jobs
	if ran > ranNothing {
		w.waitedFor(ran, line(stmt))
	}
	status.end(w)
	return []*world{w}
}

// statuses gathers how several worlds end.
type statuses struct {
	status        int
	known, differ bool
}

func (s *statuses) add(w *world) {
	if w.cut {
		w.end(1)
	}
	if s.known && s.status != w.status || !w.statusKnown {
		s.differ = true
	}
	s.status, s.known = w.status, true
}

// end ends a world as all of them do; it is not known where they differ or there
// is none.
func (s *statuses) end(w *world) {
	if w.end(s.status); !s.known || s.differ {
		w.endUnknown()
	}
}
