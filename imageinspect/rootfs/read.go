package rootfs

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/initguard/initguard/imageinspect"
)

// read streams the layer that is needed until the question is decided without
// it, or to its end. The error is the context's; any other is left with the
// layer.
func (im *Image) read(ctx context.Context, n *need, q question) error {
	l := im.layers[n.layer]
	im.mu.Lock()
	for _, p := range n.contents {
		l.wanted[p] = true
	}
	x := newIndex(im.seed)
	if !l.whole {
		im.forget(l)
		l.index = x
	}
	l.pass++
	im.mu.Unlock()
	q.passes[n.layer]++
	err := im.stream(ctx, l, x, n, q)
	im.mu.Lock()
	defer im.mu.Unlock()
	im.readings++
	switch e := (*Error)(nil); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("reading a layer: %w", ctx.Err())
	case errors.As(err, &e):
		if l.failed = e; e.contradicts {
			im.forget(l)
			l.kept, l.whole = map[string]kept{}, false
		}
	default:
		l.failed = &Error{Reason: "a layer could not be read", Cause: err}
	}
	return nil
}

// stream is one reading of a layer, in which its names are entered into x.
func (im *Image) stream(ctx context.Context, l *layer, x *index, n *need, q question) error {
	s, err := im.open(ctx, l)
	if err != nil {
		return err
	}
	defer func() { s.close() }()
	for decided, entries := false, 0; ; entries++ {
		h, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if entries == im.budget.bounds.Entries {
			return tooManyEntries(im.budget.bounds.Entries)
		}
		at, err := im.enter(l, x, h, s)
		if err != nil {
			return err
		}
		if at != "" && !decided && n.concerns(at) {
			if n, decided, err = im.advance(l, h, s, at, n, q); err != nil {
				return err
			}
			if decided && im.mayCut(l, s, at) && q.passes[n.layer] < maxPasses {
				return nil
			}
		}
		if err := im.keepLikely(l, at, h, s); err != nil {
			return err
		}
	}
	return im.finish(l, s)
}

