package registry

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// in asks for an image in a namespace.
func in(namespace string, r *imagetest.Registry, image string) imageinspect.Query {
	q := query(r, image)
	q.Namespace = namespace
	return q
}

// begins asks without waiting for the answer, and returns why there is none.
func begins(t *testing.T, c *Client, q imageinspect.Query) imageinspect.Reason {
	t.Helper()
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := c.Inspect(gone, q)
	got := reason(t, err)
	if got.Code != imageinspect.CodeStillInspecting {
		t.Fatalf("%s in %s: %+v", q.Reference, q.Namespace, got)
	}
	return got
}

// TestInspectionsAreBounded: what finds no slot waits, and what finds no place
// to wait is told to come again.
func TestInspectionsAreBounded(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	for _, image := range []string{"a:1", "b:1", "c:1", "d:1"} {
		r.MustPush(t, image, node(""))
	}
	r.ResetCounts()
	gate, open := imagetest.Gate()
	r.Break(gate)
	counts := &tally{}
	c := newClient(t, r, func(o *Options) {
		o.MaxInspections, o.Budgets.Queue, o.Observer = 2, 1, counts
	})
	for _, image := range []string{"a:1", "b:1", "c:1"} {
		if got := begins(t, c, in(image, r, image)); got.Text != textStillInspecting {
			t.Fatalf("%s: %+v", image, got)
		}
	}
	got := fails(t, c, in("c:1", r, "d:1")) // at once: its place is taken
	if got.Code != imageinspect.CodeStillInspecting || got.Text != textBusy || !strings.Contains(got.Detail, `"c:1" has 0 under way and 1 waiting (the most is 1), all others 2 and 0`) {
		t.Errorf("a fourth: %+v", got)
	}
	if got := counts.inspections(); !slices.Equal(got, []string{resultBusy}) {
		t.Errorf("results %v, want busy alone", got)
	}
	if n := len(counts.inspections()) + r.Counts()[imagetest.Ping]; n > 3 {
		t.Errorf("%d pings, want at most 2: the third must wait", n-1)
	}
	open()
	inspect(t, c, in("c:1", r, "c:1"))
	inspect(t, c, in("c:1", r, "d:1"))
}

// TestOneNamespaceCannotTakeAllSlots: images at a registry that never answers
// cost the others nothing.
func TestOneNamespaceCannotTakeAllSlots(t *testing.T) {
	for name, tc := range map[string]struct{ own, want int }{"half": {0, 4}, "its own bound": {2, 2}} {
		t.Run(name, func(t *testing.T) {
			tarpit := imagetest.New(t, imagetest.Options{})
			tarpit.Break(imagetest.Hang())
			good := imagetest.New(t, imagetest.Options{})
			good.MustPush(t, "web:1", node(""))
			c := newClient(t, good, func(o *Options) {
				o.Registries = func() []Registry { return []Registry{entryFor(good), entryFor(tarpit)} }
				o.MaxInspections, o.Budgets.Inspections = 8, tc.own
			})
			for _, image := range []string{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7", "a:8", "a:9"} {
				begins(t, c, in("a", tarpit, image))
			}
			c.flights.mu.Lock()
			held, waiting := c.flights.held["a"], c.flights.waiting.total
			c.flights.mu.Unlock()
			if held != tc.want || waiting != 9-tc.want {
				t.Errorf("%d under way and %d waiting, want %d under way of 9", held, waiting, tc.want)
			}
			// Joining what is under way takes no slot.
			for _, namespace := range []string{"a", "c"} {
				if got := begins(t, c, in(namespace, tarpit, "a:1")); got.Text != textStillInspecting {
					t.Errorf("the same image for %s: %+v", namespace, got)
				}
			}
			inspect(t, c, in("b", good, "web:1"))
		})
	}
}

// TestFloodHoldsNobodyUp: one namespace asks for a hundred images at a registry
// that serves one at a time; what another asks for then is served after a few
// of them, and not behind all.
func TestFloodHoldsNobodyUp(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	var mu sync.Mutex
	var served []string
	step := make(chan struct{})
	r.Break(func(w http.ResponseWriter, req *http.Request) bool {
		if imagetest.KindOf(req) != imagetest.HeadManifest {
			return false
		}
		mu.Lock()
		served = append(served, strings.Split(req.URL.Path, "/")[2])
		mu.Unlock()
		select {
		case <-step:
		case <-req.Context().Done():
		}
		return imagetest.Status(404)(w, req)
	})
	c := newClient(t, r, func(o *Options) { o.MaxInspections, o.Budgets.Queue, o.Budgets.Inspections = 3, 200, 1 })
	for i := range 100 {
		begins(t, c, in("flood", r, fmt.Sprintf("flood%d/app:1", i)))
	}
	for i := range 3 {
		begins(t, c, in("shop", r, fmt.Sprintf("shop%d/app:1", i)))
	}
	has := func(name string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.Contains(served, name)
		}
	}
	// The flood's first hangs, and the shop's is asked for all the same.
	eventually(t, "the shop's first image", has("shop0"))
	close(step)
	eventually(t, "the shop's last image", has("shop2"))
	mu.Lock()
	defer mu.Unlock()
	if len(served) > 50 {
		t.Errorf("%d images were asked for before the shop had its three: %v", len(served), served)
	}
}

