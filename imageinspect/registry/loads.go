package registry

import (
	"context"
	"sync"
)

// load is the reading of one manifest; or of one platform's manifest and config;
// or of what a question about its files needs.
type load struct {
	contentKey
	facts    bool
	question string
}

// loads read each content once, however many with rights of their own need it
// at a time. Whoever comes here has proved that it may read the content.
type loads struct {
	mu      sync.Mutex
	running map[load]chan struct{} // closed at the end
}

func newLoads() *loads { return &loads{running: map[load]chan struct{}{}} }

// do runs read unless known says that memory has the content by now. While
// another reads the same, it waits for that; if it fails, which may be for
// want of rights, it reads by itself.
func (l *loads) do(ctx context.Context, key load, known func() bool, read func() error) error {
	l.mu.Lock()
	if known() {
		l.mu.Unlock()
		return nil
	}
	if other := l.running[key]; other != nil {
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return ctx.Err()
		}
		if known() {
			return nil
		}
		return read()
	}
	done := make(chan struct{})
	l.running[key] = done
	l.mu.Unlock()
	defer func() { // read may panic
		l.mu.Lock()
		delete(l.running, key)
		l.mu.Unlock()
		close(done)
	}()
	return read()
}