// mayCut is true where nothing is gained by reading on: little is left of the
// layer, or the layer was read before and lists the path once more.
func (im *Image) mayCut(l *layer, s *stream, at string) bool {
	if !l.whole {
		return s.left(l) > readOn || l.Size <= 0
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	return l.index.at(at)&twice == 0
}

func tooManyEntries(most int) *Error { return bound("more than %d entries in a layer", most) }

// enter puts an entry into the index, and keeps its content if that is wanted.
// It returns the entry's path.
func (im *Image) enter(l *layer, x *index, h *tar.Header, s *stream) (string, error) {
	im.mu.Lock()
	at, err := im.index(x, h, !l.whole)
	k, have := l.kept[at]
	again := have && k.pass == l.pass // the layer lists it twice: the later one counts
	if have {
		k.pass = l.pass
		l.kept[at] = k
	}
	wanted := l.wanted[at]
	im.mu.Unlock()
	if err != nil || !wanted && !again || !isFileEntry(h) {
		return at, err
	}
	return at, im.keep(l, at, h, s.content(), s)
}

// index enters an entry into the index of a layer; count is true for one that
// is kept.
func (im *Image) index(x *index, h *tar.Header, count bool) (string, error) {
	names, links := len(x.names), x.linkBytes
	at, err := x.add(h, im.budget.bounds.Links)
	if count {
		im.budget.entries += len(x.names) - names
		im.budget.linkBytes += x.linkBytes - links
	}
	switch b := im.budget.bounds; {
	case err != nil:
		return "", err
	case len(x.names) > b.Entries:
		return "", tooManyEntries(b.Entries)
	case im.budget.entries > b.AllEntries:
		return "", bound("more than %d entries in the layers that were read", b.AllEntries)
	case im.budget.linkBytes > maxLinkBytes:
		return "", bound("more than %s of links in the layers that were read", mib(maxLinkBytes))
	}
	return at, nil
}

// forget drops a layer's index, which is to be read anew.
func (im *Image) forget(l *layer) {
	im.budget.entries -= len(l.index.names)
	im.budget.linkBytes -= l.index.linkBytes
	l.index = newIndex(im.seed)
}

// advance decides anew after an entry that may change what is needed, and
// keeps the entry's content if it is that which is missing.
func (im *Image) advance(l *layer, h *tar.Header, s *stream, at string, n *need, q question) (*need, bool, error) {
	for {
		im.mu.Lock()
		r := im.decide(q)
		im.mu.Unlock()
		switch {
		case r.need == nil || im.layers[r.need.layer] != l:
			return n, true, nil // done, or another layer's turn
		case len(r.need.contents) == 0:
			return r.need, false, nil
		}
		if !slices.Contains(r.need.contents, at) {
			// Where the index is whole it is still to come. Otherwise it went
			// by before anyone knew: another reading gets it.
			return r.need, !l.whole, nil
		}
		if !isFileEntry(h) {
			return r.need, false, nil // the layer lists the path once more
		}
		if err := im.keep(l, at, h, s.content(), s); err != nil {
			return n, false, err
		}
	}
}

// keep distills a file's content.
func (im *Image) keep(l *layer, at string, h *tar.Header, content io.Reader, s *stream) error {
	k := kept{pass: l.pass, file: imageinspect.File{Executable: h.Mode&0o111 != 0, Size: h.Size}}
	if isSparse(h) {
		k.err = bound("the file is stored with holes in it")
	} else {
		k.file, k.err = k.file.Read(content)
	}
	if k.err != nil && s.broken() != nil {
		return s.broken() // the layer is to blame
	}
	if k.err != nil && !errors.Is(k.err, imageinspect.ErrNotRead) {
		if errors.Is(k.err, io.ErrUnexpectedEOF) {
			return s.explain(k.err)
		}
		k.err = &Error{Reason: "the file could not be understood", Lasting: true, Cause: k.err}
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	l.kept[at] = k
	delete(l.wanted, at)
	return nil
}

// keepLikely keeps a content that the next question may be about.
func (im *Image) keepLikely(l *layer, at string, h *tar.Header, s *stream) error {
	if at == "" || !isFileEntry(h) || isSparse(h) {
		return nil
	}
	yes, ifScript := likely(at, h)
	im.mu.Lock()
	_, have := l.kept[at]
	room := int64(im.budget.likelyLeft) >= h.Size || !ifScript
	im.mu.Unlock()
	if !yes && !ifScript || have || !room {
		return nil
	}
	if yes {
		return im.keepWithin(l, at, h, s.content(), s)
	}
	const shebang = "#!"
	head := make([]byte, len(shebang))
	if _, err := io.ReadFull(s.content(), head); err != nil {
		if h.Size < int64(len(shebang)) {
			return nil
		}
		return s.explain(err)
	}
	if string(head) != shebang {
		return nil
	}
	return im.keepWithin(l, at, h, io.MultiReader(bytes.NewReader(head), s.content()), s)
}

// keepWithin keeps a content and counts its text.
func (im *Image) keepWithin(l *layer, at string, h *tar.Header, content io.Reader, s *stream) error {
	if err := im.keep(l, at, h, content, s); err != nil {
		return err
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.budget.likelyLeft -= len(l.kept[at].file.Text)
	return nil
}

// finish ends the reading of a layer that has no more entries.
func (im *Image) finish(l *layer, s *stream) error {
	err := s.finish(l.Digest)
	im.mu.Lock()
	defer im.mu.Unlock()
	if err != nil {
		return err
	}
	l.whole = true
	for p := range l.wanted {
		l.kept[p] = kept{err: bound("a hard link leads to a file that is not in its layer")}
	}
	clear(l.wanted)
	return nil
}