// TestOwnClientTakesAllSlots: namespaces are no tenants of a client that runs
// with its caller's own rights.
func TestOwnClientTakesAllSlots(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.Break(imagetest.Hang())
	c := newClient(t, r, func(o *Options) { o.GuardAddresses, o.AllShared, o.MaxInspections = false, true, 2 })
	for _, image := range []string{"a:1", "a:2", "a:3"} {
		begins(t, c, in("a", r, image))
	}
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	if held := c.flights.held["a"]; held != 2 {
		t.Errorf("%d under way, want 2", held)
	}
}

// TestWaitingEnds: what waited for longer than an inspection may take is not
// begun: nobody asks for it any more.
func TestWaitingEnds(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "b:1", node(""))
	r.ResetCounts()
	gate, open := imagetest.Gate()
	r.Break(gate)
	counts, clock := &tally{}, newClock()
	c := newClient(t, r, func(o *Options) { o.MaxInspections, o.Observer, o.Now = 1, counts, clock.Now })
	begins(t, c, in("a", r, "a:1"))
	begins(t, c, in("b", r, "b:1"))
	clock.Advance(31 * time.Second)
	open()
	eventually(t, "both have ended", func() bool { return len(counts.inspections()) == 2 })
	if got := counts.inspections(); !slices.Contains(got, resultBusy) {
		t.Errorf("results %v, want one that was not begun", got)
	}
	inspect(t, c, in("b", r, "b:1"))
}

// TestCloseAnswersWhatWaits: nobody waits for a client that is closed.
func TestCloseAnswersWhatWaits(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.Break(imagetest.Hang())
	c := newClient(t, r, func(o *Options) { o.MaxInspections = 1 })
	begins(t, c, in("a", r, "a:1"))
	ended := make(chan error, 1)
	go func() {
		_, err := c.Inspect(context.Background(), in("b", r, "b:1"))
		ended <- err
	}()
	eventually(t, "the second waits", func() bool {
		c.flights.mu.Lock()
		defer c.flights.mu.Unlock()
		return c.flights.waiting.total == 1
	})
	c.Close()
	if got := reason(t, <-ended); got.Code != imageinspect.CodeUnreachable || !strings.Contains(got.Detail, "closed") {
		t.Errorf("reason %+v", got)
	}
}

// TestSlotsComeBack: nothing is left of inspections that ended.
func TestSlotsComeBack(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	c := newClient(t, r, nil)
	inspect(t, c, query(r, "web:1"))
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	if f := c.flights; len(f.held) != 0 || len(f.known) != 0 || f.active != 0 || f.waiting.total != 0 {
		t.Errorf("held %v, known %d, active %d, waiting %d", f.held, len(f.known), f.active, f.waiting.total)
	}
}

func TestSetBounds(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	r.MustPush(t, "other:1", node("linux/arm64"))
	clock := newClock()
	c := newClient(t, r, func(o *Options) { o.Now = clock.Now })
	if err := c.SetBounds(Bounds{CacheSize: -1}); err == nil || !strings.Contains(err.Error(), "CacheSize") {
		t.Errorf("a negative size: %v", err)
	}
	set := func(b Bounds) {
		t.Helper()
		if err := c.SetBounds(b); err != nil {
			t.Fatal(err)
		}
		r.ResetCounts()
	}
	asked := func() bool { return len(r.Counts()) > 0 }

	set(Bounds{TagTTL: time.Hour})
	inspect(t, c, query(r, "web:1"))
	clock.Advance(30 * time.Minute)
	r.ResetCounts()
	if inspect(t, c, query(r, "web:1")); asked() {
		t.Error("TagTTL: the tag was looked up again")
	}
	set(Bounds{CacheSize: 1, TagTTL: time.Hour})
	inspect(t, c, query(r, "other:1", "linux/arm64"))
	r.ResetCounts()
	if inspect(t, c, query(r, "web:1")); !asked() {
		t.Error("CacheSize: two images are remembered")
	}
	set(Bounds{FailureTTL: time.Minute})
	fails(t, c, query(r, "none:1"))
	clock.Advance(50 * time.Second)
	r.ResetCounts()
	if fails(t, c, query(r, "none:1")); asked() {
		t.Error("FailureTTL: the image was asked for again")
	}
	r.Break(imagetest.Hang())
	set(Bounds{MaxInspections: 1, Budgets: Budgets{Queue: 1}})
	begins(t, c, query(r, "hangs:1"))
	begins(t, c, query(r, "hangs:2"))
	if got := begins(t, c, query(r, "hangs:3")); got.Text != textBusy {
		t.Errorf("MaxInspections and Queue: %+v", got)
	}
	set(Bounds{Timeout: 50 * time.Millisecond})
	if got := fails(t, c, query(r, "hangs:3")); got.Code != imageinspect.CodeUnreachable || !strings.Contains(got.Detail, "in time") {
		t.Errorf("Timeout: %+v", got)
	}
}
