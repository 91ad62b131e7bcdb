package registry

import (
	"fmt"
	"testing"
	"time"
)

func TestTTLCache(t *testing.T) {
	clock := newClock()
	c, err := newTTLCache[string, int](2, clock.Now)
	must(t, err)
	c.add("a", 1, time.Second)
	c.add("b", 2, time.Minute)
	clock.Advance(time.Second)
	if _, ok := c.get("a"); ok {
		t.Error("a is there after its time")
	}
	c.add("c", 3, time.Minute)
	c.add("d", 4, time.Minute)
	if _, ok := c.get("b"); ok {
		t.Error("the cache holds more than its size")
	}
	if v, ok := c.get("d"); !ok || v != 4 {
		t.Errorf("d = %d, %v", v, ok)
	}
}

func TestWeightCache(t *testing.T) {
	c, err := newWeightCache[string, int](100, 10, func(v int) int { return v })
	must(t, err)
	for i := range 50 {
		c.add(fmt.Sprint(i), 3)
	}
	if c.entries.Len() != 3 || c.total != 9 {
		t.Errorf("%d entries of weight %d, want 3 of 9", c.entries.Len(), c.total)
	}
	c.add("49", 1)
	if v, _ := c.get("49"); c.total != 7 || v != 1 {
		t.Errorf("weight %d after a change, want 7", c.total)
	}
	c.add("too heavy", 11)
	if c.total != 0 || c.entries.Len() != 0 {
		t.Errorf("%d entries of weight %d, want none", c.entries.Len(), c.total)
	}
}

// TestPanicIsAnAnswer: foreign bytes that break a library break one lookup.
func TestPanicIsAnAnswer(t *testing.T) {
	f := newFlights(time.Now, func() {})
	key := failureKey{accessKey: accessKey{identifier: "1"}}
	unknown := func() (answer, bool) { return answer{}, false }
	flight, busy := f.join(key, slots{max: 1, queue: 1}, unknown, func() answer { panic("boom") })
	if busy != nil {
		t.Fatal(busy)
	}
	<-flight.done
	if flight.answer.problem == nil || flight.answer.problem.result != "image-invalid" {
		t.Errorf("answer = %+v", flight.answer)
	}
	f.close()
}
