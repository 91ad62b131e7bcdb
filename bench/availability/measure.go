package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// result is what was counted over one disturbance.
type result struct {
	disturbance
	begin      time.Time
	struck     time.Time     // when it really began: choosing a replica takes time
	took       time.Duration // from then until all replicas were ready again
	outcomes   []outcome
	unanswered int
}

// measure applies all the time and has the disturbances happen in turn.
func measure(ctx context.Context, f *fleet, o options, all []disturbance) ([]result, error) {
	l, err := newLoad(f.config, f.stack.Registry.Host(), o.rate)
	if err != nil {
		return nil, err
	}
	if err := warmUp(ctx, f, l); err != nil {
		return nil, err
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { l.run(loading) })
	results, ends, err := disturb(ctx, f, o, all)
	stop()
	running.Wait()
	if err != nil {
		return nil, err
	}
	for i := range results {
		results[i].outcomes = l.between(results[i].begin, ends[i])
	}
	return results, nil
}

// warmUp returns when applies warn.
func warmUp(ctx context.Context, f *fleet, l *load) error {
	for i := range 2 * len(l.images) {
		err := f.poll(ctx, func() error {
			o := l.apply(ctx, i)
			if o.err == nil && !o.warned {
				return errors.New("an apply that should warn does not")
			}
			return o.err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func disturb(ctx context.Context, f *fleet, o options, all []disturbance) ([]result, []time.Time, error) {
	var results []result
	var ends []time.Time
	for _, d := range all {
		fmt.Fprintln(os.Stderr, "disturbance:", d.name)
		before, err := f.unanswered(ctx)
		if err != nil {
			return nil, nil, err
		}
		r := result{disturbance: d, begin: time.Now()}
		f.struck = r.begin
		if err := d.run(ctx, f); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", d.name, err)
		}
		r.struck, r.took = f.struck, time.Since(f.struck)
		if err := wait(ctx, o.quiet); err != nil {
			return nil, nil, err
		}
		if err := f.well(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", d.name, err)
		}
		ends = append(ends, time.Now())
		after, err := f.unanswered(ctx)
		if err != nil {
			return nil, nil, err
		}
		r.unanswered = after - before
		results = append(results, r)
	}
	return results, ends, nil
}
