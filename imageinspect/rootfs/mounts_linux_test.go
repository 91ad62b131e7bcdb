package rootfs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

// TestMountsAsTheKernelDoes makes random images and mounts, evaluates them, and
// does in a folder what a runtime does: no verdict may come out of an image's
// file where the kernel finds a volume's in its place.
func TestMountsAsTheKernelDoes(t *testing.T) {
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	e := imageinspect.NewEvaluator(db)
	decided, mounted := 0, 0
	for seed := range uint64(2000) {
		c := newMountCase(seed)
		o := imageinspect.Overrides{Command: []string{c.argv0}}
		image := imageinspect.Image{Digest: "sha256:x", Config: imageinspect.Config{Env: []string{"PATH=/a:/b/c:/d"}}, Files: c.image(t)}
		if e.Evaluate(t.Context(), image, o).Verdict.Outcome == imageinspect.Unknown {
			continue
		}
		o.Mounts = c.mounts
		got := e.Evaluate(t.Context(), image, o).Verdict
		switch onVolume := c.run(t); {
		case onVolume && got.Outcome != imageinspect.Unknown:
			t.Errorf("seed %d: %s: %s (%s), but a volume has a part in it\n%s", seed, c.argv0, got.Outcome, got.Reason.Text, c)
		case onVolume:
			mounted++
		case got.Outcome != imageinspect.Unknown:
			decided++
		}
	}
	t.Logf("%d decided, %d with a volume in it", decided, mounted)
	if decided < 100 || mounted < 40 {
		t.Errorf("%d decided, %d with a volume in it: want 100 and 40 at least", decided, mounted)
	}
}

// mountCase is an image in layers, lowest first, and what is mounted over it.
type mountCase struct {
	r      *rand.Rand
	layers []imagetest.Layer
	argv0  string
	mounts []imageinspect.Mount
	// files are what the image has in the end, links as "-> ".
	files map[string]string
}

const (
	volumeMark = "#!/bin/true volume\n"
	scriptHead = "#!/bin/bash\n"
)

func newMountCase(seed uint64) *mountCase {
	c := &mountCase{r: rand.New(rand.NewPCG(seed, 1)), files: map[string]string{}}
	scripts := []string{"exec tini -- node\n", "exec node\n", ". %s\nexec node\n", "exec %s\n", ". r\nexec tini -- node\n"}
	var entries []imagetest.Entry
	for range 3 + c.r.IntN(6) {
		at := c.path()
		if !c.free(at) {
			continue
		}
		if c.r.IntN(5) < 3 {
			c.files[at] = "-> " + c.target()
			entries = append(entries, imagetest.Symlink(at[1:], c.files[at][3:]))
			continue
		}
		c.add(&entries, at, scripts)
	}
	for range 2 {
		if at := c.path(); c.free(at) {
			c.add(&entries, at, scripts)
		}
	}
	c.layers = []imagetest.Layer{{Entries: entries}}
	c.argv0 = c.known()
	if c.r.IntN(4) == 0 {
		c.argv0 = path.Base(c.argv0)
	}
	for i := range 1 + c.r.IntN(2) {
		c.mounts = append(c.mounts, imageinspect.Mount{Path: c.near(), Volume: fmt.Sprintf("v%d", i)})
	}
	return c
}

func (c *mountCase) add(entries *[]imagetest.Entry, at string, scripts []string) {
	text := scripts[c.r.IntN(len(scripts))]
	if strings.Contains(text, "%s") {
		text = fmt.Sprintf(text, c.known())
	}
	c.files[at] = scriptHead + text
	*entries = append(*entries, imagetest.Program(at[1:], c.files[at]))
}

// path is one to three names deep.
func (c *mountCase) path() string {
	out := ""
	for range 1 + c.r.IntN(3) {
		out += "/" + string("abcdr"[c.r.IntN(5)])
	}
	return out
}

// known is mostly something that the image has.
func (c *mountCase) known() string {
	has := slices.Sorted(maps.Keys(c.files))
	if len(has) == 0 || c.r.IntN(4) == 0 {
		return c.path()
	}
	return has[c.r.IntN(len(has))]
}

// near is what the image has, or a folder of it, or something below it.
func (c *mountCase) near() string {
	switch at := c.known(); c.r.IntN(4) {
	case 0:
		return path.Dir(at)
	case 1:
		return path.Join(at, c.path())
	default:
		return at
	}
}

func (c *mountCase) target() string {
	to := c.known()
	switch c.r.IntN(4) {
	case 0:
		return to[1:]
	case 1:
		return "../" + to[1:]
	case 2:
		return path.Dir(to) + "/../" + path.Base(to)
	default:
		return to
	}
}

// free is true for a place where the image has nothing, and none of whose
// folders is anything else.
func (c *mountCase) free(at string) bool {
	for p := range c.files {
		if p == at || strings.HasPrefix(p, at+"/") || strings.HasPrefix(at, p+"/") {
			return false
		}
	}
	return true
}

