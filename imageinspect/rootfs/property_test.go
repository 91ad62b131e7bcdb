package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// generator makes small layers out of few names, so that they often touch the
// same paths.
type generator struct {
	*rand.Rand
	// plain keeps to what mutate.Extract agrees with runtimes about: no path
	// twice in a layer, every folder an entry, no file beside its whiteout, no
	// symlink out of the root.
	plain bool
	made  int
}

// stacks is how many random images are made.
const stacks = 250

var names = []string{"a", "b", "bin", "usr"}

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

func (g *generator) path() string {
	parts := make([]string, 1+g.IntN(3))
	for i := range parts {
		parts[i] = pick(g, names)
	}
	return strings.Join(parts, "/")
}

// layer makes a layer of a few entries.
func (g *generator) layer() []imagetest.Entry {
	var out []imagetest.Entry
	kinds := map[string]byte{}
	for range 1 + g.IntN(6) {
		out = append(out, g.entry(kinds)...)
	}
	if !g.plain {
		for i := range out {
			out[i].Name = g.oddly(out[i].Name)
		}
	}
	return out
}

// entry makes one entry, with the folders above it as far as they are needed.
func (g *generator) entry(kinds map[string]byte) []imagetest.Entry {
	name := g.path()
	if g.plain && kinds[name] != 0 && kinds[name] != tar.TypeDir {
		return nil
	}
	var out []imagetest.Entry
	if g.plain || g.IntN(2) == 0 {
		for i, c := range name {
			above := name[:i]
			switch {
			case c != '/':
			case kinds[above] == 0:
				kinds[above] = tar.TypeDir
				out = append(out, imagetest.Dir(above+"/"))
			case g.plain && kinds[above] != tar.TypeDir:
				return nil
			}
		}
	}
	e, ok := g.one(name, kinds)
	if !ok {
		return out
	}
	return append(out, e)
}

func (g *generator) one(name string, kinds map[string]byte) (imagetest.Entry, bool) {
	g.made++
	kind := g.IntN(10)
	if g.plain && kinds[name] == tar.TypeDir {
		kind = 1 // it is an entry already
	}
	switch kind {
	case 0:
		kinds[name] = 'w'
		return imagetest.Whiteout(name), true
	case 1:
		return imagetest.Opaque(name), !g.plain || kinds[name] == tar.TypeDir
	case 2, 3:
		kinds[name] = tar.TypeDir
		return imagetest.Dir(name), true
	case 4, 5:
		kinds[name] = tar.TypeSymlink
		return imagetest.Symlink(name, g.target(name)), true
	case 6:
		for other, kind := range kinds {
			if kind == tar.TypeReg && other != name {
				kinds[name] = tar.TypeReg
				return imagetest.HardLink(name, other), true
			}
		}
		return imagetest.Entry{}, false
	default:
		kinds[name] = tar.TypeReg
		return imagetest.Program(name, fmt.Sprintf("%d", g.made)), true
	}
}

// target makes a symlink's target.
func (g *generator) target(name string) string {
	to := g.path()
	switch {
	case g.IntN(3) == 0:
		return "/" + to
	case g.plain:
		return strings.Repeat("../", g.IntN(1+strings.Count(name, "/"))) + to
	default:
		return strings.Repeat("../", g.IntN(4)) + to
	}
}

// oddly writes a name in another way.
func (g *generator) oddly(name string) string {
	switch g.IntN(6) {
	case 0:
		return "./" + name
	case 1:
		return "/" + name
	case 2:
		return "../" + name
	case 3:
		return strings.ReplaceAll(name, "/", "//")
	default:
		return name
	}
}

// questions are all paths of up to three names, in any order.
func (g *generator) questions() []string {
	out := []string{"/"}
	level := []string{""}
	for range 3 {
		var next []string
		for _, above := range level {
			for _, name := range names {
				next = append(next, above+"/"+name)
			}
		}
		level = next
		out = append(out, next...)
	}
	g.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// TestAgainstModel asks all paths of random images, in any order of one image,
// and compares with the model.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(stacks) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
		stack := make([][]imagetest.Entry, 1+g.IntN(4))
		for i := range stack {
			stack[i] = g.layer()
		}
		want, ok := model(stack)
		if !ok {
			continue // no runtime would take it
		}
		compare(t, seed, g, stack, false, want.lookup)
		if !slices.ContainsFunc(stack, contradicts) {
			compare(t, seed, g, stack, true, want.lookup)
		}
	}
}

