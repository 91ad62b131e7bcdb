package main

// This program starts itself in these roles; they are not for people.
const (
	modeInit   = "in:init"   // sets a box up and becomes its program
	modeInject = "in:inject" // enters a box and starts a parent of orphans
	modeParent = "in:parent" // forks orphans and exits
	modeRecord = "in:record" // notes that SIGTERM arrived
	modeGo     = "in:go"     // a Go program that waits for a child of its own
)
