package registry

import (
	"context"
	"slices"
	"strings"
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

func TestInspectionsAreBounded(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "c:1", node(""))
	gate, open := imagetest.Gate()
	r.Break(gate)
	c := newClient(t, r, func(o *Options) { o.MaxInspections = 2 })
	for namespace, image := range map[string]string{"a": "a:1", "b": "b:1"} {
		if got := begins(t, c, in(namespace, r, image)); got.Text != textStillInspecting {
			t.Fatalf("%s: %+v", image, got)
		}
	}
	got := fails(t, c, in("c", r, "c:1")) // at once: nothing is queued
	if got.Code != imageinspect.CodeStillInspecting || got.Text != textBusy || !strings.Contains(got.Detail, `"c", which holds 0 of the 2`) {
		t.Errorf("third: %+v", got)
	}
	open()
	eventually(t, "there is room again", func() bool {
		_, err := c.Inspect(t.Context(), in("c", r, "c:1"))
		return err == nil
	})
}

// TestOneNamespaceCannotTakeAllSlots: images at a registry that never answers
// cost the others nothing.
func TestOneNamespaceCannotTakeAllSlots(t *testing.T) {
	tarpit := imagetest.New(t, imagetest.Options{})
	tarpit.Break(imagetest.Hang())
	good := imagetest.New(t, imagetest.Options{})
	good.MustPush(t, "web:1", node(""))
	counts := &tally{}
	c := newClient(t, good, func(o *Options) {
		o.Registries = func() []Registry { return []Registry{entryFor(good), entryFor(tarpit)} }
		o.MaxInspections, o.Observer = 8, counts
	})
	for i, image := range []string{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7", "a:8", "a:9"} {
		want := textStillInspecting
		if i >= 4 {
			want = textBusy
		}
		if got := begins(t, c, in("a", tarpit, image)); got.Text != want {
			t.Errorf("%s: %+v, want %q", image, got, want)
		}
	}
	if got := counts.inspections(); len(got) != 5 || slices.ContainsFunc(got, func(r string) bool { return r != "busy" }) {
		t.Errorf("results = %v, want busy five times", got)
	}
	// Joining what is under way takes no slot.
	for _, namespace := range []string{"a", "c"} {
		if got := begins(t, c, in(namespace, tarpit, "a:1")); got.Text != textStillInspecting {
			t.Errorf("the same image for %s: %+v", namespace, got)
		}
	}
	inspect(t, c, in("b", good, "web:1"))
	if got := begins(t, c, in("a", good, "web:2")); got.Text != textBusy {
		t.Errorf("another registry for the namespace that holds its share: %+v", got)
	}
}

// TestOwnClientTakesAllSlots: namespaces are no tenants of a client that runs
// with its caller's own rights.
func TestOwnClientTakesAllSlots(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.Break(imagetest.Hang())
	c := newClient(t, r, func(o *Options) { o.GuardAddresses, o.AllShared, o.MaxInspections = false, true, 2 })
	for _, image := range []string{"a:1", "a:2"} {
		if got := begins(t, c, in("a", r, image)); got.Text != textStillInspecting {
			t.Errorf("%s: %+v", image, got)
		}
	}
	if got := begins(t, c, in("b", r, "b:1")); got.Text != textBusy {
		t.Errorf("a third: %+v", got)
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
	if len(c.flights.held) != 0 || len(c.flights.running) != 0 {
		t.Errorf("held %v, running %d", c.flights.held, len(c.flights.running))
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
	set(Bounds{MaxInspections: 1})
	begins(t, c, query(r, "hangs:1"))
	if got := begins(t, c, query(r, "hangs:2")); got.Text != textBusy {
		t.Errorf("MaxInspections: %+v", got)
	}
	set(Bounds{Timeout: 50 * time.Millisecond})
	if got := fails(t, c, query(r, "hangs:3")); got.Code != imageinspect.CodeUnreachable || !strings.Contains(got.Detail, "in time") {
		t.Errorf("Timeout: %+v", got)
	}
}
