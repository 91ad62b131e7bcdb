package responder

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/initguard/initguard/scanner/node"
)

const (
	// planEvery is how often it is looked what has to be written, hurryEvery how
	// often while somebody waits for it.
	planEvery   = 5 * time.Second
	hurryEvery  = time.Second
	reloadEvery = 30 * time.Minute
	// silentAfter is how many intervals a node has not answered before its pods
	// are looked for in the API server.
	silentAfter = 3
	// sweepNodes bounds the lists of one sweep.
	sweepNodes = 50
)

// Options are what a responder works with.
type Options struct {
	Targets func(ctx context.Context) ([]Target, error)
	Asker   Asker
	Lister  Lister
	Owners  *Owners
	Limits  Limits
	Match   Matcher // may be nil
	Store   Store
	Desks   Desks
	// Interval is the time between two requests to a node, Refresh the least time
	// between two writes of a report of which nothing material changed.
	Interval, Refresh time.Duration
	Metrics           *Metrics
	Log               *slog.Logger
	Now               func() time.Time
}

// Responder puts the parts together. It runs in the leader alone.
type Responder struct {
	options   Options
	state     *State
	resolver  *Resolver
	collector *Collector
	publisher *Publisher
	gauges    *Gauges
	swept     string // the node that was swept last
	hurry     atomic.Bool
}

// New makes a responder.
func New(o Options) *Responder {
	r := &Responder{options: o, state: NewState()}
	r.resolver = NewResolver(o.Lister, o.Owners, o.Limits, o.Match, o.Now)
	r.publisher = NewPublisher(o.Store, r.state, o.Desks, o.Metrics, o.Refresh, o.Log)
	r.collector = NewCollector(CollectorOptions{
		Targets: o.Targets, Asker: o.Asker, Take: r.take, Interval: o.Interval, Metrics: o.Metrics, Log: o.Log, Now: o.Now,
	})
	r.gauges = NewGauges(r.state, r.collector.Nodes, o.Now)
	return r
}

// Gauges tell Prometheus what was found, from when it runs.
func (r *Responder) Gauges() *Gauges { return r.gauges }

// Heard is when a node made the scan that it last told of; zero when it did not
// answer yet.
func (r *Responder) Heard(node string) time.Time { return r.state.Heard(node) }

// Run collects and writes until ctx ends.
func (r *Responder) Run(ctx context.Context) error {
	if err := r.load(ctx); err != nil {
		return err
	}
	r.gauges.Lead()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		r.collector.Run(ctx)
		return nil
	})
	group.Go(func() error {
		r.publish(ctx)
		return nil
	})
	group.Go(func() error {
		every(ctx, r.options.Interval, func() { r.sweep(ctx) })
		return nil
	})
	return group.Wait()
}

// load reads the reports; without them nothing may be written.
func (r *Responder) load(ctx context.Context) error {
	ticker := time.NewTicker(failLeast)
	defer ticker.Stop()
	for {
		err := r.publisher.Load(ctx, r.options.Now())
		if err == nil {
			return nil
		}
		r.options.Log.Error("reports not read, nothing is collected before they are", "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("read the reports: %w", err)
		case <-ticker.C:
		}
	}
}

// take joins a node's answer with pods and keeps it.
func (r *Responder) take(ctx context.Context, name string, a node.Answer) error {
	o, err := r.resolver.Resolve(ctx, name, a)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.state.Set(name, o)
	return err
}

func (r *Responder) publish(ctx context.Context) {
	var planned time.Time
	reloaded := r.options.Now()
	every(ctx, Pace/5, func() {
		now := r.options.Now()
		if now.Sub(reloaded) >= reloadEvery {
			if err := r.publisher.Reload(ctx, now); err != nil {
				r.options.Log.Warn("reports not read again", "error", err)
			}
			reloaded = now
		}
		if since := now.Sub(planned); since >= planEvery || since >= hurryEvery && r.hurry.Swap(false) {
			r.publisher.Plan(now)
			planned = now
		}
		r.publisher.Step(ctx, now)
	})
}

// sweep looks for the pods of nodes that don't answer: what is gone is gone
// there, too.
func (r *Responder) sweep(ctx context.Context) {
	since := r.options.Now().Add(-silentAfter * r.options.Interval)
	r.resolver.Forget(r.state.Prune(since))
	silent := r.state.Silent(since)
	// Those that come after the last one of the sweep before are first.
	next, _ := slices.BinarySearch(silent, r.swept+"\x00")
	silent = slices.Concat(silent[next:], silent[:next])
	for _, name := range silent[:min(len(silent), sweepNodes)] {
		r.swept = name
		exist, err := r.resolver.Exist(ctx, name)
		if err != nil {
			r.options.Log.Warn("silent node", "node", name, "error", err)
			continue
		}
		r.state.Retain(name, exist)
	}
}

// every calls f in turn, not at once, until ctx ends.
func every(ctx context.Context, interval time.Duration, f func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f()
		}
	}
}
