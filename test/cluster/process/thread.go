package process

import "runtime"

// A thread runs functions on one OS thread, one after the other.
//
// Linux sends a parent-death signal when the thread that forked ends, not when
// its process does, and Go ends threads as it sees fit. So processes are
// started from a thread that lives as long as they do.
type thread struct {
	calls chan func()
}

func newThread() *thread {
	t := &thread{calls: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for call := range t.calls {
			call()
		}
	}()
	return t
}

// do runs the call on the thread and returns after it.
func (t *thread) do(call func()) {
	done := make(chan struct{})
	t.calls <- func() {
		defer close(done)
		call()
	}
	<-done
}

// end lets the thread go. It must not be used any more.
func (t *thread) end() {
	close(t.calls)
}
