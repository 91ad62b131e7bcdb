package desk

import (
	"testing"
	"time"
)

// TestSilentNode: what a node said long ago is no reason to evict, however often
// the report is written since; and the time to hold begins when it is heard again.
func TestSilentNode(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 3)
	w.settings.Hold = time.Hour
	heard := w.now
	d := w.leader()
	d.o.Heard = func(node string) time.Time {
		if node != "node-1" {
			t.Errorf("asked for %q", node)
		}
		return heard
	}
	w.pass(d, 30*time.Minute)
	heard = time.Time{} // as after a restart
	w.pass(d, 4*time.Hour)
	if w.looked > 0 || len(w.evicted) > 0 {
		t.Fatalf("%d looks, %d evicted, by what nobody says any more", w.looked, len(w.evicted))
	}
	from := w.now
	heard = from.Add(24 * time.Hour)
	w.pass(d, 3*time.Hour)
	if len(w.evicted) == 0 || w.evicted[0].ends.Sub(from) < time.Hour {
		t.Errorf("%d evicted", len(w.evicted))
	}
}
