package rootfs

import "sync/atomic"

// Bounds are what the questions about one image may cost together. The zero
// value stands for the defaults given at each field.
type Bounds struct {
	// CompressedBytes is how much is downloaded. Default: 512 MiB.
	CompressedBytes int64
	// UncompressedBytes is how much that may become. Default: 2 GiB.
	UncompressedBytes int64
	// Layers is how many layers the image may have. Default: 256.
	Layers int
	// Entries is how many names a layer may hold. Default: 100,000.
	Entries int
	// AllEntries is how many names all layers that were read may hold.
	// Default: 500,000, which take about 13 MiB.
	AllEntries int
	// HeaderBytes is how much the headers of a layer may take: extended headers
	// may be repeated without an entry ever following. Default: 256 MiB.
	HeaderBytes int64
	// Links is how many symlinks one path may lead through. Default: 40, which
	// is Linux's own bound.
	Links int
}

// withDefaults fills in what is zero.
func (b Bounds) withDefaults() Bounds {
	return Bounds{
		CompressedBytes:   orDefault(b.CompressedBytes, 512<<20),
		UncompressedBytes: orDefault(b.UncompressedBytes, 2<<30),
		Layers:            orDefault(b.Layers, 256),
		Entries:           orDefault(b.Entries, 100_000),
		AllEntries:        orDefault(b.AllEntries, 500_000),
		HeaderBytes:       orDefault(b.HeaderBytes, 256<<20),
		Links:             orDefault(b.Links, 40),
	}
}

func orDefault[T int | int64](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Bounds that nobody needs to change.
const (
	// maxPath bounds a path in bytes, as Linux does (PATH_MAX).
	maxPath = 4096
	// maxLinkBytes bounds what is kept of all links of an image.
	maxLinkBytes = 16 << 20
	// maxLikelyBytes bounds the texts that are kept before anyone asks.
	maxLikelyBytes = 4 << 20
	// maxWindow is the zstd window that decoders should support at least and
	// encoders should not go beyond.
	// Source: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1.2
	maxWindow = 8 << 20
	// readOn is how much of a layer is read to its end after the answer, in
	// compressed bytes: about what is on its way already. It makes the index
	// of small layers whole and checks their digest.
	readOn = 256 << 10
	// maxPasses is how often a layer is read for one question before it is read
	// to its end. Two are needed for a hard link; a layer that contradicts
	// itself could lead to any number.
	maxPasses = 3
	// bufferSize is how much of a layer is asked for at a time.
	bufferSize = 32 << 10
)

// budget is what is left of an image's bounds.
type budget struct {
	bounds                         Bounds
	compressed, uncompressed       atomic.Int64 // read so far
	entries, linkBytes, likelyLeft int          // under the image's lock
}

func newBudget(b Bounds) *budget {
	return &budget{bounds: b, likelyLeft: maxLikelyBytes}
}
