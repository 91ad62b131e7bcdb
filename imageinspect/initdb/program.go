// Package initdb is the table of programs: which of them reap orphans as
// PID 1, which replace themselves by another, and where that is known from.
//
// It names programs; the code that looks them up names none. Every row carries
// its source.
package initdb

// Reaping is what a program does with orphans when it is PID 1. The zero value
// is no answer.
type Reaping uint8

// What a program does with orphans.
const (
	ReapingUnknown Reaping = iota
	LeavesOrphans
	ReapsOrphans
)

// Role is what kind of program a row is about.
type Role string

// The roles.
const (
	Init       Role = "init"       // its job is to reap and to forward signals
	Supervisor Role = "supervisor" // starts and restarts other programs
	Shell      Role = "shell"
	Runtime    Role = "runtime" // an interpreter or a virtual machine
	Server     Role = "server"
	Tool       Role = "tool"
)

// SourceKind is how a row's content became known.
type SourceKind string

// The kinds of source, best first.
const (
	Measured   SourceKind = "measured"   // by this project's own harness
	Code       SourceKind = "code"       // read in the program's source
	Documented SourceKind = "documented" // the program's own documentation
	Configured SourceKind = "configured" // the cluster's configuration says so
)

// Source is where a row's content is known from.
type Source struct {
	Kind SourceKind
	// Ref is the id of the measured form, a URL, or a place in the
	// configuration.
	Ref string
}

// Behaviour is what a program does as PID 1.
type Behaviour struct {
	Reaps Reaping
	// Why is one clause: "waits only for children that it started".
	Why string
	// MustBePID1 is true for programs that refuse to work as anything else.
	MustBePID1 bool
	// HarmedByOrphans says what the exit of an orphan does to it; empty when
	// nothing bad is known.
	HarmedByOrphans string
	// ForwardsSignals is true when SIGTERM reaches what runs below.
	ForwardsSignals bool
	// ForksHelpers is true for programs known to start processes that may
	// outlive their parents.
	ForksHelpers bool
	Source       Source
}

// Program is one row of the table.
type Program struct {
	// Names are the base names by which argv may call it.
	Names []string
	// Versioned is true when a version may follow the name: python3.11,
	// php-fpm8.2.
	Versioned bool
	// Generic is true when many other programs bear the name: the row then
	// stands only for a bare name and for a file that lies where a system keeps
	// its programs, or at one of Paths.
	Generic bool
	Paths   []string
	// Placed is true when the name says nothing at all: the row then stands
	// only for the files at Paths.
	Placed bool
	Role   Role
	// Interpreter is the canonical name of the runtime that runs the program
	// when it is a script ("python"), empty when it is not.
	Interpreter string
	// Modules are the names by which that runtime's module option calls it
	// (python -m gunicorn), when they differ from Names.
	Modules []string
	// Script says where the arguments name a script, for a runtime whose
	// scripts have rows of their own.
	Script *ScriptSyntax
	// Behaviour is what it does unless a mode says otherwise.
	Behaviour
	// Modes are looked at in order; the first that matches decides.
	Modes []Mode
}

// Mode is a way of calling a program that changes what it does as PID 1.
type Mode struct {
	// When says the condition in words: "with -W".
	When string
	// Match looks at the arguments, without the program's name.
	Match func(args []string) bool
	// Ends is true when the program only prints a text and exits. A word that
	// can't be known is not taken for it: the container would end at once.
	Ends bool
	// Stated is true for a mode that changes what the program is for, as
	// --sentinel does: it is written where it is meant, and a word that can't
	// be known is not taken for it.
	Stated bool
	Behaviour
}
