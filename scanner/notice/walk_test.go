package notice_test

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// life is a story that a process may end in at any step: zombies come, and go.
func life(t *testing.T, w *world) (crashes int) {
	t.Helper()
	now := epoch()
	restart := func() *office {
		o := newOffice(t, w, now, quick())
		o.has("n2", "bank", map[string]int32{"api": 2000})
		return o
	}
	o := restart()
	during := func(ctx context.Context, stage map[string]int32, d time.Duration) {
		for end := now.Add(d); now.Before(end); {
			func() {
				defer func() {
					now = o.now
					if r := recover(); r != nil {
						if r != (crash{}) {
							panic(r)
						}
						crashes++
						now = now.Add(20 * time.Second) // until another one leads
						o = restart()
					}
				}()
				o.has("n1", "shop", stage)
				o.pass(ctx, 5*time.Second)
			}()
		}
	}
	during(t.Context(), map[string]int32{"a": 100, "b": 200, "c": 2000}, 3*time.Minute)
	during(t.Context(), nil, 3*time.Minute)
	return crashes
}

// check says what is wrong with what people were told in a life.
func check(t *testing.T, w *world, crashes int) {
	t.Helper()
	times := make(map[string]int)
	ids := make(map[string]map[string]bool) // news -> ids
	for _, d := range w.inbox {
		times[d.id]++
		for name, what := range d.items {
			news := d.namespace + "/" + name + " " + what
			if ids[news] == nil {
				ids[news] = make(map[string]bool)
			}
			ids[news][d.id] = true
		}
	}
	for _, news := range []string{
		"shop/deployment-a Firing Warning", "shop/deployment-b Firing Warning", "shop/deployment-c Firing Critical", "bank/deployment-api Firing Critical",
		"shop/deployment-a Resolved Warning", "shop/deployment-b Resolved Warning", "shop/deployment-c Resolved Critical",
	} {
		if len(ids[news]) != 1 {
			t.Errorf("%s was told in %d digests", news, len(ids[news]))
		}
	}
	if len(ids) != 7 {
		t.Errorf("%d news, want 7", len(ids))
	}
	for id, n := range times {
		if n > 1+crashes {
			t.Errorf("digest %s was told %d times with %d crashes", id, n, crashes)
		}
	}
	written := make(map[string]bool)
	for _, d := range w.events {
		for name, what := range d.items {
			written[d.namespace+"/"+name+" "+what] = true
		}
	}
	if len(written) != 7 {
		t.Errorf("%d news in Events, want 7", len(written))
	}
	for k, r := range w.reports {
		if n := r.Status.Notice; n == nil || n.Pending != nil || n.Last == nil {
			t.Errorf("%v: %+v", k, n)
		}
	}
}

// TestWithoutCrash is what the walks below are held against.
func TestWithoutCrash(t *testing.T) {
	w := newWorld()
	check(t, w, life(t, w))
	// One a namespace and kind; a report is made, stands, and is decided on and
	// marked twice.
	if len(w.inbox) != 3 || w.writes > 4*5+3*5 {
		t.Errorf("%d digests, %d writes", len(w.inbox), w.writes)
	}
}

// TestEveryCrash ends the process at each step: before and after every write,
// each time that a channel is asked, before and after each mail. Nothing is lost,
// nothing is told under two IDs, and a crash repeats each mail once at most.
func TestEveryCrash(t *testing.T) {
	w := newWorld()
	life(t, w)
	steps := w.step
	if steps < 60 {
		t.Fatalf("only %d steps", steps)
	}
	for at := 1; at <= steps; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			w := newWorld()
			w.crash = []int{at}
			crashes := life(t, w)
			if crashes != 1 {
				t.Fatalf("%d crashes", crashes)
			}
			check(t, w, crashes)
		})
	}
}

// TestTwoCrashes ends the process twice, the second time soon after.
func TestTwoCrashes(t *testing.T) {
	w := newWorld()
	life(t, w)
	steps := w.step
	for at := 1; at <= steps; at++ {
		for _, after := range []int{1, 2, 3, 4, 5, 7, 11, 16} {
			w := newWorld()
			w.crash = []int{at, at + after}
			check(t, w, life(t, w))
			if t.Failed() {
				t.Fatalf("crashes at %v", w.crash)
			}
		}
	}
}

// TestLostAnswers: each write once is done without anybody hearing of it.
func TestLostAnswers(t *testing.T) {
	w := newWorld()
	life(t, w)
	for lost := 1; lost <= w.writes; lost++ {
		w := newWorld()
		w.lostAnswer = func(n int) bool { return n == lost }
		check(t, w, life(t, w))
		if t.Failed() {
			t.Fatalf("the answer to write %d was lost", lost)
		}
	}
}

// TestManyAtOnce: 2,000 bad pods in 40 namespaces when the responder begins. One
// digest each, four writes a report.
func TestManyAtOnce(t *testing.T) {
	w := newWorld()
	settings := quick()
	settings.Hold, settings.Gather, settings.Pause = time.Hour, 10*time.Minute, 15*time.Minute
	o := newOffice(t, w, epoch(), settings)
	o.every = 15 * time.Second
	for i := range 40 {
		zombies := make(map[string]int32)
		for j := range 50 {
			zombies[fmt.Sprint("w", j)] = int32(60 + (i*7919+j*104729)%5000)
		}
		o.has(fmt.Sprint("n", i), fmt.Sprintf("ns%d-prod", i), zombies)
	}
	o.pass(t.Context(), 17*time.Minute)
	o.now = epoch().Add(59 * time.Minute) // nothing happens in between
	o.pass(t.Context(), 21*time.Minute)
	told := make(map[string]int)
	for _, d := range w.inbox {
		told[d.namespace]++
		if len(d.items) != 50 {
			t.Logf("%s: %d items at %s", d.namespace, len(d.items), d.at)
		}
	}
	if len(w.inbox) != 40 || len(told) != 40 {
		t.Errorf("%d digests for %d namespaces", len(w.inbox), len(told))
	}
	if w.writes > 4*2000+2000 {
		t.Errorf("%d writes", w.writes)
	}
	t.Logf("%d writes, last digest at %s", w.writes, w.inbox[len(w.inbox)-1].at.Sub(epoch()))
}
