package mirrors

import (
	"testing"

	"github.com/go-logr/logr"
)

// TestKindsAreNotDroppedAtOnce: an API server that starts tells of fewer kinds
// than it will have. What was read of them stays for that while.
func TestKindsAreNotDroppedAtOnce(t *testing.T) {
	k, stopped := kinds()[0], 0
	done := make(chan struct{})
	close(done)
	w := &Watcher{options: Options{Log: logr.Discard()}, told: map[string]bool{}, informers: map[kind]*informer{
		k: {stop: func() { stopped++ }, done: done},
	}}
	w.streams(true)
	for i, has := range []bool{false, true, false, false} {
		w.keep(t.Context(), k, has)
		w.streams(has)
		if stopped != 0 || w.informers[k] == nil || !w.imageStreams {
			t.Fatalf("look %d: it was dropped", i)
		}
	}
	w.keep(t.Context(), k, false)
	w.streams(false)
	if stopped != 1 || w.informers[k] != nil || w.imageStreams {
		t.Error("it is still followed after the cluster was without it for long")
	}
}
