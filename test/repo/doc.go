// Package repo tests what must hold of the repository as a whole: the list of
// dependencies, the length of files, and that what is named is there.
// What the rooms may import is tested by test/arch.
package repo
