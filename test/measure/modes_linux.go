package main

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// role runs one of them; false when args name none.
func role(args []string) (bool, error) {
	if len(args) == 0 {
		return false, nil
	}
	switch args[0] {
	case modeInit:
		return true, boxInit()
	case modeInject:
		return true, injector(args[1:])
	case modeParent:
		return true, parent(args[1:])
	case modeRecord:
		return true, record()
	case modeGo:
		return true, exec.Command("/usr/bin/sleep", "1000").Run() //nolint:noctx // ended with its box
	}
	return false, nil
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
