package registry

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Budgets are what a Client may take of registries, and each namespace of the
// Client. The zero value bounds nothing but the queue.
type Budgets struct {
	// Inspections is how many inspections of one namespace may be under way at
	// once. Whatever it says, a namespace holds no more than it leaves free of
	// MaxInspections. Default: no other bound.
	Inspections int
	// Queue is how many inspections of one namespace may wait for their turn;
	// one more is refused. Default: 64.
	Queue int
	// Bytes is what one namespace may have read from registries in an hour. It
	// comes back evenly. Default: no bound.
	Bytes int64
	// Requests is how many manifests and blobs may be asked for at one
	// registry in a minute; more of them wait. It comes back evenly. Default:
	// no bound.
	Requests int
	// Reserve is how much of what a registry's RateLimit headers grant is left
	// to others, the cluster's nodes first of all, in percent. Default: 0.
	Reserve int
}

// bucket is a budget that comes back evenly, up to its size.
type bucket struct {
	spent float64
	at    time.Time
}

// left is what is left at a time of a budget of size per period.
func (b *bucket) left(now time.Time, size float64, period time.Duration) float64 {
	if passed := now.Sub(b.at); passed > 0 {
		b.spent = max(0, b.spent-size*float64(passed)/float64(period))
		b.at = now
	}
	return size - b.spent
}

// overBudgetError is a budget that is used up.
type overBudgetError struct {
	what string
	// wait is how long until there is more.
	wait time.Duration
}

func (e *overBudgetError) Error() string {
	return fmt.Sprintf("%s; there is more in %s", e.what, e.wait.Round(time.Second))
}

// rateLimitedError is a limit of the registry that is almost used up.
type rateLimitedError struct {
	granted
	reserve int
	wait    time.Duration
}

func (e *rateLimitedError) Error() string {
	return fmt.Sprintf("the registry grants %d more requests of %d: the last %d are left to the nodes; asked again in %s",
		e.remaining, e.limit, e.reserve, e.wait.Round(time.Second))
}

// account is whose limit at a registry a request counts against. Registries
// count anonymous requests by address and others by login.
type account struct{ host, login string }

// granted is what a registry said last about its limit.
type granted struct {
	limit, remaining int
	// recheck is when what was said is old enough to be asked anew.
	recheck time.Time
}

const (
	// maxMeters bounds the registries and accounts whose use is remembered,
	// and the namespaces.
	maxMeters = 4096
	// minRecheck is how long what a registry says of its limit is believed at
	// least, and maxRetryAfter at most.
	minRecheck = 30 * time.Second
)

// meter counts what is taken. It is safe for concurrent use.
type meter struct {
	now    func() time.Time
	bounds func() Budgets

	mu         sync.Mutex
	requests   *simplelru.LRU[string, *bucket] // by host
	granted    *simplelru.LRU[account, granted]
	namespaces *simplelru.LRU[string, *bucket]
}

func newMeter(now func() time.Time, bounds func() Budgets) (*meter, error) {
	requests, err1 := simplelru.NewLRU[string, *bucket](maxMeters, nil)
	limits, err2 := simplelru.NewLRU[account, granted](maxMeters, nil)
	namespaces, err3 := simplelru.NewLRU[string, *bucket](maxMeters, nil)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, fmt.Errorf("registry budgets: %w", err)
		}
	}
	return &meter{now: now, bounds: bounds, requests: requests, granted: limits, namespaces: namespaces}, nil
}

// ask takes one request for content, and waits for it where others came first.
// It does not wait where ctx would end before. Of what a registry grants only
// the begin of an image is held back: without its config the manifest would
// have been read for nothing.
func (m *meter) ask(ctx context.Context, who account, namespace string, begins bool) error {
	if begins {
		if err := m.leavesReserve(who); err != nil {
			return err
		}
	}
	wait, err := m.reserve(ctx, who.host, namespace)
	if err != nil || wait <= 0 {
		return err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for a request to %s: %w", who.host, ctx.Err())
	}
}

// reserve takes one request and says how long to wait before it is made.
func (m *meter) reserve(ctx context.Context, host, namespace string) (time.Duration, error) {
	b := m.bounds()
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if err := m.mayRead(now, b, namespace); err != nil {
		return 0, err
	}
	if b.Requests <= 0 {
		return 0, nil
	}
	size, used := float64(b.Requests), get(m.requests, host)
	left := used.left(now, size, time.Minute)
	wait := time.Duration(0)
	if left < 1 {
		wait = time.Duration((1 - left) / size * float64(time.Minute))
	}
	if until, ok := ctx.Deadline(); ok && wait > time.Until(until) {
		return 0, &overBudgetError{
			what: fmt.Sprintf("%s: %d requests a minute (budgets.registryRequestsPerMinute) are used up", host, b.Requests), wait: wait,
		}
	}
	used.spent++
	return wait, nil
}

// mayRead is an error for a namespace that has had its bytes.
func (m *meter) mayRead(now time.Time, b Budgets, namespace string) error {
	if b.Bytes <= 0 {
		return nil
	}
	left := get(m.namespaces, namespace).left(now, float64(b.Bytes), time.Hour)
	if left > 0 {
		return nil
	}
	return &overBudgetError{
		what: fmt.Sprintf("namespace %q: %d MiB an hour (budgets.namespaceMiBPerHour) are used up", namespace, b.Bytes>>20),
		wait: time.Duration((1-left)/float64(b.Bytes)*float64(time.Hour)) + time.Second,
	}
}

// leavesReserve is an error where one more request would take from what the
// registry grants to others. What it said is believed for a while: after that
// one request finds out.
func (m *meter) leavesReserve(who account) error {
	b := m.bounds()
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	g, ok := m.granted.Get(who)
	if !ok {
		return nil
	}
	reserve := g.limit * b.Reserve / 100
	switch {
	case g.remaining > reserve:
		g.remaining--
	case now.Before(g.recheck):
		return &rateLimitedError{granted: g, reserve: reserve, wait: g.recheck.Sub(now)}
	default:
		g.recheck = now.Add(minRecheck) // for the others; the answer says more
	}
	m.granted.Add(who, g)
	return nil
}

// heard takes from an answer what it says of a limit. A manifest that is
// answered without a word of it comes from a registry that has none any more:
// what it said before would be counted down and never up again. Of blobs many
// say nothing.
func (m *meter) heard(who account, resp *http.Response, blob bool) {
	switch l, ok := parseRateLimit(resp.Header); {
	case ok:
		m.grants(who, l)
	case !blob && resp.StatusCode == http.StatusOK:
		m.mu.Lock()
		defer m.mu.Unlock()
		m.granted.Remove(who)
	}
}

// grants notes what a registry says about its limit.
func (m *meter) grants(who account, l rateLimit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.granted.Add(who, granted{
		limit: l.limit, remaining: l.remaining, recheck: m.now().Add(min(max(l.again, minRecheck), maxRetryAfter)),
	})
}

// read takes n bytes that a namespace has had.
func (m *meter) read(namespace string, n int) error {
	b := m.bounds()
	if b.Bytes <= 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	used, now := get(m.namespaces, namespace), m.now()
	used.left(now, float64(b.Bytes), time.Hour)
	used.spent += float64(n)
	return m.mayRead(now, b, namespace)
}

// get returns the bucket of a key, a full one for a key that is new.
func get[K comparable](buckets *simplelru.LRU[K, *bucket], key K) *bucket {
	if b, ok := buckets.Get(key); ok {
		return b
	}
	b := &bucket{}
	buckets.Add(key, b)
	return b
}
