package responder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner/node"
)

// fleet answers for nodes, with a clock that the test moves.
type fleet struct {
	mu      sync.Mutex
	now     time.Time
	targets []Target
	broken  map[string]error
	asked   map[string]int
	taken   map[string]int
	most    int // at a time
	running int
}

func newFleet(nodes int) *fleet {
	f := &fleet{now: epoch(), broken: make(map[string]error), asked: make(map[string]int), taken: make(map[string]int)}
	for i := range nodes {
		f.targets = append(f.targets, Target{Node: fmt.Sprint("n", i), Address: fmt.Sprint("a", i), Pod: "1"})
	}
	return f
}

func (f *fleet) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fleet) Ask(_ context.Context, t Target) (node.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running++
	f.most = max(f.most, f.running)
	f.asked[t.Node]++
	f.running--
	return node.Answer{Version: node.Version, AgeSeconds: 3}, f.broken[t.Node]
}

func (f *fleet) collector(t *testing.T) *Collector {
	t.Helper()
	return NewCollector(CollectorOptions{
		Targets: func(context.Context) ([]Target, error) { return f.targets, nil }, Asker: f,
		Take: func(_ context.Context, node string, _ node.Answer) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.taken[node]++
			return nil
		},
		Interval: time.Minute, Metrics: counts(t), Log: quiet(), Now: f.clock,
	})
}

// pass steps once a second, as Run does.
func (f *fleet) pass(t *testing.T, c *Collector, d time.Duration) {
	t.Helper()
	for range int(d / tick) {
		c.Step(t.Context())
		c.Wait()
		f.mu.Lock()
		f.now = f.now.Add(tick)
		f.mu.Unlock()
	}
}

func TestCollectorAsksEachNodeOnceAnInterval(t *testing.T) {
	f := newFleet(500)
	c := f.collector(t)
	f.pass(t, c, firstSpread+tick)
	if n := c.Nodes(); n.Answering != 500 || n.Waiting != 0 || !n.Oldest.Before(epoch()) {
		t.Fatalf("%+v", n)
	}
	f.pass(t, c, time.Minute)
	before := make(map[string]int)
	for name, n := range f.asked {
		before[name] = n
	}
	busiest := 0
	for range 60 {
		sum := total(f.asked)
		f.pass(t, c, tick)
		busiest = max(busiest, total(f.asked)-sum)
	}
	f.pass(t, c, 9*time.Minute)
	for name, n := range f.asked {
		if n -= before[name]; n < 9 || n > 10 {
			t.Errorf("%s was asked %d times in ten minutes", name, n)
		}
	}
	if busiest > 30 {
		t.Errorf("%d of 500 nodes in one second of a minute", busiest)
	}
}

func total(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

func TestCollectorLeavesSilentNodesAlone(t *testing.T) {
	f := newFleet(3)
	f.broken["n1"], f.broken["n2"] = errors.New("connection refused"), errNoReport
	c := f.collector(t)
	f.pass(t, c, 30*time.Minute)
	if n := f.asked["n1"]; n < 6 || n > 9 {
		t.Errorf("one that refuses was asked %d times in half an hour", n)
	}
	if n := f.asked["n2"]; n < 29 {
		t.Errorf("one that has no report yet was asked %d times", n)
	}
	if n := c.Nodes(); n.Silent != 2 || n.Answering != 1 || f.taken["n1"] != 0 {
		t.Errorf("%+v, %v", n, f.taken)
	}
	// A new scanner is asked at once.
	delete(f.broken, "n1")
	f.targets[1].Pod = "2"
	f.pass(t, c, 2*tick)
	if n := c.Nodes(); n.Silent != 1 || n.Answering != 2 {
		t.Errorf("%+v", n)
	}
	// A node that is gone is forgotten.
	f.targets = f.targets[:1]
	f.pass(t, c, 2*tick)
	if n := c.Nodes(); n != (Nodes{Answering: 1, Oldest: n.Oldest}) {
		t.Errorf("%+v", n)
	}
}
