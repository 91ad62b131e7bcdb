package registry

import (
	"fmt"
	"sync"

	"github.com/initguard/initguard/imageinspect"
)

// answer is how a lookup ended.
type answer struct {
	images  []imageinspect.Image
	problem *problem
}

// flight is one inspection under way; any number of callers wait for it.
type flight struct {
	done   chan struct{}
	answer answer // to be read once done is closed
}

// flights run each inspection once and bound their number.
type flights struct {
	max int

	mu      sync.Mutex
	running map[failureKey]*flight
	closed  bool
	ended   sync.WaitGroup
}

func newFlights(limit int) *flights {
	return &flights{max: limit, running: map[failureKey]*flight{}}
}

// join returns the flight for key, starting run when there is none. known is
// asked once more under the lock: a flight leaves its answer in the caches
// before it ends, so that nothing is inspected twice.
func (f *flights) join(key failureKey, known func() (answer, bool), run func() answer) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if running := f.running[key]; running != nil {
		return running
	}
	if a, ok := known(); ok {
		return landed(a)
	}
	if f.closed {
		return landed(answer{problem: &problem{
			code: codeUnreachable, result: "unreachable", detail: key.repository + ": the client was closed",
		}})
	}
	if len(f.running) >= f.max {
		return landed(answer{problem: &problem{
			code: imageinspect.CodeStillInspecting, result: "busy",
			detail: fmt.Sprintf("%s: %d inspections are under way already; ask again later", key.repository, f.max),
		}})
	}
	started := &flight{done: make(chan struct{})}
	f.running[key] = started
	f.ended.Add(1)
	go func() {
		defer f.ended.Done()
		started.answer = guarded(key.repository, run)
		f.mu.Lock()
		delete(f.running, key)
		f.mu.Unlock()
		close(started.done)
	}()
	return started
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
