// Package identity says what a program's file tells of itself: which init or
// shell it is, whatever it is called; whether Go built it, and of what.
//
// It is pure: the file comes as a stream of bytes, which is foreign, read once
// and bounded.
package identity

import "io"

// Identity is what an ELF file says of itself. The zero value says nothing.
type Identity struct {
	// Program is the canonical name of a program in the table of programs
	// (package initdb) that the file's own marks prove it to be, such as tini
	// or s6-svscan; empty where no marks of a known program were found.
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
	// Whole is true when all of the file was read, so that missing marks are
	// evidence too.
	Whole bool
}

// GoBuild is what Go's linker writes into a program.
type GoBuild struct {
	// Version is the version of Go, Module the main module's path.
	Version, Module string
	// Reaper is a linked module or package that reaps; empty for none.
	Reaper string
}

// Read reads the bytes of an ELF file as far as it needs them.
func Read(io.Reader) (Identity, error) { return Identity{}, nil }
