package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sample is what was done and used so far.
type sample struct {
	at         time.Time
	ok, failed float64
	cpu        time.Duration // of this process, user and system
	writes     int64
	resident   float64 // MiB
}

func take(registry prometheus.Gatherer, reports *store) (sample, error) {
	s := sample{at: time.Now(), writes: reports.writes.Load()}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return s, err
	}
	s.cpu = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	families, err := registry.Gather()
	if err != nil {
		return s, err
	}
	for _, f := range families {
		if f.GetName() != "initguard_scanner_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == "ok" {
				s.ok = m.GetCounter().GetValue()
			} else {
				s.failed += m.GetCounter().GetValue()
			}
		}
	}
	s.resident, err = resident()
	return s, err
}

// resident is how much memory this process has, in MiB.
func resident() (float64, error) {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			var kib float64
			_, err := fmt.Sscan(rest, &kib)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("no VmRSS: %w", lines.Err())
}
