// Package identity says what a program's file tells of itself: which init or
// shell it is, whatever it is called; whether Go built it, and of what.
//
// It is pure: the file comes as a stream of bytes, which is foreign, read once
// and bounded. What it takes for a mark of a program lies in programs_*.go;
// the code that looks for marks names no program.
package identity

import "io"

// MaxBytes is how much of a file Read looks at. Of the 10,196 programs and
// libraries of a build machine one is larger, a provider of Terraform's.
const MaxBytes = 512 << 20

// Identity is what an ELF file says of itself. The zero value says nothing. All
// texts are short and of visible ASCII characters and spaces.
type Identity struct {
	// Program is the canonical name of a program in the table of programs
	// (package initdb) that the file's own marks prove it to be, such as tini
	// or s6-svscan; empty where no marks of a known program were found, or
	// those of several.
	Program string
	// Version is the program's version, where its marks hold one.
	Version string
	// BuildID is the linker's build ID in hexadecimal (NT_GNU_BUILD_ID).
	BuildID string
	// Interpreter is the dynamic linker that the file asks for; empty for a
	// static program.
	Interpreter string
	// Go is what Go's linker wrote; nil for a program that Go did not build.
	Go *GoBuild
	// Whole is true when all was read that the file brings into memory, so
	// that missing marks are evidence too. Symbols and debugging information
	// after that are never read.
	Whole bool
}

// GoBuild is what Go's linker writes into a program.
type GoBuild struct {
	// Version is the version of Go ("go1.22.3"), Module the main module's
	// path, Package the main package's. All are empty where they can't be
	// read: Version for Go before 1.18, the others for a program that was
	// built outside of a module.
	Version, Module, Package string
	// Reaper is a linked function whose name says that it waits for any child,
	// such as github.com/ramr/go-reaper.reapChildren; empty for none. Go links
	// only what main can reach, so that the program can call it; a flag may
	// decide whether it does. It refutes "does not reap" and proves no more.
	// Its absence proves nothing either: a loop over wait4(-1) may stand in any
	// function.
	Reaper string
}

// Read says what an ELF file tells of itself. It reads r once, up to the last
// byte that the file brings into memory and never more than MaxBytes, and
// holds at most some 2 MiB. A file that is no program, or a broken one, says
// nothing and is no error; an error is r's.
func Read(r io.Reader) (Identity, error) { return read(r, MaxBytes) }

func read(r io.Reader, most int64) (Identity, error) {
	s, err := open(r)
	if err != nil || s == nil {
		return Identity{}, err
	}
	seen := newSight(s.layout)
	whole, err := s.read(most, seen.look)
	if err != nil {
		return Identity{}, err
	}
	return seen.conclude(whole), nil
}
