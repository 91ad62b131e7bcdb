package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// harmless are builtins that neither run a program nor change what follows.
// Of set, only the options are harmless: see call.
var harmless = map[string]bool{
	":": true, "true": true, "false": true, "cd": true, "echo": true, "printf": true, "umask": true,
	"ulimit": true, "test": true, "[": true, "pwd": true, "hash": true, "type": true, "times": true, "kill": true,
}

// call evaluates a simple command.
func (e *evaluator) call(stmt *syntax.Stmt, cmd *syntax.CallExpr, at place) (End, flow) {
	if len(cmd.Args) == 0 {
		for _, a := range cmd.Assigns {
			if !e.assign(a) {
				return e.unclear(stmt, "it sets a variable in a way that is not followed")
			}
		}
		return End{}, goesOn
	}
	for _, a := range cmd.Assigns { // for this command alone
		e.touched[a.Name.Value] = true
	}
	argv := e.fields(cmd.Args)
	if len(argv) == 0 {
		return End{}, goesOn
	}
	if strings.Contains(argv[0], unknownMark) {
		return e.unclear(stmt, "its command depends on a value that is not known")
	}
	name := argv[0]
	if name == "command" && len(argv) > 1 && !strings.HasPrefix(argv[1], "-") {
		argv, name = argv[1:], argv[1]
		at.implicit = min(at.implicit, maybe) // measured for exec alone
	}
	switch {
	case name == "exec":
		return e.exec(stmt, argv[1:])
	case harmless[name]:
		e.printed(name, argv[1:])
		return End{}, goesOn
	default:
		return e.builtinOrProgram(stmt, name, argv, at)
	}
}

// printed follows `printf -v NAME`, which sets a variable.
func (e *evaluator) printed(name string, args []string) {
	if name == "printf" && len(args) > 1 && strings.HasPrefix(args[0], "-v") {
		e.poisoned[strings.TrimPrefix(args[0], "-v")+args[1]] = true
		e.poisoned[strings.TrimPrefix(args[0], "-v")] = true
		e.poisoned[args[1]] = true
	}
}

func (e *evaluator) builtinOrProgram(stmt *syntax.Stmt, name string, argv []string, at place) (End, flow) {
	switch name {
	case "trap":
		return e.setTrap(stmt, argv[1:])
	case "export", "readonly":
		return e.export(stmt, argv[1:])
	case "exit":
		return End{}, exits
	case "set":
		return e.setOptions(stmt, argv[1:])
	case "unset":
		for _, v := range argv[1:] {
			e.set(v, "")
		}
	case "shift":
		if len(argv) > 1 || len(e.state.params) == 0 || strings.Contains(e.state.params[0], unknownMark) {
			return e.unclear(stmt, "it shifts its parameters in a way that is not followed")
		}
		e.state.params = e.state.params[1:]
	case "wait":
		e.ran(stmt) // for the jobs in the background
	case ".", "source":
		return e.unclear(stmt, "it reads another script, which was not looked at")
	case "eval", "read", "alias", "return", "break", "continue", "getopts", "jobs", "fg", "bg",
		"local", "declare", "typeset", "shopt", "enable", "builtin", "command", "mapfile", "readarray", "let", "suspend", "logout", "coproc":
		return e.unclear(stmt, "it uses %s, which is not followed", name)
	default:
		return e.program(stmt, argv, at)
	}
	return End{}, goesOn
}

// setTrap follows `trap ACTION SIGNAL ...`. An empty action ignores the signal,
// which an exec keeps: with SIGCHLD ignored the kernel reaps.
func (e *evaluator) setTrap(stmt *syntax.Stmt, args []string) (End, flow) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	for _, signal := range args {
		if strings.Contains(signal, unknownMark) || strings.Contains(strings.ToUpper(signal), "CHLD") || signal == "17" {
			return e.unclear(stmt, "it changes what happens on SIGCHLD")
		}
	}
	if len(args) > 1 && args[0] != "" && args[0] != "-" {
		e.state.trap = true
	}
	return End{}, goesOn
}

// export follows `export NAME=value` where the parser sees a plain command.
func (e *evaluator) export(stmt *syntax.Stmt, args []string) (End, flow) {
	for _, a := range args {
		name, value, assigned := strings.Cut(a, "=")
		if strings.Contains(name, unknownMark) {
			return e.unclear(stmt, "it exports a variable whose name is not known")
		}
		if assigned {
			e.set(name, value)
		}
	}
	return End{}, goesOn
}

// setOptions follows `set -e` and the like, and `set -- WORD ...`.
func (e *evaluator) setOptions(stmt *syntax.Stmt, args []string) (End, flow) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--":
			e.state.params = append([]string(nil), args[i+1:]...)
			return End{}, goesOn
		case strings.Contains(a, unknownMark):
			return e.unclear(stmt, "its parameters depend on a value that is not known")
		case a == "-o" || a == "+o" || strings.HasPrefix(a, "-") && strings.HasSuffix(a, "o"):
			i++ // the option's name
		case strings.HasPrefix(a, "-") || strings.HasPrefix(a, "+"):
		default:
			e.state.params = append([]string(nil), args[i:]...)
			return End{}, goesOn
		}
	}
	return End{}, goesOn
}

// exec evaluates the builtin: with a command it replaces the shell, without
// one it only redirects.
func (e *evaluator) exec(stmt *syntax.Stmt, args []string) (End, flow) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch {
		case args[0] == "--":
			args = args[1:]
			return e.execs(stmt, args)
		case e.in.Shell != Bash:
			return e.unclear(stmt, "%s may not take options to exec", e.in.Shell)
		case args[0] == "-a" && len(args) > 1:
			args = args[2:]
		case strings.Trim(args[0], "-cl") == "":
			args = args[1:]
		default:
			return e.unclear(stmt, "an option of exec can't be read")
		}
	}
	return e.execs(stmt, args)
}

func (e *evaluator) execs(stmt *syntax.Stmt, args []string) (End, flow) {
	if len(args) == 0 {
		return End{}, goesOn
	}
	return End{Kind: Execs, Argv: args, Line: line(stmt), Why: "exec"}, decided
}

// program evaluates a command that is no builtin: the shell runs it and waits,
// or execs it because nothing is left to do.
func (e *evaluator) program(stmt *syntax.Stmt, argv []string, at place) (End, flow) {
	switch e.execsLast(stmt, at) {
	case yes:
		return End{
			Kind: Execs, Argv: argv, Line: line(stmt),
			Why: string(e.in.Shell) + " execs the last command,",
		}, decided
	case maybe:
		return e.unclear(stmt, "%s may exec its last command here, or stay", e.in.Shell)
	}
	e.ran(stmt)
	return End{}, goesOn
}

// execsLast says whether the shell replaces itself by a plain command of a -c
// string.
func (e *evaluator) execsLast(stmt *syntax.Stmt, at place) answer {
	if at.implicit == no || e.state.trap {
		return no
	}
	switch e.in.Shell {
	case Bash:
		if len(stmt.Redirs) > 0 {
			return no
		}
		if e.state.jobs {
			return maybe // it stays for some strings with jobs and not for others
		}
		return at.implicit
	case Busybox:
		if e.newline {
			return no
		}
		return at.implicit
	default: // Debian's and Ubuntu's dash never does
		return no
	}
}
