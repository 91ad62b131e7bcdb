// Package script says what a shell script, or the command string of a shell
// (`sh -c STRING`), ends up as: another program, because the shell execs it, or
// the shell itself.
//
// It is pure. A script is parsed and followed, never run. Where a condition
// can't be known both ways are followed; what can't be followed ends as Unclear
// with the place and the cause.
package script

import (
	"errors"
	"fmt"
	"strings"
)

// Shell is a shell whose habits are measured.
type Shell string

// The shells. They differ in when the last command of a string replaces them.
const (
	Bash    Shell = "bash"
	Dash    Shell = "dash"
	Busybox Shell = "busybox"
)

// EndKind is how a script ends, as far as PID 1 is concerned. The zero value is
// no answer.
type EndKind uint8

// The kinds of end.
const (
	Unclear EndKind = iota // it can't be said; Why says what stands in the way
	Execs                  // the shell replaces itself by Argv
	Stays                  // the shell stays and waits for the commands below it
	Exits                  // the shell ends, and the container with it
	Reads                  // the shell stays, but in read, where not all reap
)

// End is one way in which a script ends.
type End struct {
	Kind EndKind
	// Argv is the program that replaces the shell. Text that can't be known is
	// marked, see UnknownPart.
	Argv []string
	// Env is the environment of that program, Dir its working directory.
	Env Environment
	Dir string
	// File is the script that holds the deciding command, Line its line there,
	// from 1.
	File string
	Line int
	// Why says in one clause what decided, without any value of a variable.
	Why string
	// Conditions are what could not be known on the way here.
	Conditions []Condition
}

// Condition is a fork in a script's way that could not be decided.
type Condition struct {
	// File and Line are where it stands.
	File string
	Line int
	// Met says which way was taken.
	Met bool
}

// Environment is a process's environment as far as it is known.
type Environment struct {
	// Vars are the variables that are set. Their values may hold unknown parts.
	Vars map[string]string
	// MaySet is true for a name that is not in Vars but may be set all the
	// same; nil means that none may.
	MaySet func(name string) bool
}

// Stat is what a script can test about a file.
type Stat struct {
	Exists, Dir, Executable bool
	// Plain is true for what is certainly no symlink; Path is where the file
	// really lies.
	Plain bool
	Path  string
	Size  int64
}

// ErrAbsent is wrapped by the error of Input.Text for a file that is certainly
// not there.
var ErrAbsent = errors.New("no such file")

// ErrNoScript is wrapped by the error of Input.Text for a folder or a binary.
var ErrNoScript = errors.New("it is no script")

// Input is a script with what is known around it.
type Input struct {
	Source string
	Shell  Shell
	// POSIX is true for a bash that was called as sh, or told to be one.
	POSIX bool
	// Login is true for a shell that reads the profiles first.
	Login bool
	// File is the script's path; empty for the command string of -c.
	File string
	// Name is $0, Params are $1 and so on.
	Name   string
	Params []string
	Env    Environment
	// UID is the user's number; UnknownPart or NonRoot where it isn't known.
	UID string
	Dir string
	// Text gives the text of another script that this one reads (`. FILE`), by
	// its absolute, clean path; nil when none can be had. The error is one
	// clause for people.
	Text func(path string) (string, error)
	// Stat answers the script's tests on files, by absolute, clean paths; false
	// where it isn't known. Nil knows nothing.
	Stat func(path string) (Stat, bool)
	// Configured is true to follow the script as if it had been given what it
	// ends without: where the way that is known leads to an error only, the
	// other one is followed too.
	Configured bool
	// IsProgram is true for the names of well-known programs; nil for none. A
	// name that it lacks may be a function where a script that this one reads
	// can't be had.
	IsProgram func(name string) bool
	// RunsOn is true for the names of programs that are made to run on, such
	// as servers and runtimes; nil for none.
	RunsOn func(name string) bool
	// Ended is asked from time to time; once it is true nothing more is
	// followed. Nil for never.
	Ended func() bool
	// Parser may be shared by several scripts; nil for one of its own.
	Parser *Parser
}

// Bounds on what is followed.
const (
	// maxString bounds a command string, maxFile a script file, in bytes; the
	// parser needs some hundred bytes of memory for each.
	maxString = 16 << 10
	maxFile   = 256 << 10
	// maxDepth bounds nested brackets: the parser's time grows with the square
	// of the depth.
	maxDepth = 128
	// maxSteps bounds how many commands are followed, on all ways together.
	// Ways past fewWorlds are joined where they go on alike; past maxWorlds
	// they are too many. maxEnds bounds the ends told,
	// fewEnds those that are kept apart for their arguments alone.
	maxSteps  = 60_000
	fewWorlds = 12
	maxWorlds = 48
	fewEnds   = 6
	maxEnds   = 16
	// maxCalls bounds nested functions, substitutions and read scripts.
	maxCalls = 24
	// maxText bounds the text of any value, in bytes, maxWords the words of a
	// list.
	maxText  = 64 << 10
	maxWords = 4096
)

// Run follows a script to its ends; it gives one at least. Ways on which the
// container ends by itself are left out where there are others.
func Run(in Input) []End {
	what, limit := "the script", maxFile
	if in.File == "" {
		what, limit = "the command string", maxString
	}
	if len(in.Source) > limit {
		return []End{{Line: 1, File: in.File, Why: fmt.Sprintf("%s is longer than %d KiB", what, limit>>10)}}
	}
	if strings.Contains(in.Source, unknownMark) {
		return []End{{Line: 1, File: in.File, Why: what + " depends on a value that is not known"}}
	}
	if in.Parser == nil {
		in.Parser = &Parser{}
	}
	parsed, err := in.Parser.parse(in.Source, in.Shell)
	if err != nil {
		return []End{{Line: 1, File: in.File, Why: what + " " + err.Error()}}
	}
	e := evaluator{in: in, patterns: map[patternKey]matcher{}, mentioned: map[string]bool{}}
	at := place{}
	if in.File == "" {
		e.newline = strings.HasSuffix(in.Source, "\n")
		e.single = len(parsed.stmts) == 1
		at.implicit = yes
	}
	for _, w := range e.parsed(e.startup(newWorld(in)), parsed, at) {
		e.finish(w)
	}
	return e.outcomes()
}
