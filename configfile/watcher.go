package configfile

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
)

// DefaultInterval is how often a Watcher reads its file.
const DefaultInterval = 10 * time.Second

// Observer is told how reloads go.
type Observer interface {
	// Reloaded is called when what the file holds changed: with nil when it is
	// in force, with the reason when it isn't and the one before stays in
	// force. It is called from the goroutine of Run and must not block.
	Reloaded(err error)
}

// WatcherOptions are what a Watcher may be given; the zero value is fine.
type WatcherOptions struct {
	// Log gets one line a change. Default: discarded.
	Log logr.Logger
	// Observer is told how reloads go. Default: nobody.
	Observer Observer
	// Interval is how often the file is read. Default: DefaultInterval.
	Interval time.Duration
	// Ticks replaces the clock: one read a tick. Default: a ticker of
	// Interval.
	Ticks <-chan time.Time
}

// Watcher holds the configuration in force and follows its file. It reads the
// file by its path again and again rather than waiting for events: a mounted
// ConfigMap changes by a swap of symlinks above the file.
type Watcher[T any] struct {
	path    string
	parse   func(name string, data []byte) (*T, error)
	options WatcherOptions
	current atomic.Pointer[T]
	seen    string // fingerprint of what the last read found; Run's alone
}

// NewWatcher reads the file and refuses it if it is bad: the error is that of
// parse, or says why the file can't be read.
func NewWatcher[T any](path string, parse func(name string, data []byte) (*T, error), o WatcherOptions) (*Watcher[T], error) {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	c, err := parse(path, data)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	w := &Watcher[T]{path: path, parse: parse, options: o, seen: fingerprint(data, nil)}
	w.current.Store(c)
	return w, nil
}

// Current returns the configuration in force; never nil. It may be called at
// any time from anywhere.
func (w *Watcher[T]) Current() *T { return w.current.Load() }

// Run follows the file until ctx is done, and then returns nil. It must not run
// twice at a time.
func (w *Watcher[T]) Run(ctx context.Context) error {
	ticks := w.options.Ticks
	if ticks == nil {
		ticker := time.NewTicker(w.options.Interval)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
			w.reload()
		}
	}
}

// reload reads the file and acts if it isn't what was found last time: a bad
// file that stays is told once.
func (w *Watcher[T]) reload() {
	data, err := read(w.path)
	seen := fingerprint(data, err)
	if seen == w.seen {
		return
	}
	w.seen = seen
	var c *T
	if err == nil {
		c, err = w.parse(w.path, data)
	}
	if err != nil {
		w.options.Log.Error(err, "configuration not reloaded: the one before stays in force", "path", w.path)
	} else {
		w.current.Store(c)
		w.options.Log.Info("configuration reloaded", "path", w.path, "content", seen)
	}
	if w.options.Observer != nil {
		w.options.Observer.Reloaded(err)
	}
}

// fingerprint tells what a read found from what another one did.
func fingerprint(data []byte, err error) string {
	if err != nil {
		return "unreadable: " + err.Error()
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(data))
}

// read returns the file's content, one byte past MaxBytes at most. Anything
// but a regular file is refused before it is opened: a pipe would block.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return io.ReadAll(io.LimitReader(f, MaxBytes+1))
}
