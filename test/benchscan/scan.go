//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
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
	var pods scanner.Usage
	round := func() error {
		s, err := reader.Scan(ctx)
		if err != nil {
			return err
		}
		report = tracker.Add(s)
		if due := pods.Due(report); len(due) > 0 {
			threads, err := reader.Tasks(ctx, due)
			if err != nil {
				return err
			}
			pods.Count(report.At, threads)
		}
		report.Pods = pods.Of(report)
		return nil
	}
	if err := round(); err != nil { // it tells nothing yet, so that no threads are counted
		return err
	}
	before := usage()
	for range rounds {
		if err := round(); err != nil {
			return err
		}
	}
	c := cost{Processes: report.Processes, Zombies: report.Zombies(), CPU: usage() - before}
	for _, pod := range report.Pods {
		c.PIDs += pod.Used
	}
	if c.PIDs == 0 {
		return errors.New("the pod's PIDs were not counted: the measurement is without")
	}
	return json.NewEncoder(os.Stdout).Encode(c)
}

// usage is this process's CPU, in nanoseconds.
func usage() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // only fails for a bad address
	return syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)
}
