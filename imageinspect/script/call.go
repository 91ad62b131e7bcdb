package script

import (
	"path"
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
func (e *evaluator) call(stmt *syntax.Stmt, cmd *syntax.CallExpr, last bool) (End, bool) {
	if len(cmd.Args) == 0 {
		for _, a := range cmd.Assigns {
			if !e.assign(a) {
				return e.unclear(stmt, "it sets a variable in a way that is not followed")
			}
		}
		return End{}, false
	}
	argv := e.fields(cmd.Args)
	if len(argv) == 0 {
		return End{}, false
	}
	if strings.Contains(argv[0], unknownMark) {
		return e.unclear(stmt, "its command depends on a value that is not known")
	}
	name := argv[0]
	if name == "command" && len(argv) > 1 && !strings.HasPrefix(argv[1], "-") {
		argv, name = argv[1:], argv[1]
		if name != "exec" {
			last = false // only exec behind `command` is measured
		}
	}
	switch {
	case name == "exec":
		return e.exec(stmt, argv[1:])
	case harmless[name]:
		return End{}, false
	default:
		return e.builtinOrProgram(stmt, name, argv, last)
	}
}

func (e *evaluator) builtinOrProgram(stmt *syntax.Stmt, name string, argv []string, last bool) (End, bool) {
	switch name {
	case "trap":
		return e.setTrap(stmt, argv[1:])
	case "export", "readonly":
		return e.export(stmt, argv[1:])
	case "exit": // behind && or ||: where it is reached the container ends
	case "set":
		return e.set(stmt, argv[1:])
	case "unset":
		for _, v := range argv[1:] {
			e.vars[v] = ""
		}
	case "shift":
		if len(argv) > 1 || len(e.in.Params) == 0 {
			return e.unclear(stmt, "it shifts its parameters in a way that is not followed")
		}
		e.in.Params = e.in.Params[1:]
	case "wait":
		e.ran(stmt)
	case ".", "source":
		return e.unclear(stmt, "it reads another script, which was not looked at")
	case "eval", "read", "alias", "return", "break", "continue", "getopts", "jobs", "fg", "bg",
		"local", "declare", "typeset", "shopt", "enable", "builtin", "command", "mapfile", "readarray", "let", "suspend", "logout", "coproc":
		return e.unclear(stmt, "it uses %s, which is not followed", name)
	default:
		return e.program(stmt, argv, last)
	}
	return End{}, false
}

// setTrap follows `trap ACTION SIGNAL ...`. An empty action ignores the signal,
// which an exec keeps: with SIGCHLD ignored the kernel reaps.
func (e *evaluator) setTrap(stmt *syntax.Stmt, args []string) (End, bool) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	for _, signal := range args {
		if strings.Contains(signal, unknownMark) || strings.Contains(strings.ToUpper(signal), "CHLD") || signal == "17" {
			return e.unclear(stmt, "it changes what happens on SIGCHLD")
		}
	}
	if len(args) > 1 && args[0] != "" && args[0] != "-" {
		e.trap = true
	}
	return End{}, false
}

// export follows `export NAME=value` where the parser sees a plain command.
func (e *evaluator) export(stmt *syntax.Stmt, args []string) (End, bool) {
	for _, a := range args {
		name, value, assigned := strings.Cut(a, "=")
		if strings.Contains(name, unknownMark) {
			return e.unclear(stmt, "it exports a variable whose name is not known")
		}
		if assigned {
			e.vars[name] = value
		}
	}
	return End{}, false
}

// set follows `set -e` and the like, and `set -- WORD ...`.
func (e *evaluator) set(stmt *syntax.Stmt, args []string) (End, bool) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--":
			e.in.Params = append([]string(nil), args[i+1:]...)
			return End{}, false
		case strings.Contains(a, unknownMark):
			return e.unclear(stmt, "its parameters depend on a value that is not known")
		case a == "-o" || a == "+o" || strings.HasPrefix(a, "-") && strings.HasSuffix(a, "o"):
			i++ // the option's name
		case strings.HasPrefix(a, "-") || strings.HasPrefix(a, "+"):
		default:
			e.in.Params = append([]string(nil), args[i:]...)
			return End{}, false
		}
	}
	return End{}, false
}

// exec evaluates the builtin: with a command it replaces the shell, without
// one it only redirects.
func (e *evaluator) exec(stmt *syntax.Stmt, args []string) (End, bool) {
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

func (e *evaluator) execs(stmt *syntax.Stmt, args []string) (End, bool) {
	if len(args) == 0 {
		return End{}, false
	}
	return End{Kind: Execs, Argv: args, Line: line(stmt), Why: "exec"}, true
}

// program evaluates a command that is no builtin: the shell runs it and waits,
// or execs it because nothing is left to do.
func (e *evaluator) program(stmt *syntax.Stmt, argv []string, last bool) (End, bool) {
	e.ran(stmt)
	if !last || e.trap || !e.execsLast(stmt) {
		return End{}, false
	}
	return End{
		Kind: Execs, Argv: argv, Line: line(stmt),
		Why: string(e.in.Shell) + " execs the last command, " + path.Base(argv[0]),
	}, true
}

// execsLast says whether the shell replaces itself by the last plain command
// of a -c string.
func (e *evaluator) execsLast(stmt *syntax.Stmt) bool {
	switch e.in.Shell {
	case Bash:
		return len(stmt.Redirs) == 0 && !e.jobs
	case Busybox:
		return !e.newline
	default: // Debian's and Ubuntu's dash never does
		return false
	}
}
