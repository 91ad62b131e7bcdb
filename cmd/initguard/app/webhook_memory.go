package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What is known about images stays for good, so that Go's default, to collect
// garbage when as much again was added as is in use, would hold twice of all
// that. With little in use the same default collects several times a second
// under load. Between the two, what may be added is half of what is in use, and
// at least headroom bytes; `make bench-admission` shows both ends.
const (
	headroom    = 16 << 20
	tuneEvery   = time.Second
	leastGC     = 50 // percent of what is in use
	mostGC      = 200
	liveMetric  = "/gc/heap/live:bytes"
	assumedLive = 8 << 20 // until the first collection has counted
)

// tuneGC keeps the pace of garbage collection fit for what is in use, until ctx
// ends.
func tuneGC(ctx context.Context) error {
	tick := time.NewTicker(tuneEvery)
	defer tick.Stop()
	now := 0
	for {
		sample := []metrics.Sample{{Name: liveMetric}}
		metrics.Read(sample)
		var live uint64
		if sample[0].Value.Kind() == metrics.KindUint64 {
			live = sample[0].Value.Uint64()
		}
		if percent := gcPercent(live); percent != now { // it stops everything for a moment
			debug.SetGCPercent(percent)
			now = percent
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// gcPercent is how much may be added, in percent of the bytes in use.
func gcPercent(live uint64) int {
	if live == 0 {
		live = assumedLive
	}
	return int(min(max(headroom*100/live, leastGC), mostGC))
}
