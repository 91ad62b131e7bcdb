package registry

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

// distro is an image with a distribution below and a script on top.
func distro() imagetest.Spec {
	s := node("")
	s.Layers = []imagetest.Layer{
		imagetest.Files(
			imagetest.Symlink("bin", "usr/bin"), imagetest.Data("etc/os-release", "ID=test"),
			imagetest.Program("usr/bin/dash", "\x7fELF"), imagetest.Symlink("usr/bin/sh", "dash"), imagetest.Data("old", "x"),
		),
		{Stored: types.OCILayerZStd, Entries: []imagetest.Entry{imagetest.Program("run.sh", "#!/bin/sh"), imagetest.Whiteout("old")}},
	}
	return s
}

// fileOf asks for a file of the first image.
func fileOf(t *testing.T, images []imageinspect.Image, path string) (imageinspect.File, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return images[0].Files.File(ctx, path)
}

// unread asks for a file that can't be read, and returns why.
func unread(t *testing.T, images []imageinspect.Image, path string) *rootfs.Error {
	t.Helper()
	f, err := fileOf(t, images, path)
	var e *rootfs.Error
	if !errors.Is(err, imageinspect.ErrNotRead) || !errors.As(err, &e) {
		t.Fatalf("File(%s) = %+v, %v; want not read", path, f, err)
	}
	if strings.ContainsAny(e.Error(), "\n:/") {
		t.Errorf("%q is not fit for everyone's eyes", e)
	}
	return e
}

func checkDistro(t *testing.T, images []imageinspect.Image) {
	t.Helper()
	for path, want := range map[string]string{"/run.sh": "/run.sh", "/bin/sh": "/usr/bin/dash", "/etc/os-release": "/etc/os-release"} {
		if f, err := fileOf(t, images, path); err != nil || f.Path != want {
			t.Errorf("%s = %+v, %v; want %s", path, f, err, want)
		}
	}
	for _, path := range []string{"/old", "/none", "/bin/none/x"} {
		if f, err := fileOf(t, images, path); !errors.Is(err, imageinspect.ErrNoFile) {
			t.Errorf("%s = %+v, %v; want none", path, f, err)
		}
	}
}

func TestFilesOfRegistry(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret", Token: true})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, nil)
	r.ResetCounts()
	images := inspect(t, c, query(r, "web:1"))
	if n := r.Counts()[imagetest.GetBlob]; n != 1 {
		t.Errorf("%d blobs were read for the config", n)
	}
	if _, ok := images[0].Files.Known("/etc/os-release"); ok {
		t.Error("a file is known before any layer was read")
	}
	checkDistro(t, images)
	if n := r.Counts()[imagetest.GetBlob]; n != 3 {
		t.Errorf("%d blobs were read, want the config and each layer once", n)
	}
	searcher, ok := images[0].Files.(interface {
		First(context.Context, []string) (imageinspect.File, error)
	})
	if !ok {
		t.Fatal("Files has no First")
	}
	if f, err := searcher.First(t.Context(), []string{"/usr/sbin/sh", "/usr/bin/sh"}); err != nil || f.Path != "/usr/bin/dash" {
		t.Errorf("First = %+v, %v", f, err)
	}
}

// TestFilesAreRemembered: the same digest costs no request a second time, in
// whatever order it is asked, though nobody holds its layers any more.
func TestFilesAreRemembered(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, nil)
	checkDistro(t, inspect(t, c, query(r, "web:1")))
	runtime.GC()
	runtime.GC()
	r.ResetCounts()
	images := inspect(t, c, query(r, "web:1"))
	if f, ok := images[0].Files.Known("/etc/os-release"); !ok || f.Text != "ID=test" {
		t.Errorf("Known = %+v, %v", f, ok)
	}
	checkDistro(t, images)
	if n := len(r.Counts()); n != 0 {
		t.Errorf("asked again: %v", r.Counts())
	}
}

// TestReleaseIsKnownAlways: it does not matter whether anyone asked for it when
// the layers were read.
func TestReleaseIsKnownAlways(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, nil)
	if _, err := fileOf(t, inspect(t, c, query(r, "web:1")), "/bin/sh"); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.GC()
	if _, ok := inspect(t, c, query(r, "web:1"))[0].Files.Known("/etc/os-release"); !ok {
		t.Error("os-release went by and is not known")
	}
}

// TestOneReadingForAll: requests at the same time read each layer once.
func TestOneReadingForAll(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, nil)
	inspect(t, c, query(r, "web:1"))
	gate, open := imagetest.Gate()
	r.ResetCounts()
	r.Break(imagetest.On(gate, imagetest.GetBlob))
	var callers sync.WaitGroup
	for i := range 60 {
		images := inspect(t, c, in([]string{"a", "b"}[i%2], r, "web:1"))
		path := []string{"/none", "/bin/sh", "/also/none"}[i%3]
		callers.Go(func() {
			if _, err := images[0].Files.File(t.Context(), path); err != nil && !errors.Is(err, imageinspect.ErrNoFile) {
				t.Error(err)
			}
		})
	}
	eventually(t, "a layer is asked for", func() bool { return r.Counts()[imagetest.GetBlob] > 0 })
	open()
	callers.Wait()
	if n := r.Counts()[imagetest.GetBlob]; n != 2 {
		t.Errorf("%d layers were read, want 2", n)
	}
}

// TestReadingGoesOn: the caller's deadline passes, the reading doesn't end with
// it.
func TestReadingGoesOn(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, nil)
	images := inspect(t, c, query(r, "web:1"))
	gate, open := imagetest.Gate()
	r.Break(imagetest.On(gate, imagetest.GetBlob))
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := images[0].Files.File(gone, "/run.sh"); !errors.Is(err, context.Canceled) || errors.Is(err, imageinspect.ErrNotRead) {
		t.Fatalf("error = %v", err)
	}
	open()
	eventually(t, "the answer is there", func() bool {
		_, ok := images[0].Files.Known("/run.sh")
		return ok
	})
}

