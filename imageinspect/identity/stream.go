package identity

import (
	"errors"
	"io"
)

const (
	// chunkSize is how much is looked at at once.
	chunkSize = 64 << 10
	// overlap is how much of a chunk is shown again with the next one, so that
	// nothing is cut in two: the longest mark and the version behind it.
	overlap = 256
)

// stream is a program's file being read.
type stream struct {
	r      io.Reader
	buf    []byte // what was read last
	at     int64  // where buf begins in the file
	layout layout
}

// window is a piece of the file. Its first part, up to fresh, was shown before.
type window struct {
	bytes []byte
	at    int64 // where bytes begin in the file
	fresh int
}

// part is the piece of a window that lies within s, and where that begins in
// the file.
func (w window) part(s span) ([]byte, int64) {
	start := max(s.start, w.at)
	end := min(s.end, w.at+int64(len(w.bytes)))
	if start >= end {
		return nil, start
	}
	return w.bytes[start-w.at : end-w.at], start
}

// open reads the file's head; nil for anything else than a program.
func open(r io.Reader) (*stream, error) {
	buf := make([]byte, chunkSize, chunkSize+overlap)
	n, err := io.ReadFull(r, buf)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	l, ok := parseLayout(buf[:n])
	if !ok {
		return nil, nil //nolint:nilnil // no program is no error
	}
	return &stream{r: r, buf: buf[:n], layout: l}, nil
}

// read shows the file window by window, at most most bytes, and says whether
// all of the layout was there.
func (s *stream) read(most int64, look func(window)) (whole bool, err error) {
	limit := min(s.layout.end, most)
	fresh := 0
	for {
		look(window{bytes: s.buf, at: s.at, fresh: fresh})
		end := s.at + int64(len(s.buf))
		if end >= limit {
			return end >= s.layout.end, nil
		}
		keep := min(overlap, len(s.buf))
		next := s.buf[:keep+chunkSize][:cap(s.buf)]
		copy(next, s.buf[len(s.buf)-keep:])
		n, err := io.ReadFull(s.r, next[keep:keep+chunkSize])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false, err
		}
		if n == 0 {
			return false, nil
		}
		s.buf, s.at, fresh = next[:keep+n], end-int64(keep), keep
	}
}
