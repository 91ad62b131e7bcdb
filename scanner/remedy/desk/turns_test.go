package desk

import (
	"fmt"
	"testing"
	"time"
)

// TestEachHasItsTurn: many pods that nobody asks to be evicted, looked at again
// and again, keep nobody from the one that is to be.
func TestEachHasItsTurn(t *testing.T) {
	w := newWorld(t)
	for i := range 300 {
		w.deployment("crowd", fmt.Sprint("web-", i), 1)
	}
	w.deployment("shop", "web", 2)
	w.refuses = "crowd"
	w.pass(w.leader(), 30*time.Minute)
	if len(w.evicted) != 1 || w.evicted[0].namespace != "shop" {
		t.Errorf("%d evicted after %d looks", len(w.evicted), w.looked)
	}
}