// TestAgainstExtract compares with go-containerregistry's own reading of all
// layers.
func TestAgainstExtract(t *testing.T) {
	for seed := range uint64(stacks) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 2)), plain: true}
		stack := make([][]imagetest.Entry, 1+g.IntN(4))
		for i := range stack {
			stack[i] = g.layer()
		}
		want, ok := extract(t, stack)
		if !ok {
			continue
		}
		compare(t, seed, g, stack, false, want.lookup)
		compare(t, seed, g, stack, true, want.lookup)
	}
}

// compare asks one image for all paths; cut has every stream end at the answer.
func compare(t *testing.T, seed uint64, g *generator, stack [][]imagetest.Entry, cut bool, want func(string) string) {
	t.Helper()
	var m meter
	specs := make([]imagetest.Layer, len(stack))
	for i, entries := range stack {
		stored := pick(g, []types.MediaType{types.OCILayer, types.OCILayerZStd, types.OCIUncompressedLayer})
		specs[i] = imagetest.Layer{Entries: entries, Stored: stored}
	}
	layers := m.layers(t, specs...)
	for i := range layers {
		if cut {
			layers[i].Size = 0 // a small rest would be read otherwise
		}
	}
	im := imageOf(t, &m, Bounds{}, layers...)
	for _, p := range g.questions() {
		got := said(im.File(t.Context(), p))
		if strings.Contains(got, "symlinks") {
			got = "loop"
		}
		if strings.Contains(got, "again at one path") || strings.Contains(got, "lists twice") {
			return // which is said instead of guessed
		}
		if got != want(p) {
			t.Errorf("seed %d: %s = %q, want %q; layers, lowest first:\n%s", seed, p, got, want(p), show(stack))
			return
		}
	}
}

func show(stack [][]imagetest.Entry) string {
	var out strings.Builder
	for i, entries := range stack {
		for _, e := range entries {
			fmt.Fprintf(&out, "%d %c %s %s %s\n", i, e.Typeflag, e.Name, e.Linkname, e.Content)
		}
	}
	return out.String()
}

// contradicts is true when a layer lists something at a path that another entry
// of it needs as a folder or lists too: an early stop sees the one, whoever
// reads to the end the other.
func contradicts(entries []imagetest.Entry) bool {
	for i, later := range entries {
		for _, earlier := range entries[:i] {
			a, b := path.Clean("/"+earlier.Name), path.Clean("/"+later.Name)
			folders := earlier.Typeflag == tar.TypeDir && later.Typeflag == tar.TypeDir
			if a == b && !folders || strings.HasPrefix(a, b+"/") && later.Typeflag != tar.TypeDir || strings.HasPrefix(b, a+"/") && earlier.Typeflag != tar.TypeDir {
				return true
			}
		}
	}
	return false
}

// extract is the model of an image that mutate.Extract flattened. It is false
// where Extract is known to differ from runtimes: it shows what lies in a
// folder below a file below a folder.
func extract(t *testing.T, stack [][]imagetest.Entry) (*modelNode, bool) {
	t.Helper()
	var folders []string
	for _, entries := range slices.Backward(stack) {
		for _, e := range entries {
			name := path.Clean("/" + e.Name)
			if e.Typeflag == tar.TypeDir {
				folders = append(folders, name)
			} else if slices.Contains(folders, name) {
				return nil, false
			}
		}
	}
	specs := make([]imagetest.Layer, len(stack))
	for i := range stack {
		specs[i] = imagetest.Files(stack[i]...)
	}
	img, err := imagetest.Build(imagetest.Spec{Layers: specs})
	if err != nil {
		t.Fatal(err)
	}
	content := mutate.Extract(img)
	defer func() { _ = content.Close() }()
	root := modelDir()
	for r := tar.NewReader(content); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return root, true
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeLink {
			return nil, false // whose content went by in its own layer only
		}
		at := root
		dir, base := path.Split("/" + h.Name)
		for name := range components(dir) {
			if at.children[name] == nil {
				at.children[name] = modelDir()
			}
			at = at.children[name]
		}
		if old := at.children[base]; old == nil || old.kind != tar.TypeDir || h.Typeflag != tar.TypeDir {
			at.children[base] = &modelNode{kind: h.Typeflag, text: string(text), target: h.Linkname, children: map[string]*modelNode{}}
		}
	}
}
