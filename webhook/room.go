package webhook

import (
	"context"
	"errors"
	"io"
)

// errNoRoom is the error of a body for which there was no room in time.
var errNoRoom = errors.New("the bodies of other requests take all the room")

// room is what one request's body takes of the room for all of them. It reads
// the body as far as there is room for it.
type room struct {
	first, more chan struct{}

	ctx  context.Context //nolint:containedctx // Of the one request that it is made for.
	from io.Reader
	// taken is how many steps it has, left how many bytes of them are free.
	taken, left int
}

// Read reads on once there is room.
func (r *room) Read(p []byte) (int, error) {
	if r.left == 0 {
		steps := r.more
		if r.taken == 0 {
			steps = r.first
		}
		select {
		case steps <- struct{}{}:
		case <-r.ctx.Done():
			return 0, errNoRoom
		}
		r.taken, r.left = r.taken+1, bodyStep
	}
	n, err := r.from.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err //nolint:wrapcheck // The reader's own, which callers look at.
}

// leave gives the room back.
func (r *room) leave() {
	for ; r.taken > 1; r.taken-- {
		<-r.more
	}
	if r.taken == 1 {
		<-r.first
	}
	r.taken, r.left = 0, 0
}
