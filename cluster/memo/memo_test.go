package memo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 20 * time.Second

// source answers questions NAMESPACE/NAME with the number of questions so far.
type source struct {
	mu    sync.Mutex
	asked map[string]int
	gate  chan struct{} // nil lets all through
	now   time.Time
}

func (s *source) read(ctx context.Context, key string) (string, time.Duration) {
	s.mu.Lock()
	s.asked[key]++
	answer := fmt.Sprint(key, " ", s.asked[key])
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return "no answer", time.Second
		}
	}
	return answer, time.Minute
}

func (s *source) count(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[key]
}

func newMemo(t *testing.T, s *source, size, weight int) *Memo[string, string] {
	t.Helper()
	s.asked, s.now = map[string]int{}, time.Unix(1_700_000_000, 0)
	m, err := New(Options[string, string]{
		Read:  s.read,
		Owner: func(key string) string { namespace, _, _ := strings.Cut(key, "/"); return namespace },
		Size:  size, MaxWeight: weight, Weigh: func(answer string) int { return len(answer) },
		Now: func() time.Time { return s.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func get(t *testing.T, m *Memo[string, string], keys ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answers, err := m.Get(ctx, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

func TestAnswersHold(t *testing.T) {
	s := &source{}
	m := newMemo(t, s, 10, 1000)
	for _, want := range []string{"a/1 1,b/1 1,a/1 1", "a/1 1,b/1 1,a/1 1"} {
		if got := strings.Join(get(t, m, "a/1", "b/1", "a/1"), ","); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	s.now = s.now.Add(time.Minute)
	if got := get(t, m, "a/1")[0]; got != "a/1 2" {
		t.Errorf("after its time: %s", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	for name, size := range map[string][2]int{"entries": {2, 1000}, "weight": {10, 10}} {
		s := &source{}
		m := newMemo(t, s, size[0], size[1])
		for _, key := range []string{"a/1", "a/2", "a/3", "a/1"} {
			get(t, m, key)
		}
		if n := s.count("a/1"); n != 2 {
			t.Errorf("%s: asked %d times, want 2", name, n)
		}
		if m.known.Len() > 2 || m.weight > 10 {
			t.Errorf("%s: %d answers of %d bytes are held", name, m.known.Len(), m.weight)
		}
	}
}

// TestGoesOn: whoever asks next has the answer to a question whose asker left,
// and equal questions are one.
func TestGoesOn(t *testing.T) {
	s := &source{gate: make(chan struct{})}
	m := newMemo(t, s, 10, 1000)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := m.Get(gone, "a/1"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	var askers sync.WaitGroup
	for range 20 {
		askers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if got, err := m.Get(ctx, "a/1"); err != nil || got[0] != "a/1 1" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	close(s.gate)
	askers.Wait()
	if n := s.count("a/1"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestOneNamespaceDoesNotHoldUpOthers: however much it asks.
func TestOneNamespaceDoesNotHoldUpOthers(t *testing.T) {
	s := &source{gate: make(chan struct{})}
	m := newMemo(t, s, 1000, 100000)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for i := range maxOwnCalls {
		if _, err := m.Get(gone, fmt.Sprint("flood/", i)); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if _, err := m.Get(gone, "flood/more"); !errors.Is(err, ErrBusy) {
		t.Errorf("error %v, want %v", err, ErrBusy)
	}
	asked := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := m.Get(ctx, "b/1")
		asked <- err
	}()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for s.count("b/1") == 0 {
		select {
		case <-tick.C:
		case err := <-asked:
			t.Fatalf("the other namespace was not asked for: %v", err)
		}
	}
	s.mu.Lock()
	flood := len(s.asked) - 1
	s.mu.Unlock()
	if flood > maxOwnReads {
		t.Errorf("%d questions of one namespace are under way, want %d at most", flood, maxOwnReads)
	}
	close(s.gate)
	if err := <-asked; err != nil {
		t.Error(err)
	}
	get(t, m, "flood/99")
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, o := range m.owners {
		if o.calls < 1 {
			t.Errorf("%s has nothing under way and is held", name)
		}
	}
}
