package script

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// evaluator walks the statements of one command string in order.
type evaluator struct {
	in      Input
	vars    map[string]string // set by the string itself; over in.Env
	trap    bool              // a trap is set: no shell execs its last command then
	jobs    bool              // something runs in the background: bash stays for it
	newline bool              // the string ends in a newline
	// external is the line of the last program that the shell waited for;
	// programs counts them.
	external int
	programs int
	nodes    int
}

// list evaluates statements in order. done is true when one of them decides;
// last is true when nothing follows the list.
func (e *evaluator) list(stmts []*syntax.Stmt, last bool) (End, bool) {
	for i, stmt := range stmts {
		if isExit(stmt) {
			return e.end(), true
		}
		if end, done := e.stmt(stmt, last && i == len(stmts)-1); done {
			return end, true
		}
	}
	return End{}, false
}

func (e *evaluator) stmt(stmt *syntax.Stmt, last bool) (End, bool) {
	e.nodes++
	if e.nodes > maxNodes {
		return e.unclear(stmt, "it has more than %d commands", maxNodes)
	}
	if stmt.Coprocess {
		return e.unclear(stmt, "it starts a coprocess")
	}
	if stmt.Background {
		return e.background(stmt, last)
	}
	if stmt.Negated {
		last = false
	}
	switch cmd := stmt.Cmd.(type) {
	case nil:
		return End{}, false // a redirection alone
	case *syntax.CallExpr:
		return e.call(stmt, cmd, last)
	case *syntax.BinaryCmd:
		return e.binary(stmt, cmd, last)
	case *syntax.Block:
		// Only busybox looks for the last command inside braces.
		return e.list(cmd.Stmts, last && e.in.Shell == Busybox)
	case *syntax.Subshell:
		return e.subshell(stmt, cmd, last)
	case *syntax.DeclClause:
		return e.declare(stmt, cmd)
	case *syntax.TestClause, *syntax.ArithmCmd:
		return End{}, false
	default:
		return e.unclear(stmt, "it holds %s, which is not followed", describe(cmd))
	}
}

// ran notes a program that the shell waits for.
func (e *evaluator) ran(stmt *syntax.Stmt) {
	e.external = line(stmt)
	e.programs++
}

// end is how the string ends when no command of it replaced the shell.
func (e *evaluator) end() End {
	if e.external > 0 {
		return End{Kind: Stays, Line: e.external, Why: fmt.Sprintf("%s stays and waits for its last command", e.in.Shell)}
	}
	return End{Line: 1, Why: "it runs no program that stays"}
}

// isExit is true for a plain `exit`: nothing behind it is run.
func isExit(stmt *syntax.Stmt) bool {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	return ok && !stmt.Background && len(call.Args) > 0 && call.Args[0].Lit() == "exit"
}

// background handles `cmd &`: the shell goes on at once. As the last command
// it leaves the shell nothing to wait for.
func (e *evaluator) background(stmt *syntax.Stmt, last bool) (End, bool) {
	if last {
		return e.unclear(stmt, "its last command runs in the background")
	}
	e.jobs = true
	return End{}, false
}

func (e *evaluator) binary(stmt *syntax.Stmt, cmd *syntax.BinaryCmd, last bool) (End, bool) {
	switch cmd.Op {
	case syntax.AndStmt:
		if end, done := e.stmt(cmd.X, false); done {
			return end, true
		}
		return e.stmt(cmd.Y, last)
	case syntax.OrStmt:
		return e.or(stmt, cmd)
	default: // a pipeline: every part in a process of its own
		e.ran(stmt)
		return End{}, false
	}
}

// or handles `x || y`. No measured shell execs x. y only matters where it may
// replace the shell or run for long: then both ways are open.
func (e *evaluator) or(stmt *syntax.Stmt, cmd *syntax.BinaryCmd) (End, bool) {
	if end, done := e.stmt(cmd.X, false); done {
		return end, true
	}
	before := e.programs
	if end, done := e.stmt(cmd.Y, false); done {
		if end.Kind == Execs {
			return e.unclear(stmt, "it depends on whether the command before || fails")
		}
		return end, true
	}
	if e.programs > before && e.in.Shell != Dash {
		return e.unclear(stmt, "it depends on whether the command before || fails")
	}
	return End{}, false
}

// subshell handles `( ... )`. An exec inside replaces the subshell only.
// Busybox alone saves the fork of a last subshell.
func (e *evaluator) subshell(stmt *syntax.Stmt, cmd *syntax.Subshell, last bool) (End, bool) {
	if last && e.in.Shell == Busybox && !e.trap && !e.newline {
		return e.list(cmd.Stmts, true)
	}
	e.ran(stmt)
	return End{}, false
}

func (e *evaluator) declare(stmt *syntax.Stmt, cmd *syntax.DeclClause) (End, bool) {
	for _, a := range cmd.Args {
		if a.Name == nil {
			continue
		}
		if !e.assign(a) {
			return e.unclear(stmt, "it sets a variable in a way that is not followed")
		}
	}
	return End{}, false
}

// assign records NAME=word. It is false for what is not followed: arrays, +=.
func (e *evaluator) assign(a *syntax.Assign) bool {
	if a.Name == nil || a.Index != nil || a.Array != nil || a.Append {
		return false
	}
	if a.Naked {
		return true
	}
	e.vars[a.Name.Value] = e.text(a.Value)
	return true
}

func (e *evaluator) unclear(at syntax.Node, format string, args ...any) (End, bool) {
	return End{Line: line(at), Why: fmt.Sprintf(format, args...)}, true
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
