package rootfs

import (
	"context"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
)

// Layer is one layer of an image.
type Layer struct {
	// Refusal says why the layer can't be read by anyone here.
	Refusal Refusal
	// Digest is what the stored bytes have to have; the zero value is not
	// checked.
	Digest v1.Hash
	// Size is the number of stored bytes; 0 when that is not known.
	Size int64
	// Open gives the stored bytes: a tar archive, plain or compressed with
	// gzip or zstd, which the bytes themselves tell. They are closed by the
	// reader, often before their end.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Refusal is a reason not to read a layer; the zero value is none.
type Refusal uint8

// The refusals.
const (
	Readable Refusal = iota
	Foreign
	Encrypted
	UnknownFormat
	BadDescriptor
)

// reason is the clause for a refusal.
func (r Refusal) reason() string {
	switch r {
	case Foreign:
		return "a layer may not be distributed and lies elsewhere"
	case Encrypted:
		return "a layer is encrypted"
	case BadDescriptor:
		return "the manifest describes a layer wrongly"
	default:
		return "a layer has a format that is not read"
	}
}

// layer is a Layer and what was learned of it.
type layer struct {
	Layer
	index *index
	// whole is true when the index holds every name.
	whole bool
	// failed says why the rest can't be read.
	failed *Error
	// kept are files by the path at which they lie in this layer.
	kept map[string]kept
	// wanted are the paths whose content has to be kept when it goes by.
	wanted map[string]bool
	// pass counts how often the layer was read.
	pass int
}

// kept is the content of a file, or why it has none.
type kept struct {
	file imageinspect.File // without its Path
	err  error
	pass int // in which it was seen last
}
