package rootfs

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/initguard/initguard/imageinspect"
)

// Image is the files of one image. What was learned of its layers is kept as
// long as the Image is. It is safe for concurrent use and implements
// imageinspect.Files.
type Image struct {
	seed   maphash.Seed
	layers []*layer // uppermost first
	// turn is held by the one who reads layers: whoever comes later finds
	// them read.
	turn chan struct{}

	mu     sync.Mutex // of all below; never held while reading
	budget *budget
	// readings counts how often a layer was read; ends is what they told of
	// links.
	readings int
	ends     *ends
	// refused says why nothing is read at all.
	refused *Error
}

// New makes an Image out of its layers, lowest first, as manifests list them.
// It reads nothing yet.
func New(layers []Layer, b Bounds) *Image {
	im := &Image{seed: maphash.MakeSeed(), turn: make(chan struct{}, 1), budget: newBudget(b.withDefaults())}
	if most := im.budget.bounds.Layers; len(layers) > most {
		im.refused = bound("more than %d layers in the image", most)
		return im
	}
	for i := len(layers) - 1; i >= 0; i-- {
		im.layers = append(im.layers, &layer{
			Layer: layers[i], index: newIndex(im.seed), kept: map[string]kept{}, wanted: map[string]bool{},
		})
	}
	return im
}

// File returns what lies at an absolute path. The error wraps
// imageinspect.ErrNoFile, imageinspect.ErrNotRead (it is an *Error then, or
// comes from imageinspect.File.Read) or the context's.
func (im *Image) File(ctx context.Context, p string) (imageinspect.File, error) {
	return im.answer(ctx, question{paths: []string{p}})
}

// First returns the first of several paths at which a program lies, as a PATH
// is searched: folders and files that nobody may execute are passed over.
// Where a later path is found in a layer before an earlier one could be ruled
// out in the layers below, the later one is taken: another heuristic, which
// saves reading the whole image.
func (im *Image) First(ctx context.Context, paths []string) (imageinspect.File, error) {
	return im.answer(ctx, question{paths: paths, program: true})
}

func (im *Image) answer(ctx context.Context, q question) (imageinspect.File, error) {
	q.paths, q.passes = slices.Clone(q.paths), map[int]int{}
	for i, p := range q.paths {
		if len(p) > maxPath {
			return imageinspect.File{}, tooLong()
		}
		q.paths[i] = imageinspect.Tidy(p)
	}
	if r := im.answered(q); r.need == nil {
		return r.file, r.err
	}
	select {
	case im.turn <- struct{}{}:
		defer func() { <-im.turn }()
	case <-ctx.Done():
		return imageinspect.File{}, fmt.Errorf("waiting for another question about the image: %w", ctx.Err())
	}
	for {
		r := im.answered(q)
		if r.need == nil {
			return r.file, r.err
		}
		if err := im.read(ctx, r.need, q); err != nil {
			return imageinspect.File{}, err
		}
	}
}

// answered decides by what is known, and tells the way that led there.
func (im *Image) answered(q question) result {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.refused != nil {
		return result{err: im.refused}
	}
	r := im.decide(q)
	if r.need == nil && (r.err == nil || errors.Is(r.err, imageinspect.ErrNoFile)) {
		r.file.Way = im.way(q, r)
	}
	return r
}

// Known is File where nothing has to be read.
func (im *Image) Known(p string) (imageinspect.File, bool) {
	if len(p) > maxPath {
		return imageinspect.File{}, false
	}
	r := im.answered(question{paths: []string{imageinspect.Tidy(p)}})
	return r.file, r.need == nil && r.err == nil
}

// Read is how many bytes of layers were read so far: as they are stored, and
// unpacked.
func (im *Image) Read() (compressed, uncompressed int64) {
	return im.budget.compressed.Load(), im.budget.uncompressed.Load()
}
