// Package memo remembers for a time what the API server said. Equal questions
// at a time are one, a question whose asker leaves is answered for the next one,
// and no namespace keeps the others waiting.
package memo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// readTimeout bounds one question to the API server.
	readTimeout = 5 * time.Second
	// maxReads bounds the questions at once, maxOwnReads those of one
	// namespace.
	maxReads    = 32
	maxOwnReads = 8
	// maxOwnCalls bounds the questions of one namespace that wait for that.
	maxOwnCalls = 512
)

// ErrBusy is returned for a question of a namespace that has too many waiting.
var ErrBusy = errors.New("too many questions to the API server are waiting for this namespace")

// Options configure a Memo. All fields but Now are required.
type Options[K comparable, V any] struct {
	// Read asks, and says how long the answer holds: a failure is an answer
	// too.
	Read func(ctx context.Context, key K) (answer V, holds time.Duration)
	// Owner is the namespace that a question is asked for.
	Owner func(key K) string
	// Size is how many answers are remembered, MaxWeight how many bytes they
	// may take, as told by Weigh.
	Size, MaxWeight int
	Weigh           func(answer V) int
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Memo is safe for concurrent use.
type Memo[K comparable, V any] struct {
	o      Options[K, V]
	places chan struct{}

	mu      sync.Mutex
	known   *simplelru.LRU[K, expiring[V]]
	weight  int
	running map[K]*call[V]
	owners  map[string]*owner
}

type expiring[V any] struct {
	answer V
	until  time.Time
}

// call is a question under way; its answer is there once done is closed.
type call[V any] struct {
	done   chan struct{}
	answer V
}

// owner is a namespace with questions under way.
type owner struct {
	places chan struct{}
	calls  int
}

// New makes an empty Memo.
func New[K comparable, V any](o Options[K, V]) (*Memo[K, V], error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Memo[K, V]{o: o, places: make(chan struct{}, maxReads), running: map[K]*call[V]{}, owners: map[string]*owner{}}
	known, err := simplelru.NewLRU(o.Size, func(_ K, e expiring[V]) { m.weight -= o.Weigh(e.answer) })
	if err != nil {
		return nil, fmt.Errorf("memory for %d answers: %w", o.Size, err)
	}
	m.known = known
	return m, nil
}

// Get answers a question for each key, in their order. Its error wraps ErrBusy
// or that of ctx; what was asked goes on then.
func (m *Memo[K, V]) Get(ctx context.Context, keys ...K) ([]V, error) {
	answers := make([]V, len(keys))
	calls := make([]*call[V], len(keys))
	m.mu.Lock()
	for i, key := range keys {
		if e, ok := m.known.Get(key); ok && m.o.Now().Before(e.until) {
			answers[i] = e.answer
			continue
		}
		if calls[i] = m.begin(ctx, key); calls[i] == nil {
			m.mu.Unlock()
			return nil, ErrBusy
		}
	}
	m.mu.Unlock()
	for i, c := range calls {
		if c == nil {
			continue
		}
		select {
		case <-c.done:
			answers[i] = c.answer
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the API server: %w", ctx.Err())
		}
	}
	return answers, nil
}

// begin joins a question or asks it, under the lock; nil when too many wait.
func (m *Memo[K, V]) begin(ctx context.Context, key K) *call[V] {
	if running := m.running[key]; running != nil {
		return running
	}
	name := m.o.Owner(key)
	o := m.owners[name]
	if o == nil {
		o = &owner{places: make(chan struct{}, maxOwnReads)}
		m.owners[name] = o
	}
	if o.calls == maxOwnCalls {
		return nil
	}
	o.calls++
	c := &call[V]{done: make(chan struct{})}
	m.running[key] = c
	go m.read(context.WithoutCancel(ctx), key, name, o, c)
	return c
}

func (m *Memo[K, V]) read(ctx context.Context, key K, name string, o *owner, c *call[V]) {
	o.places <- struct{}{} // each place is given back within readTimeout
	m.places <- struct{}{}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	answer, holds := m.o.Read(ctx, key)
	<-m.places
	<-o.places
	m.mu.Lock()
	defer m.mu.Unlock()
	c.answer = answer
	m.keep(key, answer, holds)
	delete(m.running, key)
	if o.calls--; o.calls == 0 {
		delete(m.owners, name)
	}
	close(c.done)
}

// keep remembers an answer, and forgets those used longest ago that are too
// much.
func (m *Memo[K, V]) keep(key K, answer V, holds time.Duration) {
	m.known.Remove(key)
	m.weight += m.o.Weigh(answer)
	m.known.Add(key, expiring[V]{answer: answer, until: m.o.Now().Add(holds)})
	for m.weight > m.o.MaxWeight {
		if _, _, ok := m.known.RemoveOldest(); !ok {
			return
		}
	}
}
