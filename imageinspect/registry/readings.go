package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

const (
	// maxReadings bounds the images whose layers are read at once: a reading
	// of a hostile one can take about 16 MiB, and much of a CPU.
	maxReadings = 8
	// maxOwnReadings is how many of them one namespace may have.
	maxOwnReadings = 3
)

// readings are the images whose layers are being read. Who gets no place at
// once waits for one.
type readings struct {
	all chan struct{}
	own int // for one owner

	mu     sync.Mutex
	owners map[string]*owner
}

// owner is a namespace that reads layers or waits for it.
type owner struct {
	places chan struct{}
	users  int
}

// newReadings makes room for readings; shared leaves room for other owners.
func newReadings(shared bool) *readings {
	r := &readings{all: make(chan struct{}, maxReadings), own: maxReadings, owners: map[string]*owner{}}
	if shared {
		r.own = maxOwnReadings
	}
	return r
}

// begin waits for a place, which end gives back.
func (r *readings) begin(ctx context.Context, name string) (end func(), err error) {
	o := r.join(name)
	for i, places := range []chan struct{}{o.places, r.all} {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			if i > 0 {
				<-o.places
			}
			r.leave(name)
			return nil, fmt.Errorf("waiting to read layers: %w", ctx.Err())
		}
	}
	return func() {
		<-r.all
		<-o.places
		r.leave(name)
	}, nil
}

func (r *readings) join(name string) *owner {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.owners[name]
	if o == nil {
		o = &owner{places: make(chan struct{}, r.own)}
		r.owners[name] = o
	}
	o.users++
	return o
}

func (r *readings) leave(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.owners[name]; o.users > 1 {
		o.users--
		return
	}
	delete(r.owners, name)
}

// explained names what went wrong on the way to a layer, so that it can be
// counted, logged and remembered. What the image is to blame for stays as it
// is.
func explained(where string, a fileAnswer) fileAnswer {
	e := (*rootfs.Error)(nil)
	if !errors.As(a.err, &e) || e.Lasting || e.Cause == nil {
		return a
	}
	told := *e
	told.Cause = asProblem(where, e.Cause)
	a.err = &told
	return a
}

// readingResult is what the Observer is told of a reading.
func readingResult(err error) string {
	if err == nil || errors.Is(err, imageinspect.ErrNoFile) {
		return resultOK
	}
	e := (*rootfs.Error)(nil)
	switch p := (*problem)(nil); {
	case errors.As(err, &e) && errors.As(e.Cause, &p):
		return p.result
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return resultTimeout
	default:
		return resultInvalid
	}
}
