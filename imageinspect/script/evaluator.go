package script

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// evaluator walks the statements of one command string in order.
type evaluator struct {
	in    Input
	state state
	// poisoned are the variables that the string changes in a way that is not
	// followed, such as ${x:=y}: their value is never known.
	poisoned map[string]bool
	// touched are the variables that the string may change.
	touched map[string]bool
	newline bool // the string ends in a newline
	single  bool // the string is one statement: bash looks for its last command
	nodes   int
}

// state is what a statement may change for those behind it.
type state struct {
	vars   map[string]string // set by the string itself; over Input.Env
	params []string
	trap   bool // a trap is set: no shell execs its last command then
	jobs   bool // something runs in the background
	// external is the line of the last program that the shell waited for, 0
	// for none.
	external int
}

func (s state) clone() state {
	s.vars = maps.Clone(s.vars)
	return s
}

// place is where a statement stands.
type place struct {
	// tail is true when nothing of the string follows: where the statement is
	// not reached the shell ends, and the container with it.
	tail bool
	// implicit says whether the shell replaces itself by a plain command here.
	implicit answer
}

// answer is yes, no, or not known.
type answer uint8

const (
	no answer = iota
	maybe
	yes
)

// flow is how a statement leaves the string.
type flow uint8

const (
	goesOn  flow = iota
	decided      // the End says how the whole string ends
	exits        // the shell ends here
)

// list evaluates statements in order.
func (e *evaluator) list(stmts []*syntax.Stmt, at place) (End, flow) {
	for i, stmt := range stmts {
		here := place{}
		if i == len(stmts)-1 {
			here = at
		}
		if end, f := e.stmt(stmt, here); f != goesOn {
			return end, f
		}
	}
	return End{}, goesOn
}

func (e *evaluator) stmt(stmt *syntax.Stmt, at place) (End, flow) {
	e.nodes++
	if e.nodes > maxNodes {
		return e.unclear(stmt, "it has more than %d commands", maxNodes)
	}
	switch {
	case stmt.Coprocess:
		return e.unclear(stmt, "it starts a coprocess")
	case stmt.Background:
		return e.background(stmt, at)
	case stmt.Negated:
		at.implicit = no
	}
	switch cmd := stmt.Cmd.(type) {
	case nil, *syntax.TestClause, *syntax.ArithmCmd:
		return End{}, goesOn // a redirection or a condition alone
	case *syntax.CallExpr:
		return e.call(stmt, cmd, at)
	case *syntax.BinaryCmd:
		return e.binary(stmt, cmd, at)
	case *syntax.Block:
		if e.in.Shell != Busybox { // the others don't look inside
			at.implicit = no
		}
		return e.list(cmd.Stmts, at)
	case *syntax.Subshell:
		return e.subshell(stmt, cmd, at)
	case *syntax.DeclClause:
		return e.declare(stmt, cmd)
	default:
		return e.unclear(stmt, "it holds %s, which is not followed", describe(cmd))
	}
}

// background handles `cmd &`: the shell goes on at once. As the last command
// it leaves the shell nothing to wait for.
func (e *evaluator) background(stmt *syntax.Stmt, at place) (End, flow) {
	if at.tail {
		return e.unclear(stmt, "its last command runs in the background")
	}
	e.state.jobs = true
	return End{}, goesOn
}

func (e *evaluator) binary(stmt *syntax.Stmt, cmd *syntax.BinaryCmd, at place) (End, flow) {
	if cmd.Op != syntax.AndStmt && cmd.Op != syntax.OrStmt {
		e.ran(stmt) // a pipeline: every part in a process of its own
		return End{}, goesOn
	}
	if end, f := e.stmt(cmd.X, place{}); f != goesOn {
		return end, f
	}
	if cmd.Op == syntax.AndStmt {
		if e.in.Shell == Bash && !e.single && at.implicit == yes {
			at.implicit = maybe // it looks into && only where that is all
		}
		if succeeds(cmd.X) {
			return e.stmt(cmd.Y, at)
		}
		return e.conditional(cmd.Y, at, at.tail)
	}
	return e.conditional(cmd.Y, at, false)
}

// conditional evaluates a statement that may or may not be reached. What it
// decides holds only where the other way ends the container.
func (e *evaluator) conditional(stmt *syntax.Stmt, at place, elseEnds bool) (End, flow) {
	before := e.state.clone()
	end, f := e.stmt(stmt, at)
	switch {
	case f == exits:
		e.state = before // whoever goes on was not there
		return End{}, goesOn
	case f == decided && end.Kind != Unclear && !elseEnds:
		return e.unclear(stmt, "it depends on how a command before it ends")
	case f == decided:
		return end, f
	}
	e.merge(before)
	return End{}, goesOn
}

// merge makes unknown what differs between the two ways behind a condition.
func (e *evaluator) merge(before state) {
	for name := range e.touched {
		was, had := before.vars[name]
		is, has := e.state.vars[name]
		if had != has || was != is {
			e.poisoned[name] = true
		}
	}
	if !slices.Equal(before.params, e.state.params) {
		e.state.params = []string{e.in.UnknownPart("its parameters")}
	}
}

// succeeds is true for commands that do not fail for any reason that would let
// the container go on.
func succeeds(stmt *syntax.Stmt) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || stmt.Negated || stmt.Background {
		_, declares := stmt.Cmd.(*syntax.DeclClause)
		return declares && !stmt.Negated && !stmt.Background
	}
	if len(call.Args) == 0 {
		return true
	}
	switch call.Args[0].Lit() {
	case ":", "true", "set", "umask", "export", "echo", "printf":
		return true
	}
	return false
}

// subshell handles `( ... )`. An exec inside replaces the subshell only.
// Busybox alone saves the fork of a last subshell.
func (e *evaluator) subshell(stmt *syntax.Stmt, cmd *syntax.Subshell, at place) (End, flow) {
	if at.implicit != no && e.in.Shell == Busybox && !e.state.trap && !e.newline {
		return e.list(cmd.Stmts, at)
	}
	e.ran(stmt)
	return End{}, goesOn
}

func (e *evaluator) declare(stmt *syntax.Stmt, cmd *syntax.DeclClause) (End, flow) {
	for _, a := range cmd.Args {
		if a.Name != nil && !e.assign(a) {
			return e.unclear(stmt, "it sets a variable in a way that is not followed")
		}
	}
	return End{}, goesOn
}

// assign records NAME=word. It is false for what is not followed: arrays, +=.
func (e *evaluator) assign(a *syntax.Assign) bool {
	if a.Name == nil || a.Index != nil || a.Array != nil || a.Append {
		return false
	}
	if !a.Naked {
		e.set(a.Name.Value, e.text(a.Value))
	}
	return true
}

func (e *evaluator) set(name, value string) {
	e.touched[name] = true
	e.state.vars[name] = value
}

// ran notes a program that the shell waits for.
func (e *evaluator) ran(stmt *syntax.Stmt) { e.state.external = line(stmt) }

func (e *evaluator) unclear(at syntax.Node, format string, args ...any) (End, flow) {
	return End{Line: line(at), Why: fmt.Sprintf(format, args...)}, decided
}

func line(n syntax.Node) int { return int(n.Pos().Line()) }

func describe(cmd syntax.Command) string {
	switch cmd.(type) {
	case *syntax.IfClause:
		return "an if"
	case *syntax.CaseClause:
		return "a case"
	case *syntax.WhileClause, *syntax.ForClause:
		return "a loop"
	case *syntax.FuncDecl:
		return "a function"
	default:
		return "a " + strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", cmd), "*syntax."))
	}
}
