package responder

import (
	"context"
	"errors"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/initguard/initguard/scanner/node"
)

const (
	// parallel is how many nodes are asked at a time. Nodes that swallow packets
	// take one for dialTimeout each.
	parallel = 64
	// tick is how often it is looked for nodes whose turn it is.
	tick = time.Second
	// firstSpread is in which time all nodes are asked for the first time.
	firstSpread = 10 * time.Second
	// maxBackoff is how many intervals a node that doesn't answer is left alone
	// at most.
	maxBackoff = 5
)

// CollectorOptions are what a collector works with.
type CollectorOptions struct {
	// Targets are the scanners that there are.
	Targets func(ctx context.Context) ([]Target, error)
	Asker   Asker
	// Take is given each answer, one after the other for a node.
	Take func(ctx context.Context, node string, a node.Answer) error
	// Interval is the time between two requests to a node.
	Interval time.Duration
	Metrics  *Metrics
	Log      *slog.Logger
	Now      func() time.Time
}

// Collector asks all nodes in turn, spread over the interval.
type Collector struct {
	CollectorOptions

	mu    sync.Mutex
	nodes map[string]*turn

	slots   chan struct{}
	running sync.WaitGroup
}

// turn is when and how a node is asked.
type turn struct {
	target   Target
	due      time.Time
	busy     bool
	asked    bool
	failures int
	scanned  time.Time // of the last answer
}

// NewCollector makes a collector.
func NewCollector(o CollectorOptions) *Collector {
	return &Collector{CollectorOptions: o, nodes: make(map[string]*turn), slots: make(chan struct{}, parallel)}
}

// Run collects until ctx ends.
func (c *Collector) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	defer c.running.Wait()
	for {
		c.Step(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Step asks the nodes whose turn it is. It returns when the last one was begun;
// Wait waits for the answers.
func (c *Collector) Step(ctx context.Context) {
	targets, err := c.Targets(ctx)
	if err != nil {
		c.Log.Error("scanners not found", "error", err)
		return
	}
	for _, t := range c.due(targets) {
		select {
		case c.slots <- struct{}{}:
		case <-ctx.Done():
			c.ended(t, time.Time{}, ctx.Err())
			continue
		}
		c.running.Go(func() {
			defer func() { <-c.slots }()
			c.ask(ctx, t)
		})
	}
}

// Wait waits for all answers.
func (c *Collector) Wait() { c.running.Wait() }

// due brings the nodes up to date and takes those whose turn it is.
func (c *Collector) due(targets []Target) []Target {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	present := make(map[string]bool, len(targets))
	var due []Target
	for _, t := range targets {
		present[t.Node] = true
		n := c.nodes[t.Node]
		switch {
		case n == nil:
			n = &turn{target: t, due: now.Add(spread(t.Node, min(firstSpread, c.Interval)))}
			c.nodes[t.Node] = n
		case n.target != t:
			// A new scanner: what the former one failed to say doesn't count.
			n.target, n.failures = t, 0
			n.due = now
		}
		if !n.busy && !now.Before(n.due) {
			n.busy = true
			due = append(due, t)
		}
	}
	for name, n := range c.nodes {
		if !present[name] && !n.busy {
			delete(c.nodes, name)
		}
	}
	return due
}

// spread is a node's own part of a time, the same one each time, so that nodes
// are not asked all at once.
func spread(name string, over time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return over * time.Duration(h.Sum32()%1000) / 1000
}

func (c *Collector) ask(ctx context.Context, t Target) {
	begin := c.Now()
	a, err := c.Asker.Ask(ctx, t)
	scanned := c.Now().Add(-seconds(a.AgeSeconds))
	switch {
	case ctx.Err() != nil:
		c.ended(t, time.Time{}, ctx.Err())
		return
	case errors.Is(err, errNoReport):
		c.Metrics.asked(askedNoReport, c.Now().Sub(begin))
	case err != nil:
		c.Metrics.asked(askedError, c.Now().Sub(begin))
		c.Log.Warn("scanner does not answer", "node", t.Node, "address", t.Address, "error", err)
	default:
		c.Metrics.asked(askedOK, c.Now().Sub(begin))
		if err := c.Take(ctx, t.Node, a); err != nil {
			c.Log.Warn("answer not joined with pods: what was known stays", "node", t.Node, "error", err)
		}
	}
	c.ended(t, scanned, err)
}

// ended plans the next request.
func (c *Collector) ended(t Target, scanned time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[t.Node]
	first := !n.asked
	n.busy, n.asked = false, true
	if err == nil {
		n.failures, n.scanned = 0, scanned
	} else {
		n.failures++
	}
	now := c.Now()
	switch {
	case n.target != t: // the new one is due at once
	case first:
		n.due = now.Add(spread(t.Node, c.Interval)) // from now on all over the interval
	case err == nil || errors.Is(err, errNoReport):
		if n.due = n.due.Add(c.Interval); n.due.Before(now) {
			n.due = now.Add(c.Interval)
		}
	default:
		n.due = now.Add(c.Interval * time.Duration(min(n.failures, maxBackoff)))
	}
}

// Nodes says how it goes.
func (c *Collector) Nodes() Nodes {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n Nodes
	for _, t := range c.nodes {
		switch {
		case !t.asked:
			n.Waiting++
		case t.failures > 0:
			n.Silent++
		default:
			n.Answering++
			if n.Oldest.IsZero() || t.scanned.Before(n.Oldest) {
				n.Oldest = t.scanned
			}
		}
	}
	return n
}
