package desk

import (
	"fmt"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner/remedy"
)

// TestLeaderKilledAtEachStep walks through all steps of two evictions, and kills
// the leader at each, before and after the step had an effect; the next leader
// too. No pod is evicted twice, none within another one's time, all are in the
// end, and each is told.
func TestLeaderKilledAtEachStep(t *testing.T) {
	steps := walk(t, 0, 0, false, false)
	if steps < 10 {
		t.Fatalf("two evictions took %d steps", steps)
	}
	for first := 1; first <= steps; first++ {
		for _, late := range []bool{false, true} {
			for second := 0; second <= steps; second++ {
				walk(t, first, second, late, false)
				if second > 0 {
					walk(t, first, second, late, true)
				}
			}
		}
	}
}

// walk lets up to two leaders die and says how many steps the last one made.
func walk(t *testing.T, first, second int, late, secondLate bool) int {
	t.Helper()
	name := fmt.Sprintf("killed at %d (late %v), then at %d (late %v)", first, late, second, secondLate)
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	for _, death := range []struct {
		die  int
		late bool
	}{{first, late}, {second, secondLate}} {
		if death.die == 0 {
			continue
		}
		d := w.leader()
		w.die, w.late = death.die, death.late
		w.pass(d, 3*time.Hour)
		w.now = w.now.Add(20 * time.Second) // The lease has to run out.
	}
	d := w.leader()
	w.pass(d, 4*time.Hour)

	seen := make(map[string]bool)
	for i, p := range w.evicted {
		if seen[p.uid] {
			t.Errorf("%s: %s was evicted twice", name, p.uid)
		}
		seen[p.uid] = true
		if i > 0 && p.ends.Sub(w.evicted[i-1].ends) < time.Hour-30*time.Second {
			t.Errorf("%s: two evictions within %v: one an hour is allowed", name, p.ends.Sub(w.evicted[i-1].ends))
		}
	}
	if len(w.evicted) != 2 {
		t.Errorf("%s: %d evictions", name, len(w.evicted))
	}
	acts := w.acts()
	if len(acts) != 2 {
		t.Errorf("%s: acts %+v", name, acts)
	}
	for _, a := range acts {
		if a.Phase != remedy.PhaseEvicted && a.Phase != remedy.PhaseGone || !seen[a.UID] {
			t.Errorf("%s: act %+v", name, a)
		}
	}
	if len(w.told) != 2 {
		t.Errorf("%s: told %v", name, w.told)
	}
	return w.steps
}

// TestDeposedLeader: one that does not know yet that it leads no more does the
// same as the new one; the pod is evicted once.
func TestDeposedLeader(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	old := w.leader()
	for len(w.acts()) == 0 {
		w.turnWithoutWork(old)
		w.now = w.now.Add(30 * time.Second)
	}
	next := w.leader()
	w.turn(next)
	w.turn(old)
	w.turn(next)
	if len(w.evicted) != 1 {
		t.Errorf("%d evictions", len(w.evicted))
	}
	if a := w.acts(); len(a) != 1 || a[0].Phase != remedy.PhaseEvicted {
		t.Errorf("acts %+v", a)
	}
}

// turnWithoutWork leaves what is intended to others.
func (w *world) turnWithoutWork(d *Desk) {
	w.observe()
	for k, next := range d.Turn(w.now, w.reports) {
		for _, r := range w.reports {
			if keyOf(r) == k {
				r.Status.Remedy = next
			}
		}
	}
	select {
	case j := <-d.looks:
		d.work(w.t.Context(), j)
	default:
	}
}
