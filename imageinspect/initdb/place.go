package initdb

import (
	"path"
	"slices"
	"strings"
)

// generic marks a row whose name many other programs bear.
func (p Program) generic() Program {
	p.Generic = true
	return p
}

// placed marks a row whose name says nothing: it stands only for these files.
func (p Program) placed(paths ...string) Program {
	p.Placed, p.Paths = true, paths
	return p
}

// standsFor is true when a program called so may be the row's, its base name
// being right.
func (p Program) standsFor(argv0 string) bool {
	if p.Placed {
		return slices.Contains(p.Paths, argv0)
	}
	return !p.Generic || isBare(argv0) || p.isSystems(argv0)
}

// isSystems is true when the file lies where the row's program is installed.
func (p Program) isSystems(file string) bool {
	return inSystemDirectory(file) || slices.Contains(p.Paths, file)
}

// isBare is true for a name that is looked for on PATH.
func isBare(argv0 string) bool { return !strings.Contains(argv0, "/") }

// inSystemDirectory is true for a file directly in a directory where systems
// keep their programs.
func inSystemDirectory(file string) bool {
	if isUnknown(file) {
		return false
	}
	switch path.Dir(file) {
	case "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin":
		return true
	}
	return false
}
