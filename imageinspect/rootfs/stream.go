package rootfs

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// stream is a layer that is being read.
type stream struct {
	*tar.Reader
	stored   *storedReader
	unpacked *unpackedReader
	buffered *bufio.Reader
	close    func()
	// headers is what may still be read of headers.
	headers int64
	// rest is what is left of the content of the entry before.
	rest int64
}

// open begins to read a layer. The stream has to be closed.
func (im *Image) open(ctx context.Context, l *layer) (*stream, error) {
	if l.Refusal != Readable {
		return nil, &Error{Reason: l.Refusal.reason(), Lasting: true}
	}
	var hasher hash.Hash
	if l.Digest != (v1.Hash{}) {
		var err error
		if hasher, err = v1.Hasher(l.Digest.Algorithm); err != nil {
			return nil, &Error{Reason: BadDescriptor.reason(), Lasting: true, Cause: err}
		}
	}
	body, err := l.Open(ctx)
	if err != nil {
		return nil, notDownloaded(err)
	}
	s := &stream{stored: &storedReader{ctx: ctx, body: body, hasher: hasher, budget: im.budget}, close: func() { _ = body.Close() }}
	s.buffered = bufio.NewReaderSize(s.stored, bufferSize)
	plain, closeDecoder, err := decompress(s.buffered)
	if err != nil {
		err = s.explain(err)
		s.close()
		return nil, err
	}
	s.close = func() { closeDecoder(); _ = body.Close() }
	s.headers = im.budget.bounds.HeaderBytes
	s.unpacked = &unpackedReader{ctx: ctx, plain: plain, budget: im.budget, stop: math.MaxInt64}
	s.Reader = tar.NewReader(s.unpacked)
	return s, nil
}

// decompress tells the compression by the first bytes: media types are wrong
// at times, and archives have none.
func decompress(r *bufio.Reader) (io.Reader, func(), error) {
	magic, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		g, err := gzip.NewReader(r)
		return g, func() {}, err
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}), // a frame
		len(magic) == 4 && magic[0]&0xf0 == 0x50 && bytes.Equal(magic[1:], []byte{0x2a, 0x4d, 0x18}): // one to skip, as zstd:chunked has them
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	default:
		return r, func() {}, nil
	}
}

// next goes to the next entry, and counts what its headers take.
func (s *stream) next() (*tar.Header, error) {
	before := s.unpacked.read
	s.unpacked.stop = before + s.rest + s.headers
	h, err := s.Next()
	s.unpacked.stop = math.MaxInt64
	s.headers -= s.unpacked.read - before - s.rest
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, s.explain(err)
	}
	s.rest = 0
	if h.Typeflag == tar.TypeReg && !isSparse(h) {
		s.rest = h.Size
	}
	return h, nil
}

// content gives what the entry holds.
func (s *stream) content() io.Reader { return contentReader{s} }

// contentReader keeps account of how much of the content was read.
type contentReader struct{ s *stream }

func (r contentReader) Read(p []byte) (int, error) {
	n, err := r.s.Read(p)
	r.s.rest -= int64(n)
	return n, err
}

// isSparse is true for a file with holes: its content can be far longer than
// what the archive holds.
func isSparse(h *tar.Header) bool {
	return h.Typeflag == tar.TypeGNUSparse || h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != "" ||
		h.PAXRecords["GNU.sparse.realsize"] != "" || h.PAXRecords["GNU.sparse.size"] != ""
}

// finish reads what follows the archive, so that the digest can be checked.
func (s *stream) finish(want v1.Hash) error {
	for _, r := range []io.Reader{s.unpacked, s.buffered} {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return s.explain(err)
		}
	}
	if s.stored.hasher == nil {
		return nil
	}
	if got := fmt.Sprintf("%x", s.stored.hasher.Sum(nil)); got != want.Hex {
		return &Error{Reason: "a layer is not what its digest says", Lasting: true, contradicts: true, Cause: fmt.Errorf("want %s, got %s", want.Hex, got)}
	}
	return nil
}

// left is how many stored bytes are still to come, as far as the size tells.
func (s *stream) left(l *layer) int64 {
	return l.Size - s.stored.read + int64(s.buffered.Buffered())
}

// explain says why reading ended early: the reasons found further down go
// before those that libraries make of them.
func (s *stream) explain(err error) error {
	for _, cause := range []error{s.stored.failed, s.unpackedFailed()} {
		if cause != nil {
			return cause
		}
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return &Error{Reason: fmt.Sprintf("a layer was compressed with a window of more than %s", mib(maxWindow)), Lasting: true, Cause: err}
	}
	return &Error{Reason: "a layer is damaged or no archive", Lasting: true, Cause: err}
}

func (s *stream) unpackedFailed() error {
	if s.unpacked == nil {
		return nil
	}
	return s.unpacked.failed
}

func notDownloaded(err error) error {
	return &Error{Reason: "a layer could not be read", Cause: err}
}

// broken is what ended the reading of the layer; nil while it goes on.
func (s *stream) broken() error {
	if s.stored.failed != nil {
		return s.stored.failed
	}
	return s.unpackedFailed()
}
