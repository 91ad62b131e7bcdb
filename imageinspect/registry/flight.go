package registry

import (
	"fmt"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
)

// answer is how a lookup ended: that of an image, or of one of its files.
type answer struct {
	images []imageinspect.Image
	// contents say for each image what its Files are made of.
	contents []content
	file     fileAnswer
	problem  *problem
	// rights are those that got the images, at place: the request there.
	rights rights
	place  request
}

// content is what an image's files are read from.
type content struct {
	digest v1.Hash
	layers []layerRef
}

// flight is one inspection that waits or is under way; any number of callers
// wait for it.
type flight struct {
	done   chan struct{}
	answer answer // to be read once done is closed
}

// slots are what one owner may take for its inspections.
type slots struct {
	owner string
	max   int // for all owners together
	// shared leaves room for other owners.
	shared bool
	// own is the most that one of several owners may hold, and queue what it
	// may wait for beside.
	own, queue int
	// until is when waiting makes no sense any more; zero for never.
	until time.Time
}

// maxWaiting bounds what waits, for all owners together.
const maxWaiting = 4096

// flights run each inspection once and bound their number. What finds no free
// slot waits; owners take turns.
type flights struct {
	now  func() time.Time
	busy func() // is told of each that was refused after it had waited

	mu sync.Mutex
	// known are the flights that wait or are under way.
	known map[failureKey]*flight
	// held counts what is under way for each owner, active for all.
	held    map[string]int
	active  int
	waiting *line[*pending]
	// max and own are the bounds that came last: they hold for what waits too.
	max, own int
	closed   bool
	ended    sync.WaitGroup
}

// pending is a flight that waits.
type pending struct {
	*flight
	key   failureKey
	slots slots
	run   func() answer
}

func newFlights(now func() time.Time, busy func()) *flights {
	return &flights{now: now, busy: busy, known: map[failureKey]*flight{}, held: map[string]int{}, waiting: newLine[*pending]()}
}

// join returns the flight for key, starting run or having it wait when there
// is none. known is asked once more under the lock: a flight leaves its answer
// in the caches before it ends, so that nothing is inspected twice. Only a
// start takes a slot; the problem says that too many wait already.
func (f *flights) join(key failureKey, s slots, known func() (answer, bool), run func() answer) (*flight, *problem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.known[key]; other != nil {
		return other, nil
	}
	if a, ok := known(); ok {
		return landed(a), nil
	}
	if f.closed {
		return landed(closed(key)), nil
	}
	f.max, f.own = s.max, s.own
	p := &pending{flight: &flight{done: make(chan struct{})}, key: key, slots: s, run: run}
	f.known[key] = p.flight
	f.waiting.push(s.owner, p)
	f.dispatch()
	out := f.overfull(s)
	switch out {
	case nil:
	case p:
		delete(f.known, key)
		return nil, f.refusal(p)
	default:
		f.refuse(out)
	}
	return p.flight, nil
}

// overfull takes out of the line what is too much; nil when nothing is. Where
// all owners together wait for too much, it is the one who waits for the most
// that loses.
func (f *flights) overfull(s slots) *pending {
	switch {
	case len(f.waiting.waiting[s.owner]) > s.queue:
		return f.waiting.dropLast(s.owner)
	case f.waiting.total > maxWaiting:
		return f.waiting.dropLast(f.waiting.longest())
	default:
		return nil
	}
}

// dispatch starts what may start, in turn.
func (f *flights) dispatch() {
	for {
		p, ok := f.waiting.next(f.may)
		switch {
		case !ok:
			return
		case f.late(p):
			f.refuse(p)
		default:
			f.start(p)
		}
	}
}

// may is true for what may start. Who shares may hold as many as it leaves
// free: one owner alone takes half of the slots at most, however long its
// registry keeps them.
func (f *flights) may(p *pending) bool {
	held, free := f.held[p.slots.owner], f.max-f.active
	if f.late(p) {
		return true // to be refused
	}
	return free > 0 && (!p.slots.shared || held < free && held < f.own)
}

func (f *flights) late(p *pending) bool {
	return !p.slots.until.IsZero() && f.now().After(p.slots.until)
}

// start begins a flight, which gives its slot back at its end.
func (f *flights) start(p *pending) {
	f.held[p.slots.owner]++
	f.active++
	f.ended.Add(1)
	go func() {
		defer f.ended.Done()
		p.answer = guarded(p.key.repository, p.run)
		f.mu.Lock()
		f.release(p)
		f.dispatch()
		f.mu.Unlock()
		close(p.done)
	}()
}

// release gives a slot back.
func (f *flights) release(p *pending) {
	delete(f.known, p.key)
	f.active--
	if f.held[p.slots.owner]--; f.held[p.slots.owner] == 0 {
		delete(f.held, p.slots.owner)
	}
}

// refuse ends a flight that waited and is not to start.
func (f *flights) refuse(p *pending) {
	f.end(p, answer{problem: f.refusal(p)})
	f.busy()
}

func (f *flights) end(p *pending, a answer) {
	delete(f.known, p.key)
	p.answer = a
	close(p.done)
}

// refusal says why an owner gets no slot.
func (f *flights) refusal(p *pending) *problem {
	owner := p.slots.owner
	return &problem{
		code: imageinspect.CodeStillInspecting, result: resultBusy,
		detail: fmt.Sprintf("%s: too many inspections: namespace %q has %d under way and %d waiting (the most is %d), all others %d and %d; ask again later",
			p.key.repository, owner, f.held[owner], len(f.waiting.waiting[owner]), p.slots.queue,
			f.active-f.held[owner], f.waiting.total-len(f.waiting.waiting[owner])),
	}
}

func closed(key failureKey) answer {
	return answer{problem: &problem{code: codeUnreachable, result: resultUnreachable, detail: key.repository + ": the client was closed"}}
}

func landed(a answer) *flight {
	done := make(chan struct{})
	close(done)
	return &flight{done: done, answer: a}
}

// guarded turns a panic into an answer.
func guarded(where string, run func() answer) (a answer) {
	err := recovered(where, func() error {
		a = run()
		return nil
	})
	if err != nil {
		return answer{problem: asProblem(where, err)}
	}
	return a
}

// recovered turns a panic into an error: these goroutines read foreign bytes
// through libraries, and nothing else would catch it.
func recovered(where string, run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = invalid(where, fmt.Errorf("reading the image panicked: %v", r))
		}
	}()
	return run()
}

// close lets nothing start any more, answers what waits, and waits for what
// runs.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	for f.waiting.total > 0 {
		p := f.waiting.dropLast(f.waiting.longest())
		f.end(p, closed(p.key))
	}
	f.mu.Unlock()
	f.ended.Wait()
}

// slots are those that a namespace may take.
func (c *Client) slots(namespace string) slots {
	b := c.bounds.Load()
	return slots{
		owner: namespace, max: b.MaxInspections, shared: !c.options.AllShared,
		own: b.Budgets.Inspections, queue: b.Budgets.Queue, until: c.options.Now().Add(b.Timeout),
	}
}
