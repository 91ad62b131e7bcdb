// Package script says what the command string of a shell (`sh -c STRING`) ends
// up as: another program, because the shell execs it, or the shell itself.
//
// It is pure. The string is parsed and never run; what can't be followed ends
// as Unclear with the place and the cause.
package script

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Shell is a shell whose habits are measured.
type Shell string

// The shells. They differ in when the last command of a string replaces them.
const (
	Bash    Shell = "bash"
	Dash    Shell = "dash"
	Busybox Shell = "busybox"
)

// EndKind is how a command string ends, as far as PID 1 is concerned. The zero
// value is no answer.
type EndKind uint8

// The kinds of end.
const (
	Unclear EndKind = iota // it can't be said; Why says what stands in the way
	Execs                  // the shell replaces itself by Argv
	Stays                  // the shell stays and waits for the commands below it
)

// End is how a command string ends.
type End struct {
	Kind EndKind
	// Argv is the program that replaces the shell. Text that can't be known is
	// marked by UnknownPart.
	Argv []string
	// Line is the line of the deciding command, from 1.
	Line int
	// Why says in one clause what decided, without any value of a variable.
	Why string
	// Changed are the variables that the string may have changed for the
	// program that it execs.
	Changed []string
}

// Input is a command string with what is known around it.
type Input struct {
	Source string
	Shell  Shell
	// Name is $0, Params are $1 and so on.
	Name   string
	Params []string
	// Env is the environment as far as it is known; a name that it lacks may
	// still be set. Values may hold unknown parts.
	Env map[string]string
	// UnknownPart marks text that can't be known, named after what it depends on.
	UnknownPart func(name string) string
}

// maxSource bounds a command string, in bytes.
const maxSource = 16 << 10

// maxDepth bounds nested brackets: the parser's time grows with the square of
// the depth.
const maxDepth = 64

// maxNodes bounds how many statements are looked at.
const maxNodes = 2000

// Command evaluates a command string.
func Command(in Input) End {
	if len(in.Source) > maxSource {
		return End{Line: 1, Why: fmt.Sprintf("the command string is longer than %d KiB", maxSource>>10)}
	}
	if deep(in.Source) {
		return End{Line: 1, Why: "the command string is nested too deeply"}
	}
	if in.UnknownPart == nil {
		in.UnknownPart = func(string) string { return unknownMark + unknownMark }
	}
	if strings.Contains(in.Source, unknownMark) {
		return End{Line: 1, Why: "the command string depends on a value that is not in the pod"}
	}
	variant := syntax.LangPOSIX
	if in.Shell == Bash {
		variant = syntax.LangBash
	}
	file, err := syntax.NewParser(syntax.Variant(variant)).Parse(strings.NewReader(in.Source), "")
	if err != nil {
		return End{Line: 1, Why: "the command string can't be parsed"}
	}
	e := evaluator{
		in: in, state: state{vars: map[string]string{}, params: in.Params}, poisoned: poison(file), touched: map[string]bool{},
		newline: strings.HasSuffix(in.Source, "\n"), single: len(file.Stmts) == 1,
	}
	end, f := e.list(file.Stmts, place{tail: true, implicit: yes})
	if f != decided {
		end = e.end()
	}
	maps.Copy(e.touched, e.poisoned)
	end.Changed = slices.Sorted(maps.Keys(e.touched))
	return end
}

// end is how the string ends when no command of it replaced the shell.
func (e *evaluator) end() End {
	if e.state.external > 0 {
		return End{Kind: Stays, Line: e.state.external, Why: fmt.Sprintf("%s stays and waits for its last command", e.in.Shell)}
	}
	return End{Line: 1, Why: "it runs no program that stays"}
}

// deep is true when more than maxDepth brackets are open at some place. It
// counts quoted ones too: what it refuses may only be too much.
func deep(source string) bool {
	depth := 0
	for i := range len(source) {
		switch source[i] {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth = max(depth-1, 0)
		}
		if depth > maxDepth {
			return true
		}
	}
	return false
}
