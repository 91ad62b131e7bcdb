package imagetest

import (
	"bytes"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Layer is what a layer holds, in this order, and how it is stored.
type Layer struct {
	Entries []Entry
	// Stored is the layer's media type, which also says how it is compressed:
	// types.OCILayer (gzip, the default), OCILayerZStd or
	// OCIUncompressedLayer.
	Stored types.MediaType
}

// Files is a layer of entries, stored with gzip.
func Files(entries ...Entry) Layer { return Layer{Entries: entries} }

// Build packs the layer.
func (l Layer) Build() (v1.Layer, error) {
	plain, err := Archive(l.Entries...)
	if err != nil {
		return nil, err
	}
	if l.Stored == "" {
		l.Stored = types.OCILayer
	}
	stored, err := pack(plain, l.Stored)
	if err != nil {
		return nil, err
	}
	reader := func(content []byte) func() io.Reader {
		return func() io.Reader { return bytes.NewReader(content) }
	}
	return NewLayer(l.Stored, reader(stored), reader(plain))
}

func pack(plain []byte, mediaType types.MediaType) ([]byte, error) {
	var out bytes.Buffer
	var w io.WriteCloser
	switch mediaType {
	case types.OCIUncompressedLayer:
		return plain, nil
	case types.OCILayerZStd:
		z, err := zstd.NewWriter(&out)
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		w = z
	default:
		w = gzip.NewWriter(&out)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

// NewLayer makes a layer out of bytes that are made whenever they are read, so
// that it may be larger than memory: as they are stored and as the archive
// that they unpack to. Without plain, nobody can unpack it.
func NewLayer(mediaType types.MediaType, stored, plain func() io.Reader) (v1.Layer, error) {
	l := &madeLayer{mediaType: mediaType, stored: stored, plain: plain}
	var err error
	if l.digest, l.size, err = v1.SHA256(stored()); err != nil {
		return nil, fmt.Errorf("digest of the layer: %w", err)
	}
	l.diffID = l.digest
	if plain != nil {
		if l.diffID, _, err = v1.SHA256(plain()); err != nil {
			return nil, fmt.Errorf("digest of the layer: %w", err)
		}
	}
	return l, nil
}

type madeLayer struct {
	mediaType      types.MediaType
	digest, diffID v1.Hash
	size           int64
	stored, plain  func() io.Reader
}

func (l *madeLayer) Digest() (v1.Hash, error)             { return l.digest, nil }
func (l *madeLayer) DiffID() (v1.Hash, error)             { return l.diffID, nil }
func (l *madeLayer) Size() (int64, error)                 { return l.size, nil }
func (l *madeLayer) MediaType() (types.MediaType, error)  { return l.mediaType, nil }
func (l *madeLayer) Compressed() (io.ReadCloser, error)   { return io.NopCloser(l.stored()), nil }
func (l *madeLayer) Uncompressed() (io.ReadCloser, error) { return io.NopCloser(l.plain()), nil }
