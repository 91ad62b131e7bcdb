package rootfs

import (
	"context"
	"errors"
	"hash"
	"io"
)

// storedReader counts and hashes the stored bytes.
type storedReader struct {
	ctx    context.Context // of the one call that reads
	body   io.Reader
	hasher hash.Hash
	budget *budget
	read   int64
	failed error
}

func (r *storedReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		r.failed = err
		return 0, err
	}
	n, err := r.body.Read(p)
	r.read += int64(n)
	if r.hasher != nil {
		_, _ = r.hasher.Write(p[:n]) // a hash never fails to write
	}
	most := r.budget.bounds.CompressedBytes
	switch {
	case r.budget.compressed.Add(int64(n)) > most:
		r.failed = bound("more than %s of layers to download", mib(most))
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case r.ctx.Err() != nil:
		r.failed = r.ctx.Err()
	default:
		r.failed = notDownloaded(err)
	}
	return 0, r.failed
}

// unpackedReader counts what the stored bytes become.
type unpackedReader struct {
	ctx    context.Context // of the one call that reads
	plain  io.Reader
	budget *budget
	read   int64
	// stop is where headers have to end.
	stop   int64
	failed error
}

func (r *unpackedReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		r.failed = err
		return 0, err
	}
	n, err := r.plain.Read(p)
	r.read += int64(n)
	b := r.budget.bounds
	switch {
	case r.budget.uncompressed.Add(int64(n)) > b.UncompressedBytes:
		r.failed = bound("more than %s of files to unpack", mib(b.UncompressedBytes))
	case r.read > r.stop:
		r.failed = bound("more than %s of headers in a layer", mib(b.HeaderBytes))
	default:
		return n, err
	}
	return 0, r.failed
}