func TestFilesOnDisk(t *testing.T) {
	root := t.TempDir()
	image := build(t, distro())
	must(t, newLayout(t, filepath.Join(root, "layout")).AppendImage(image))
	ref, err := name.NewTag("web:1")
	must(t, err)
	must(t, tarball.WriteToFile(filepath.Join(root, "archive.tar"), ref, image))
	for _, source := range []string{"oci:" + filepath.Join(root, "layout"), "docker-archive:" + filepath.Join(root, "archive.tar")} {
		t.Run(source[:4], func(t *testing.T) {
			s, err := Open(source)
			must(t, err)
			images, err := s.Inspect(t.Context(), imageinspect.Query{})
			must(t, err)
			checkDistro(t, images)
		})
	}
}

// TestFilesNeedAccess: layers are read with the rights of the request that got
// the image, and known files are given to nobody else.
func TestFilesNeedAccess(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret"})
	digest := r.MustPush(t, "private:1", distro())
	entry := entryFor(r)
	c := newClient(t, r, func(o *Options) { o.Registries = func() []Registry { return []Registry{entry} } })
	checkDistro(t, inspect(t, c, query(r, "private@"+digest)))
	entry.Shared = false
	if got := fails(t, c, query(r, "private@"+digest)); got.Code != imageinspect.CodeUnreachable {
		t.Errorf("reason = %+v", got)
	}
}

// TestReadingsTakeSlots: layers are read within the namespace's share.
func TestReadingsTakeSlots(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, func(o *Options) { o.MaxInspections, o.Budgets.Queue = 2, 1 })
	images := inspect(t, c, in("a", r, "web:1"))
	r.Break(imagetest.On(imagetest.Hang(), imagetest.GetBlob))
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := images[0].Files.File(gone, "/run.sh"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := images[0].Files.File(gone, "/bin/sh"); !errors.Is(err, context.Canceled) {
		t.Errorf("a second reading, which waits: %v", err)
	}
	if got := unread(t, images, "/bin/none"); got.Reason != textBusy {
		t.Errorf("a third reading: %q", got)
	}
	if got := begins(t, c, in("a", r, "web:2")); got.Text != textBusy {
		t.Errorf("an inspection beside the reading: %+v", got)
	}
}

func TestCloseEndsReadings(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, nil)
	images := inspect(t, c, query(r, "web:1"))
	r.ResetCounts()
	r.Break(imagetest.On(imagetest.Hang(), imagetest.GetBlob))
	ended := make(chan error, 1)
	go func() {
		_, err := images[0].Files.File(context.Background(), "/run.sh")
		ended <- err
	}()
	eventually(t, "the layer is asked for", func() bool { return r.Counts()[imagetest.GetBlob] > 0 })
	c.Close()
	if err := <-ended; !errors.Is(err, imageinspect.ErrNotRead) {
		t.Errorf("error = %v", err)
	}
	if _, err := images[0].Files.File(t.Context(), "/bin/sh"); !errors.Is(err, imageinspect.ErrNotRead) {
		t.Errorf("after Close: %v", err)
	}
}

// TestBoundsOfLayers: what a client is told holds for its images.
func TestBoundsOfLayers(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, func(o *Options) { o.Layers = rootfs.Bounds{Layers: 1} })
	if got := unread(t, inspect(t, c, query(r, "web:1")), "/run.sh"); got.Reason != "more than 1 layers in the image" || !got.Lasting {
		t.Errorf("error = %+v", got)
	}
}

// TestBadLayerLeavesTheConfig: layers that can't be read don't matter until
// someone asks.
func TestBadLayerLeavesTheConfig(t *testing.T) {
	for _, layer := range []string{
		`{}`, `{"digest":"sha256:1","size":1}`, `{"digest":"` + digestA + `","size":-1}`, `{"digest":"md5:0123","size":1}`,
	} {
		m, err := parseManifest([]byte(`{"schemaVersion":2,"config":{"digest":"` + digestA + `"},"layers":[` + layer + `]}`))
		if err != nil || len(m.layers) != 1 || m.layers[0].refusal != rootfs.BadDescriptor {
			t.Errorf("%s: %+v, %v", layer, m, err)
		}
	}
	long := strings.Repeat(`{"digest":"`+digestA+`","size":1,"mediaType":"`+string(types.DockerLayer)+`"},`, 999)
	m, err := parseManifest([]byte(`{"config":{"digest":"` + digestA + `"},"layers":[` + strings.TrimSuffix(long, ",") + `]}`))
	if err != nil || len(m.layers) != maxLayers || m.layers[0].sum.digest().String() != digestA || m.layers[0].refusal != rootfs.Readable {
		t.Errorf("%d layers, %v", len(m.layers), err)
	}
}

func TestReadingsAreShared(t *testing.T) {
	r := newReadings(true)
	var ends []func()
	begin := func(ctx context.Context, owner string) error {
		end, err := r.begin(ctx, owner)
		if err == nil {
			ends = append(ends, end)
		}
		return err
	}
	for range maxOwnReadings {
		must(t, begin(t.Context(), "a"))
	}
	over, cancel := context.WithCancel(t.Context())
	cancel() // there is no place for it to take instead
	if err := begin(over, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("one owner got more than its share: %v", err)
	}
	must(t, begin(t.Context(), "b"))
	for _, end := range ends {
		end()
	}
	if len(r.owners) != 0 || len(r.all) != 0 {
		t.Errorf("left: %v, %d", r.owners, len(r.all))
	}
}
