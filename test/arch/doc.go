// Package arch holds the rules that keep the rooms of this repository apart,
// and checks them: which room may import which, which rooms are pure, and who
// may read flags, the environment and files.
//
// It reads source files, not build results: files of every operating system
// and build tag are looked at, whatever machine the test runs on. Only direct
// imports count.
//
// The rules stand in [Rooms]; docs/architecture.md tells the same to people.
package arch
