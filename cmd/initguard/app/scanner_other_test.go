//go:build !linux

package app_test

// asProgram is for the tests of Linux.
func asProgram() (code int, asked bool) { return 0, false }
