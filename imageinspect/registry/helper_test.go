package registry

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// clock is a clock that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_700_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tally is an Observer that keeps what it is told.
type tally struct {
	mu      sync.Mutex
	results []string
	// readings are those of layers.
	readings []string
	hits     int
	misses   int
}

func (t *tally) Inspection(result string, _ time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.results = append(t.results, result)
}

func (t *tally) Reading(result string, _ time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readings = append(t.readings, result)
}

func (t *tally) Cache(hit bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if hit {
		t.hits++
	} else {
		t.misses++
	}
}

func (t *tally) inspections() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.results...)
}

// entryFor lets a guarded client speak to a test registry.
func entryFor(r *imagetest.Registry) Registry {
	return Registry{
		Host: r.Host(), Shared: true, PlainHTTP: true,
		AllowAddresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
}

// newClient makes a guarded client that knows one registry.
func newClient(t *testing.T, r *imagetest.Registry, change func(*Options)) *Client {
	t.Helper()
	o := Options{
		Registries:     func() []Registry { return []Registry{entryFor(r)} },
		Keychain:       r.Keychain(),
		GuardAddresses: true,
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func node(platform string) imagetest.Spec {
	return imagetest.Spec{
		Platform: platform, Entrypoint: []string{"node"}, Cmd: []string{"server.js"},
		Env: []string{"PATH=/bin"}, WorkingDir: "/app", User: "1000",
	}
}

func query(r *imagetest.Registry, image string, platforms ...string) imageinspect.Query {
	if len(platforms) == 0 {
		platforms = []string{"linux/amd64"}
	}
	return imageinspect.Query{Reference: r.Reference(image), Namespace: "team", Platforms: platforms}
}

// inspect must succeed.
func inspect(t *testing.T, c *Client, q imageinspect.Query) []imageinspect.Image {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	images, err := c.Inspect(ctx, q)
	if err != nil {
		t.Fatalf("Inspect(%s): %v", q.Reference, err)
	}
	return images
}

// fails must fail, and returns why.
func fails(t *testing.T, c *Client, q imageinspect.Query) imageinspect.Reason {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	images, err := c.Inspect(ctx, q)
	if err == nil {
		t.Fatalf("Inspect(%s) = %v, want an error", q.Reference, images)
	}
	return reason(t, err)
}

func reason(t *testing.T, err error) imageinspect.Reason {
	t.Helper()
	var f *imageinspect.Failure
	if !errors.As(err, &f) {
		t.Fatalf("error %v (%T) is no *imageinspect.Failure", err, err)
	}
	if f.Reason.Code == "" || f.Reason.Text == "" || f.Reason.Detail == "" {
		t.Fatalf("reason %+v has an empty part", f.Reason)
	}
	return f.Reason
}

// eventually polls until ok, or fails the test.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("timed out: %s", what)
		case <-tick.C:
		}
	}
}
