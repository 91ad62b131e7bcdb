package registry

import (
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

func TestBackoff(t *testing.T) {
	for times, want := range []time.Duration{3, 6, 12, 24, 40, 40} {
		if got := backoff(3*time.Second, 40*time.Second, times); got != want*time.Second {
			t.Errorf("after %d: %s, want %s", times, got, want*time.Second)
		}
	}
	if got := backoff(time.Hour, time.Minute, 3); got != time.Minute {
		t.Errorf("a first time over the most: %s", got)
	}
}

// TestCertainAnswersAreAskedForLess: an image that isn't there is asked for
// less and less often, until it is there; a registry that is down is asked as
// often as at first.
func TestCertainAnswersAreAskedForLess(t *testing.T) {
	for name, tc := range map[string]struct {
		fault imagetest.Fault
		waits []time.Duration
	}{
		"certain": {imagetest.Status(404), []time.Duration{3, 6, 12, 20, 20}},
		"down":    {imagetest.Status(500), []time.Duration{3, 3, 3, 3, 3}},
		"limited": {imagetest.On(imagetest.Status(429), imagetest.HeadManifest), []time.Duration{3, 6, 12, 20, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			r := imagetest.New(t, imagetest.Options{})
			r.MustPush(t, "web:1", node(""))
			clock := newClock()
			c := newClient(t, r, func(o *Options) { o.Now, o.FailureTTLMax = clock.Now, 20*time.Second })
			r.Break(tc.fault)
			asked := func() bool {
				r.ResetCounts()
				fails(t, c, query(r, "web:1"))
				return len(r.Counts()) > 0
			}
			if !asked() {
				t.Fatal("not asked at first")
			}
			for i, wait := range tc.waits {
				clock.Advance(wait*time.Second - time.Millisecond)
				if asked() {
					t.Fatalf("asked for again before %d s, time %d", wait, i+1)
				}
				clock.Advance(time.Millisecond)
				if !asked() {
					t.Fatalf("not asked for after %d s, time %d", wait, i+1)
				}
			}
			clock.Advance(20 * time.Second)
			r.Break(nil)
			inspect(t, c, query(r, "web:1"))
			// Success resets: the next failure is a first one.
			clock.Advance(2 * time.Minute)
			r.Break(tc.fault)
			if !asked() {
				t.Fatal("the tag was not looked up again")
			}
			clock.Advance(3 * time.Second)
			if !asked() {
				t.Error("a success did not reset the times")
			}
		})
	}
}

// TestFailureOfLongAgo: a lookup that fails once a day is no repeated failure.
func TestFailureOfLongAgo(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	clock := newClock()
	c := newClient(t, r, func(o *Options) { o.Now = clock.Now })
	for range 3 {
		fails(t, c, query(r, "none:1"))
		clock.Advance(24 * time.Hour)
	}
	fails(t, c, query(r, "none:1"))
	clock.Advance(3 * time.Second)
	r.ResetCounts()
	fails(t, c, query(r, "none:1"))
	if len(r.Counts()) == 0 {
		t.Error("not asked for after the first time")
	}
}
