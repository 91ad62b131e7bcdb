//go:build !linux

package main

import "errors"

const modeRecord = "in:record"

func role([]string) (error, bool) { return nil, false }

func measureAll(options) error {
	return errors.New("PID namespaces are needed: run it on Linux, as root")
}
