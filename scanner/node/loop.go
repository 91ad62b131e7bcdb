package node

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/initguard/initguard/scanner"
)

// A Source walks over /proc once.
type Source interface {
	Scan(ctx context.Context) (scanner.Scan, error)
	// Tasks counts the threads of living processes in pods, by UID.
	Tasks(ctx context.Context, pods []string) (map[string]int, error)
}

// staleAfter is how many intervals a report may be old before it is no answer
// any more.
const staleAfter = 3

// A Loop scans in turn and keeps the last report.
type Loop struct {
	source   Source
	interval time.Duration
	log      *slog.Logger
	now      func() time.Time

	mu     sync.Mutex
	report scanner.Report
	taken  time.Time // zero before there is a report
}

// NewLoop makes a loop that scans once an interval.
func NewLoop(source Source, interval time.Duration, log *slog.Logger) *Loop {
	return &Loop{source: source, interval: interval, log: log, now: time.Now}
}

// Run scans until ctx ends. A scan that fails leaves the former report in place,
// until it is too old.
func (l *Loop) Run(ctx context.Context) {
	ticker := time.NewTicker(l.interval)
	defer ticker.Stop()
	var tracker scanner.Tracker
	var usage scanner.Usage
	for scans := 0; ; {
		s, err := l.source.Scan(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.log.Error("scan failed", "error", err)
		default:
			report := tracker.Add(s)
			if scans++; scans > 1 { // the first one tells nothing yet
				l.count(ctx, &usage, &report)
				l.keep(report)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// count adds how many PIDs the pods take. Without it the report is still good.
func (l *Loop) count(ctx context.Context, usage *scanner.Usage, r *scanner.Report) {
	if pods := usage.Due(*r); len(pods) > 0 {
		threads, err := l.source.Tasks(ctx, pods)
		switch {
		case err == nil:
			usage.Count(r.At, threads)
		case ctx.Err() == nil:
			l.log.Error("threads not counted", "error", err)
		}
	}
	r.Pods = usage.Of(*r)
}

func (l *Loop) keep(r scanner.Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report, l.taken = r, l.now()
}

// Latest gives the last report and its age; false when there is none yet, or
// none that still says what is.
func (l *Loop) Latest() (r scanner.Report, age time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	age = l.now().Sub(l.taken)
	return l.report, age, !l.taken.IsZero() && age <= staleAfter*l.interval
}

// Interval is the time between two scans.
func (l *Loop) Interval() time.Duration { return l.interval }