func (c *mountCase) image(t *testing.T) *rootfs.Image {
	t.Helper()
	var layers []rootfs.Layer
	for _, l := range c.layers {
		built, err := l.Build()
		if err != nil {
			t.Fatal(err)
		}
		size, err := built.Size()
		must(t, err)
		layers = append(layers, rootfs.Layer{Size: size, Open: func(context.Context) (io.ReadCloser, error) { return built.Compressed() }})
	}
	return rootfs.New(layers, rootfs.Bounds{})
}

// run makes the container's root folder and follows what is started there: true
// where a volume has a part in it.
func (c *mountCase) run(t *testing.T) bool {
	t.Helper()
	root := t.TempDir()
	for at, text := range c.files {
		to := filepath.Join(root, at)
		must(t, os.MkdirAll(filepath.Dir(to), 0o755))
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			must(t, os.Symlink(target, to))
			continue
		}
		must(t, os.WriteFile(to, []byte(text), 0o755))
	}
	// As containerd sorts them.
	mounts := slices.Clone(c.mounts)
	slices.SortStableFunc(mounts, func(a, b imageinspect.Mount) int { return strings.Count(a.Path, "/") - strings.Count(b.Path, "/") })
	for _, m := range mounts {
		if !mount(t, root, m.Path) {
			return false // the container doesn't start
		}
	}
	return c.follow(t, root, c.argv0, 0)
}

// mount puts a volume in place of where a path leads, as runc does; false where
// it would fail.
func mount(t *testing.T, root, at string) bool {
	t.Helper()
	to, err := inRoot(root, at)
	for errors.Is(err, unix.ENOENT) {
		// The folders that are missing are made, where no link leads nowhere.
		made := "/"
		for _, name := range strings.Split(at[1:], "/") {
			made = path.Join(made, name)
			if _, err := inRoot(root, made); errors.Is(err, unix.ENOENT) {
				parent, err := inRoot(root, path.Dir(made))
				if err != nil || os.Mkdir(filepath.Join(parent, name), 0o755) != nil {
					return false
				}
			}
		}
		to, err = inRoot(root, at)
	}
	if err != nil || to == root {
		return false
	}
	info, err := os.Stat(to)
	must(t, err)
	must(t, os.RemoveAll(to))
	if !info.IsDir() {
		must(t, os.WriteFile(to, []byte(volumeMark), 0o755))
		return true
	}
	// Every name that anybody may ask for, as far as it goes.
	dirs := []string{"", "a", "b", "c", "d", "a/b", "b/c"}
	for _, dir := range dirs {
		must(t, os.MkdirAll(filepath.Join(to, dir), 0o755))
	}
	for _, dir := range dirs {
		for _, name := range []string{"a", "b", "c", "d", "r"} {
			if file := filepath.Join(to, dir, name); !exists(file) {
				must(t, os.WriteFile(file, []byte(volumeMark), 0o755))
			}
		}
	}
	return true
}

// follow is true where what is started, or what its script reads or execs, is a
// volume's.
func (c *mountCase) follow(t *testing.T, root, name string, depth int) bool {
	t.Helper()
	if depth > 8 {
		return false
	}
	places := []string{name}
	if !strings.Contains(name, "/") {
		places = []string{path.Join("/a", name), path.Join("/b/c", name), path.Join("/d", name)}
	}
	for _, at := range places {
		to, err := inRoot(root, at)
		if err != nil {
			continue
		}
		raw, err := os.ReadFile(to)
		if err != nil {
			continue // a folder
		}
		text := string(raw)
		if text == volumeMark {
			return true
		}
		for line := range strings.Lines(strings.TrimPrefix(text, scriptHead)) {
			words := strings.Fields(line)
			if words[1] == "node" || words[1] == "tini" {
				return false
			}
			if c.follow(t, root, words[1], depth+1) {
				return true
			}
			if words[0] == "exec" {
				return false
			}
		}
		return false
	}
	return false
}

// inRoot asks the kernel where a path leads in a root folder.
func inRoot(root, at string) (string, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", root, err)
	}
	defer func() { _ = unix.Close(dir) }()
	fd, err := unix.Openat2(dir, at, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	if err != nil {
		return "", fmt.Errorf("openat2 %s: %w", at, err)
	}
	defer func() { _ = unix.Close(fd) }()
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)) //nolint:wrapcheck // A test.
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// String shows the case.
func (c *mountCase) String() string {
	var out strings.Builder
	for _, at := range slices.Sorted(maps.Keys(c.files)) {
		fmt.Fprintf(&out, "%s: %q\n", at, c.files[at])
	}
	fmt.Fprintf(&out, "mounts: %v\n", c.mounts)
	return out.String()
}
