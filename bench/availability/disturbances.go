package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/initguard/initguard/test/stack"
)

// disturbance is something that happens to the webhook. It is over when run
// returns: all replicas run and are ready again.
type disturbance struct {
	name string
	run  func(ctx context.Context, f *fleet) error
	// mayMiss is set where warnings may be missed: nobody can answer for a
	// process that is gone.
	mayMiss bool
}

// disturbances are those of docs/availability.md, in order.
func disturbances() []disturbance {
	return []disturbance{
		{name: "none", run: func(context.Context, *fleet) error { return nil }},
		{name: "three rolling restarts", run: thrice(rollingRestart)},
		{name: "drain: one replica evicted", run: evict},
		{name: "`kill -9` of a replica", run: killOne, mayMiss: true},
		{name: "`kill -9`, once more", run: killOne, mayMiss: true},
		{name: "`kill -9`, a third time", run: killOne, mayMiss: true},
		{name: "serving certificate renewed", run: func(ctx context.Context, f *fleet) error { return renew(ctx, f, "tls.crt", "tls.key") }},
		{name: "CA rotated", run: func(ctx context.Context, f *fleet) error {
			return renew(ctx, f, "ca.crt", "ca.key", "tls.crt", "tls.key")
		}},
		{name: "configuration reloaded, and a bad one refused", run: reload},
	}
}

// thrice has something happen three times, one after the other.
func thrice(once func(context.Context, *fleet) error) func(context.Context, *fleet) error {
	return func(ctx context.Context, f *fleet) error {
		for range 3 {
			if err := once(ctx, f); err != nil {
				return err
			}
		}
		return nil
	}
}

// rollingRestart does what a Deployment does with maxSurge 1 and maxUnavailable
// 0: a new replica, and when it is ready an old one ends.
func rollingRestart(ctx context.Context, f *fleet) error {
	var ending errgroup.Group
	for _, old := range slices.Clone(f.live) {
		fresh, err := f.start(ctx)
		if err != nil {
			return errors.Join(err, ending.Wait())
		}
		if err := f.awaitReady(ctx, fresh); err != nil {
			return errors.Join(err, ending.Wait())
		}
		f.leaves(old)
		ending.Go(func() error { return f.stop(old) })
	}
	return ending.Wait()
}

// evict does what a node's drain does to the replica that answers the most: it
// is told to end, and another one starts elsewhere at the same time.
func evict(ctx context.Context, f *fleet) error {
	old, err := f.busiest(ctx)
	if err != nil {
		return err
	}
	f.struck = time.Now()
	f.leaves(old)
	var ending errgroup.Group
	ending.Go(func() error { return f.stop(old) })
	fresh, err := f.start(ctx)
	if err == nil {
		err = f.awaitReady(ctx, fresh)
	}
	return errors.Join(err, ending.Wait())
}

// killOne kills the replica that answers the most, and starts another one once
// its probe has failed: a kubelet sees the end of a container sooner than that.
func killOne(ctx context.Context, f *fleet) error {
	old, err := f.busiest(ctx)
	if err != nil {
		return err
	}
	if err := f.kill(ctx, old); err != nil {
		return err
	}
	fresh, err := f.start(ctx)
	if err != nil {
		return err
	}
	return f.awaitReady(ctx, fresh)
}

// busiest is the replica that calls go to now.
func (f *fleet) busiest(ctx context.Context) (*stack.Beside, error) {
	before := map[string]float64{}
	for _, r := range f.live {
		n, err := calls(ctx, r)
		if err != nil {
			return nil, err
		}
		before[r.Name] = n
	}
	var busiest *stack.Beside
	err := f.poll(ctx, func() error {
		most := 0.0
		for _, r := range f.live {
			n, err := calls(ctx, r)
			if err != nil {
				return err
			}
			if n -= before[r.Name]; n > most {
				busiest, most = r, n
			}
		}
		if most == 0 {
			return errors.New("no replica is called")
		}
		return nil
	})
	return busiest, err
}

// calls is how often a replica was called.
func calls(ctx context.Context, r *stack.Beside) (float64, error) {
	page, err := metrics(ctx, r)
	if err != nil {
		return 0, err
	}
	return sum(page, "controller_runtime_webhook_requests_total{")
}

// reload changes the configuration, breaks it, and mends it.
func reload(ctx context.Context, f *fleet) error {
	good, err := os.ReadFile(f.stack.ConfigFile)
	if err != nil {
		return err
	}
	changed := slices.Concat(good, []byte("cache: {images: 5000}\n"))
	bad := slices.Concat(good, []byte("nobodyKnowsThis: true\n"))
	for _, step := range []struct {
		content []byte
		result  string
	}{{changed, "taken"}, {bad, "refused"}, {good, "taken"}} {
		if err := f.configure(ctx, step.content, step.result); err != nil {
			return err
		}
	}
	return nil
}

// configure exchanges the configuration file, and waits until every replica
// has said what it did with it.
func (f *fleet) configure(ctx context.Context, content []byte, result string) error {
	counted := func(r *stack.Beside) (float64, error) {
		page, err := metrics(ctx, r)
		if err != nil {
			return 0, err
		}
		return sum(page, fmt.Sprintf("initguard_config_reloads_total{result=%q}", result))
	}
	before := map[string]float64{}
	for _, r := range f.live {
		n, err := counted(r)
		if err != nil {
			return err
		}
		before[r.Name] = n
	}
	fresh := filepath.Join(filepath.Dir(f.stack.ConfigFile), "config.fresh")
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return err
	}
	if err := os.Rename(fresh, f.stack.ConfigFile); err != nil {
		return err
	}
	return f.poll(ctx, func() error {
		for _, r := range f.live {
			n, err := counted(r)
			if err != nil {
				return err
			}
			if n <= before[r.Name] {
				return fmt.Errorf("%s has not %s the configuration", r.Name, result)
			}
		}
		return nil
	})
}

// wait lets time pass while applies go on.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
