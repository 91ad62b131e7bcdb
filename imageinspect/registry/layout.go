package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

// maxNesting bounds indexes within indexes of a layout.
const maxNesting = 4

// layoutReader reads content by digest out of an OCI layout.
// Source: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
type layoutReader struct{ dir string }

func (l layoutReader) manifest(ctx context.Context, digest v1.Hash) ([]byte, error) {
	return l.read(ctx, digest, maxManifestBytes)
}

func (l layoutReader) blob(ctx context.Context, digest v1.Hash) ([]byte, error) {
	return l.read(ctx, digest, maxConfigBytes)
}

// read reads a blob; a v1.Hash holds letters and digits only, so that the path
// stays in the layout.
func (l layoutReader) read(ctx context.Context, digest v1.Hash, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path := filepath.Join(l.dir, "blobs", digest.Algorithm, digest.Hex)
	raw, err := readFile(path, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no %s: the layout is incomplete: write it again: %w", path, err)
	}
	if err != nil {
		return nil, err
	}
	return raw, verifyDigest(path, raw, digest)
}

// layers are layers that are read from the layout.
func (l layoutReader) layers(refs []layerRef) []rootfs.Layer {
	out := make([]rootfs.Layer, len(refs))
	for i, ref := range refs {
		digest := ref.sum.digest()
		path := filepath.Join(l.dir, "blobs", digest.Algorithm, digest.Hex)
		out[i] = rootfs.Layer{Refusal: ref.refusal, Digest: digest, Size: ref.size, Open: func(context.Context) (io.ReadCloser, error) {
			return openRegular(path)
		}}
	}
	return out
}

// named is an entry of a layout's index.json and the names it goes by.
type named struct {
	entry
	names []string
}

func (s *Source) inspectLayout(ctx context.Context, wanted []platform) ([]imageinspect.Image, error) {
	raw, err := readFile(filepath.Join(s.path, "index.json"), maxManifestBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("no index.json: is this an OCI layout?")
	}
	if err != nil {
		return nil, err
	}
	listed, err := parseLayoutIndex(raw)
	if err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	selected, err := selectNamed(listed, s.tag)
	if err != nil {
		return nil, err
	}
	from := layoutReader{dir: s.path}
	entries, err := flatten(ctx, from, selected)
	if err != nil {
		return nil, err
	}
	t := top{entries: entries}
	chosen := t.choose(wanted)
	found := make([]facts, len(chosen))
	for i, e := range chosen {
		if found[i], err = readFacts(ctx, from, s.String(), e.digest, nil); err != nil {
			return nil, err
		}
	}
	a, p := assemble(s.String(), t, chosen, found, wanted)
	if p != nil {
		return nil, p
	}
	for i := range a.images {
		a.images[i].Files = rootfs.New(from.layers(a.contents[i].layers), localBounds())
	}
	return a.images, nil
}

// parseLayoutIndex reads index.json with the names of its entries.
func parseLayoutIndex(raw []byte) ([]named, error) {
	var w wireManifest
	if err := json.Unmarshal(raw, &w); err != nil {
		return nil, fmt.Errorf("not an index: %w", err)
	}
	if w.Manifests == nil {
		return nil, errors.New("not an index: it has no manifests")
	}
	var out []named
	for i, d := range *w.Manifests {
		e, ok, err := parseEntry(d)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		if !ok {
			continue
		}
		n := named{entry: e}
		for _, name := range []string{d.Annotations.RefName, d.Annotations.ContainerdName} {
			if name != "" {
				n.names = append(n.names, name)
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// selectNamed picks the entries of one image: those that go by tag; without a
// tag the only one, or all when they are the platforms of one image.
func selectNamed(listed []named, tag string) ([]entry, error) {
	var selected []entry
	for _, n := range listed {
		if tag == "" || slices.Contains(n.names, tag) {
			selected = append(selected, n.entry)
		}
	}
	switch {
	case len(listed) == 0:
		return nil, errors.New("the layout lists no image")
	case len(selected) == 0:
		return nil, fmt.Errorf("no image is named %q; there is %s", tag, describeNamed(listed))
	case tag == "" && len(selected) > 1 && !onePerPlatform(listed):
		return nil, fmt.Errorf("several images; add :TAG to say which: %s", describeNamed(listed))
	}
	return selected, nil
}

// onePerPlatform is true when entries of the same name, or of none, have a
// platform each: some tools write an image's index so.
func onePerPlatform(listed []named) bool {
	var seen []platform
	for _, n := range listed {
		if n.platform == (platform{}) || slices.Contains(seen, n.platform) || !slices.Equal(n.names, listed[0].names) {
			return false
		}
		seen = append(seen, n.platform)
	}
	return true
}

func describeNamed(listed []named) string {
	const most = 20
	var out []string
	for i, n := range listed {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(listed)-most))
			break
		}
		if len(n.names) == 0 {
			out = append(out, n.digest.String()+" (no name)")
			continue
		}
		out = append(out, n.names[0])
	}
	return strings.Join(out, ", ")
}

// flatten replaces indexes by their entries, reading each index once.
func flatten(ctx context.Context, from reader, entries []entry) ([]entry, error) {
	seen := map[v1.Hash]bool{}
	var out []entry
	for level := 0; len(entries) > 0; level++ {
		if level > maxNesting {
			return nil, fmt.Errorf("indexes lie in each other more than %d deep", maxNesting)
		}
		var inner []entry
		for _, e := range entries {
			switch {
			case !e.index:
				out = append(out, e)
			case !seen[e.digest]:
				seen[e.digest] = true
				raw, err := from.manifest(ctx, e.digest)
				if err != nil {
					return nil, err
				}
				m, err := parseManifest(raw)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", e.digest, err)
				}
				inner = append(inner, m.entries...)
			}
			if len(out)+len(inner) > maxList {
				return nil, fmt.Errorf("more than %d manifests", maxList)
			}
		}
		entries = inner
	}
	return out, nil
}
