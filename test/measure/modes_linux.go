package main

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// This program starts itself in these roles; they are not for people.
const (
	modeInit   = "in:init"   // sets a box up and becomes its program
	modeInject = "in:inject" // enters a box and starts a parent of orphans
	modeParent = "in:parent" // forks orphans and exits
	modeRecord = "in:record" // notes that SIGTERM arrived
	modeGo     = "in:go"     // a Go program that waits for a child of its own
)

// role runs one of them; false when args name none.
func role(args []string) (error, bool) {
	if len(args) == 0 {
		return nil, false
	}
	switch args[0] {
	case modeInit:
		return boxInit(), true
	case modeInject:
		return injector(args[1:]), true
	case modeParent:
		return parent(args[1:]), true
	case modeRecord:
		return record(), true
	case modeGo:
		return exec.Command("/usr/bin/sleep", "1000").Run(), true //nolint:noctx // ended with its box
	}
	return nil, false
}

// record leaves a note when it starts and when SIGTERM arrives.
func record() error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if err := os.WriteFile("/.initguard/started", nil, 0o600); err != nil {
		return err
	}
	<-signals
	return os.WriteFile("/.initguard/sigterm", nil, 0o600)
}
