package registry

import (
	"fmt"
	"sync"

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
	// rights are those that got the images, at which place of the request.
	rights rights
	place  int
}

// content is what an image's files are read from.
type content struct {
	digest v1.Hash
	layers []layerRef
}

// flight is one inspection under way; any number of callers wait for it.
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
}

// flights run each inspection once and bound their number.
type flights struct {
	mu      sync.Mutex
	running map[failureKey]*flight
	// held counts what runs for each owner.
	held   map[string]int
	closed bool
	ended  sync.WaitGroup
}

func newFlights() *flights {
	return &flights{running: map[failureKey]*flight{}, held: map[string]int{}}
}

// join returns the flight for key, starting run when there is none. known is
// asked once more under the lock: a flight leaves its answer in the caches
// before it ends, so that nothing is inspected twice. Only a start takes a
// slot; the problem says that none was free.
func (f *flights) join(key failureKey, s slots, known func() (answer, bool), run func() answer) (*flight, *problem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if running := f.running[key]; running != nil {
		return running, nil
	}
	if a, ok := known(); ok {
		return landed(a), nil
	}
	if f.closed {
		return landed(answer{problem: &problem{
			code: codeUnreachable, result: "unreachable", detail: key.repository + ": the client was closed",
		}}), nil
	}
	if p := f.busy(key, s); p != nil {
		return nil, p
	}
	started := &flight{done: make(chan struct{})}
	f.running[key] = started
	f.held[s.owner]++
	f.ended.Add(1)
	go func() {
		defer f.ended.Done()
		started.answer = guarded(key.repository, run)
		f.mu.Lock()
		f.release(key, s.owner)
		f.mu.Unlock()
		close(started.done)
	}()
	return started, nil
}

// busy says why an owner gets no slot; nil when it gets one. Who shares may
// hold as many as it leaves free: one owner alone takes half of the slots at
// most, however long its registry keeps them.
func (f *flights) busy(key failureKey, s slots) *problem {
	held, free := f.held[s.owner], s.max-len(f.running)
	if free > 0 && (held < free || !s.shared) {
		return nil
	}
	return &problem{
		code: imageinspect.CodeStillInspecting, result: resultBusy,
		detail: fmt.Sprintf("%s: no slot is free for namespace %q, which holds %d of the %d inspections at once, all others %d; ask again later",
			key.repository, s.owner, held, s.max, len(f.running)-held),
	}
}

// release gives a slot back.
func (f *flights) release(key failureKey, owner string) {
	delete(f.running, key)
	if f.held[owner]--; f.held[owner] == 0 {
		delete(f.held, owner)
	}
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

// close lets nothing start any more and waits for what runs.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.ended.Wait()
}
