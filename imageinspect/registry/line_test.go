package registry

import (
	"fmt"
	"slices"
	"testing"
)

func TestLineTakesTurns(t *testing.T) {
	l := newLine[string]()
	for i := range 5 {
		l.push("a", fmt.Sprintf("a%d", i))
	}
	l.push("b", "b0")
	l.push("c", "c0")
	l.push("b", "b1")
	if last := l.dropLast("a"); last != "a4" || l.longest() != "a" {
		t.Errorf("dropped %s, longest %s", last, l.longest())
	}
	var got []string
	may := func(v string) bool { return v != "c0" || len(got) >= 4 } // c has to wait for its first
	for {
		v, ok := l.next(may)
		if !ok {
			break
		}
		got = append(got, v)
	}
	if want := []string{"a0", "b0", "a1", "b1", "c0", "a2", "a3"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if l.total != 0 || len(l.turn) != 0 || len(l.waiting) != 0 || l.longest() != "" {
		t.Errorf("left over: %+v", l)
	}
}

func TestLineDropsWholeOwner(t *testing.T) {
	l := newLine[int]()
	l.push("a", 1)
	l.push("b", 2)
	l.dropLast("a")
	if v, ok := l.next(func(int) bool { return true }); !ok || v != 2 || l.total != 0 {
		t.Errorf("next %d %v, total %d", v, ok, l.total)
	}
}

// TestLongestLoses: where all together wait for too much, whoever waits for
// the most is refused, not whoever comes last.
func TestLongestLoses(t *testing.T) {
	refused := 0
	f := newFlights(newClock().Now, func() { refused++ })
	unknown := func() (answer, bool) { return answer{}, false }
	hold := make(chan struct{})
	run := func() answer { <-hold; return answer{} }
	key := func(name string) failureKey { return failureKey{question: name} }
	join := func(owner, name string) (*flight, *problem) {
		return f.join(key(name), slots{owner: owner, max: 1, queue: maxWaiting}, unknown, run)
	}
	for i := range maxWaiting + 1 {
		if _, busy := join("flood", fmt.Sprint("flood", i)); busy != nil {
			t.Fatal(busy)
		}
	}
	if _, busy := join("shop", "shop"); busy != nil || refused != 1 {
		t.Errorf("the shop: %v; %d refused", busy, refused)
	}
	if _, busy := join("flood", "one more"); busy == nil {
		t.Error("the flood waits for even more")
	}
	close(hold)
	f.close()
}
