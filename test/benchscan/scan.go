//go:build linux

package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"syscall"

	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/proc"
)

// scanRole makes this program scan as the scanner does, so many times.
const scanRole = "scan"

func scan(ctx context.Context, args []string) error {
	rounds, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	reader, err := proc.Open(proc.Options{})
	if err != nil {
		return err
	}
	var tracker scanner.Tracker
	var report scanner.Report
	round := func() error {
		s, err := reader.Scan(ctx)
		if err != nil {
			return err
		}
		report = tracker.Add(s)
		return nil
	}
	if err := round(); err != nil {
		return err
	}
	before := usage()
	for range rounds {
		if err := round(); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(cost{
		Processes: report.Processes, Zombies: report.Zombies(), CPU: usage() - before,
	})
}

// usage is this process's CPU, in nanoseconds.
func usage() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // only fails for a bad address
	return syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)
}
