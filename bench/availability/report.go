package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// The marks in docs/availability.md between which the table stands.
const (
	markBegin = "<!-- availability: begin (written by make bench-availability) -->\n"
	markEnd   = "<!-- availability: end -->\n"
)

// counts are a result's numbers.
type counts struct {
	requests, failed, missed int
	// lastMissed is when the last apply without its warning was sent, counted
	// from the beginning of the disturbance; 0 when all were under way then.
	lastMissed      time.Duration
	median, longest time.Duration
}

// count adds up; an apply that failed is not one that misses a warning.
func (r result) count() counts {
	c := counts{requests: len(r.outcomes)}
	var took []time.Duration
	for _, o := range r.outcomes {
		took = append(took, o.took)
		switch {
		case o.err != nil:
			c.failed++
		case !o.warned:
			c.missed++
			c.lastMissed = max(c.lastMissed, o.sent.Sub(r.struck))
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		c.median, c.longest = took[len(took)/2], took[len(took)-1]
	}
	return c
}

// table is that of docs/availability.md.
func table(results []result) string {
	var out strings.Builder
	out.WriteString("| disturbance | until all was ready again | requests | failed applies | missed warnings | the last one after | unanswered calls | median apply | longest apply |\n")
	out.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range results {
		c := r.count()
		last := "-"
		if c.missed > 0 {
			last = fmt.Sprintf("%.2f s", c.lastMissed.Seconds())
		}
		fmt.Fprintf(&out, "| %s | %.1f s | %d | **%d** | **%d** | %s | %d | %.1f ms | %.0f ms |\n",
			r.name, r.took.Seconds(), c.requests, c.failed, c.missed, last, r.unanswered, milliseconds(c.median), milliseconds(c.longest))
	}
	return out.String()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// judge is nil when nothing failed, and no warning was missed where none may be.
func judge(results []result) error {
	var errs []error
	for _, r := range results {
		c := r.count()
		if c.requests == 0 {
			errs = append(errs, fmt.Errorf("%s: nothing was applied", r.name))
		}
		if c.failed > 0 {
			errs = append(errs, fmt.Errorf("%s: %d applies failed, the first with: %w", r.name, c.failed, r.firstError()))
		}
		if c.missed > 0 && !r.mayMiss {
			errs = append(errs, fmt.Errorf("%s: %d warnings missed, the last %s after it began", r.name, c.missed, c.lastMissed.Round(time.Millisecond)))
		}
	}
	return errors.Join(errs...)
}

func (r result) firstError() error {
	for _, o := range r.outcomes {
		if o.err != nil {
			return o.err
		}
	}
	return nil
}

// writeBetweenMarks replaces what stands between the marks of a page.
func writeBetweenMarks(file, text string) error {
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(page), markBegin)
	_, after, ok2 := strings.Cut(rest, markEnd)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s lacks the marks of the table", file)
	}
	return os.WriteFile(file, []byte(before+markBegin+text+markEnd+after), 0o600)
}
