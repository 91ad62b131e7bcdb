package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// sample is what one server did with one case over all rounds.
type sample struct {
	perCPU    []float64 // requests a CPU second, by round
	latencies []time.Duration
}

// result are the samples of a case.
type result struct {
	name      string
	size      int // of the review, in bytes
	own, peer sample
}

// measure asks both servers in turn, round by round.
func (c testCase) measure(ctx context.Context, o options, own, peer *server) (result, error) {
	r := result{name: c.name, size: len(c.review)}
	for _, s := range []*server{own, peer} {
		if err := c.warmUp(ctx, o, s); err != nil {
			return r, err
		}
	}
	for range o.rounds {
		for _, turn := range []struct {
			server *server
			into   *sample
		}{{own, &r.own}, {peer, &r.peer}} {
			if err := c.round(ctx, o, turn.server, turn.into); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// warmUpMost bounds the wait for the answer that a warm server gives.
const warmUpMost = time.Minute

// warmUp asks until the answer is what the case says, and then for a while.
func (c testCase) warmUp(ctx context.Context, o options, s *server) error {
	ctx, cancel := context.WithTimeout(ctx, warmUpMost)
	defer cancel()
	for {
		answer, err := s.ask(ctx, c.review)
		if err != nil {
			return err
		}
		if bytes.Contains(answer, []byte(`"warnings":[`)) == c.warnings && !bytes.Contains(answer, []byte("still inspecting")) {
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: warnings wanted: %t; it answered %s", s.name, c.warnings, answer)
		}
	}
	return c.round(ctx, o, s, &sample{})
}

// round asks one server o.requests times, o.parallel at a time.
func (c testCase) round(ctx context.Context, o options, s *server, into *sample) error {
	before, err := s.cpu()
	if err != nil {
		return err
	}
	latencies, err := flood(ctx, o, func(ctx context.Context, _ int) error {
		_, err := s.ask(ctx, c.review)
		return err
	}, o.requests)
	if err != nil {
		return err
	}
	after, err := s.cpu()
	if err != nil {
		return err
	}
	into.perCPU = append(into.perCPU, float64(o.requests)/(after-before).Seconds())
	into.latencies = append(into.latencies, latencies...)
	return nil
}

// flood calls ask for each number below n, and gives how long each took.
func flood(ctx context.Context, o options, ask func(context.Context, int) error, n int) ([]time.Duration, error) {
	var mu sync.Mutex
	next := 0
	latencies := make([]time.Duration, 0, n)
	group, ctx := errgroup.WithContext(ctx)
	for range o.parallel {
		group.Go(func() error {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n {
					return nil
				}
				start := time.Now()
				if err := ask(ctx, i); err != nil {
					return err
				}
				took := time.Since(start)
				mu.Lock()
				latencies = append(latencies, took)
				mu.Unlock()
			}
		})
	}
	return latencies, group.Wait()
}

// median of at least one number.
func median(numbers []float64) float64 {
	sorted := slices.Sorted(slices.Values(numbers))
	return sorted[len(sorted)/2]
}

// percentile of latencies, in milliseconds.
func percentile(latencies []time.Duration, p int) float64 {
	sorted := slices.Sorted(slices.Values(latencies))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)].Seconds() * 1000
}
