package rootfs

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// patience is how long a test waits for what must end.
const patience = 5 * time.Minute

// wantNotRead asks for a file and wants a certain reason.
func wantNotRead(t *testing.T, im *Image, path, reason string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	f, err := im.File(ctx, path)
	if !errors.Is(err, imageinspect.ErrNotRead) || !strings.Contains(err.Error(), reason) {
		t.Fatalf("File(%s) = %+v, %v; want not read: %s", path, f, err, reason)
	}
	if strings.ContainsAny(err.Error(), "\n\t/") || len(err.Error()) > 100 {
		t.Errorf("%q is no short clause", err)
	}
}

// TestBomb: 10 GiB in 10 MiB cost what the bound says, once.
func TestBomb(t *testing.T) {
	if most := (Bounds{}).withDefaults().UncompressedBytes; most > 2*gib {
		t.Errorf("%d bytes are unpacked by default", most)
	}
	const most = 256 << 20 // quicker under the race detector
	var m meter
	im := imageOf(t, &m, Bounds{UncompressedBytes: most}, bomb(t, &m))
	wantNotRead(t, im, "/bin/sh", "more than 256 MiB of files to unpack")
	if _, unpacked := im.Read(); unpacked > most+bufferSize {
		t.Errorf("%d bytes were unpacked", unpacked)
	}
	before := m.opened.Load()
	wantNotRead(t, im, "/bin/bash", "more than 256 MiB of files to unpack")
	if m.opened.Load() != before {
		t.Error("the bomb was read twice")
	}
}

// TestBombs: what a bomb costs by each of its dimensions, within small bounds.
func TestBombs(t *testing.T) {
	const mebibyte = 1 << 20
	small := Bounds{CompressedBytes: mebibyte, UncompressedBytes: 8 * mebibyte, Layers: 3, Entries: 1000, AllEntries: 1500}
	names := func(prefix string, n int) imagetest.Layer {
		var l imagetest.Layer
		for i := range n {
			l.Entries = append(l.Entries, data(fmt.Sprintf("%s/%d", prefix, i), ""))
		}
		return l
	}
	for _, tc := range []struct {
		name   string
		layers func(m *meter) []Layer
		path   string
		reason string
	}{
		{"zeros", func(m *meter) []Layer { return []Layer{bomb(t, m)} }, "/bin/sh", "more than 8 MiB of files to unpack"},
		{"zeros in zstd", func(m *meter) []Layer {
			return []Layer{bytesLayer(m, zstdOf(t, append(header(t, "zeros", 64*mebibyte), make([]byte, 64*mebibyte)...)))}
		}, "/bin/sh", "more than 8 MiB of files to unpack"},
		{"large download", func(m *meter) []Layer {
			return []Layer{m.from(repeat(header(t, "noise", gib), []byte(noise(4096, 1)), gib/4096, nil))}
		}, "/bin/sh", "more than 1 MiB of layers to download"},
		{"many layers", func(m *meter) []Layer { return m.layers(t, files(), files(), files(), files()) }, "/bin/sh", "more than 3 layers in the image"},
		{"many entries", func(m *meter) []Layer { return m.layers(t, names("a", 1001)) }, "/bin/sh", "more than 1000 entries in a layer"},
		{"many entries of one name", func(m *meter) []Layer {
			return m.layers(t, imagetest.Layer{Entries: repeatEntry(data("a", ""), 1001)})
		}, "/bin/sh", "more than 1000 entries in a layer"},
		{"many folders that have no entry", func(m *meter) []Layer {
			return m.layers(t, files(data(strings.Repeat("a/", 600)+"x", ""), data(strings.Repeat("b/", 600)+"x", "")))
		}, "/bin/sh", "more than 1000 entries in a layer"},
		{"many entries in all layers", func(m *meter) []Layer { return m.layers(t, names("a", 900), names("b", 900)) }, "/bin/sh", "more than 1500 entries in the layers that were read"},
		{"symlink loop in a layer", func(m *meter) []Layer {
			return m.layers(t, files(symlink("a", "b"), symlink("b", "a"), data("a/x", "")))
		}, "/bin/sh", "more than 40 symlinks"},
		{"long name", func(m *meter) []Layer { return m.layers(t, files(data(strings.Repeat("a", 4097), ""))) }, "/bin/sh", "a path is longer than 4096 bytes"},
		{"long target", func(m *meter) []Layer { return m.layers(t, files(symlink("a", strings.Repeat("a", 4097)))) }, "/a", "a path is longer than 4096 bytes"},
		{"long question", func(*meter) []Layer { return nil }, "/" + strings.Repeat("a", 4096), "a path is longer than 4096 bytes"},
		{"script of 50 MB", func(m *meter) []Layer {
			return []Layer{m.from(repeat(zipped(t, header(t, "run.sh", 50*mebibyte)), zipped(t, bytes.Repeat([]byte("# text\n"), mebibyte/7)), 51, nil))}
		}, "/run.sh", "the file is longer than 1024 KiB"},
		{"file with holes", func(m *meter) []Layer { return []Layer{bytesLayer(m, sparse(t))} }, "/sparse", "the file is stored with holes in it"},
		{"no archive", func(m *meter) []Layer { return []Layer{bytesLayer(m, bytes.Repeat([]byte("x"), 2048))} }, "/a", "a layer is damaged or no archive"},
		{"damaged gzip", func(m *meter) []Layer { return []Layer{bytesLayer(m, []byte{0x1f, 0x8b, 1, 2, 3})} }, "/a", "a layer is damaged or no archive"},
		{"cut short", func(m *meter) []Layer { return []Layer{bytesLayer(m, zipped(t, header(t, "a", 100))[:60])} }, "/b", "a layer is damaged or no archive"},
		{"cut short in the file", func(m *meter) []Layer { return []Layer{bytesLayer(m, append(header(t, "a", 100), 'x'))} }, "/a", "a layer is damaged or no archive"},
		{"foreign", func(m *meter) []Layer {
			return append(m.layers(t, files()), Layer{Refusal: RefusalOf(string(types.DockerForeignLayer))})
		}, "/a", "may not be distributed"},
		{"encrypted", func(*meter) []Layer {
			return []Layer{{Refusal: RefusalOf("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")}}
		}, "/a", "a layer is encrypted"},
		{"another format", func(*meter) []Layer { return []Layer{{Refusal: RefusalOf("application/wasm")}} }, "/a", "a layer has a format that is not read"},
		{"bad descriptor", func(*meter) []Layer { return []Layer{{Refusal: BadDescriptor}} }, "/a", "the manifest describes a layer wrongly"},
		{"large window", func(m *meter) []Layer { return []Layer{bytesLayer(m, zstdWindow(t, 16*mebibyte))} }, "/a", "a layer was compressed with a window of more than 8 MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var m meter
			wantNotRead(t, imageOf(t, &m, small, tc.layers(&m)...), tc.path, tc.reason)
			if m.read.Load() > 2*mebibyte {
				t.Errorf("%d bytes were read", m.read.Load())
			}
		})
	}
}

// TestEntries: the bound itself passes, one more does not.
func TestEntries(t *testing.T) {
	var m meter
	im := imageOf(t, &m, Bounds{}, m.from(manyEntries(t, 100_001)))
	wantNotRead(t, im, "/bin/sh", "more than 100000 entries in a layer")
	im = imageOf(t, &m, Bounds{Entries: 2000}, m.from(manyEntries(t, 2000)))
	if got := said(im.File(t.Context(), "/bin/sh")); got != "none" {
		t.Error(got)
	}
}

// TestHeaderBombs: extended headers cost at most a MiB of memory each, and
// together no more than their bound.
func TestHeaderBombs(t *testing.T) {
	record := func(size int) []byte {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		h := &tar.Header{Typeflag: tar.TypeReg, Name: "a", PAXRecords: map[string]string{"GOLANG.x": strings.Repeat("x", size)}}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	large := record(900 << 10)
	// Only the extended header and its content, again and again.
	extended := large[:len(large)-512]
	var m meter
	for name, block := range map[string][]byte{"no entry ever": extended, "entries": large} {
		im := imageOf(t, &m, Bounds{HeaderBytes: 16 << 20}, m.from(repeat(nil, block, 10_000, nil)))
		t.Log(name)
		wantNotRead(t, im, "/b", "more than 16 MiB of headers in a layer")
	}
	if m.read.Load() > 33<<20 {
		t.Errorf("%d bytes were read", m.read.Load())
	}
}

// TestDigest: a layer that was read to its end has to be what its digest says.
func TestDigest(t *testing.T) {
	var m meter
	layers := m.layers(t, files(program("a", "x")))
	other := m.layers(t, files(program("b", "y")))
	layers[0].Digest = other[0].Digest
	wantNotRead(t, imageOf(t, &m, Bounds{}, layers...), "/a", "a layer is not what its digest says")
	// What follows the archive counts as well.
	stored := zipped(t, append(header(t, "a", 0), make([]byte, 4096)...))
	good := bytesLayer(&m, stored)
	good.Digest = digestOf(t, stored)
	if got := said(imageOf(t, &m, Bounds{}, good).File(t.Context(), "/a")); got != "/a=" {
		t.Error(got)
	}
}

func digestOf(t *testing.T, stored []byte) v1.Hash {
	t.Helper()
	digest, _, err := v1.SHA256(bytes.NewReader(stored))
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestFailuresStayWithTheLayer: layers above are read once, and what they
// answer is answered.
func TestFailuresStayWithTheLayer(t *testing.T) {
	var m meter
	broken := Layer{Open: func(context.Context) (io.ReadCloser, error) {
		m.opened.Add(1)
		return nil, errors.New("canary: https://registry.example/v2/")
	}}
	im := imageOf(t, &m, Bounds{}, broken, m.layers(t, files(program("bin/a", "#!/a")))[0])
	wantNotRead(t, im, "/bin/b", "a layer could not be read")
	wantNotRead(t, im, "/bin/c", "a layer could not be read")
	if got := said(im.File(t.Context(), "/bin/a")); got != "/bin/a=#!/a" {
		t.Error(got)
	}
	if m.opened.Load() != 2 {
		t.Errorf("%d layers were opened, want 2", m.opened.Load())
	}
	_, err := im.File(t.Context(), "/bin/b")
	var e *Error
	if !errors.As(err, &e) || e.Lasting || e.Cause == nil {
		t.Errorf("error = %+v, want a cause that may go away", err)
	}
}

// hanging is a body that gives nothing until its context ends.
type hanging struct{ ctx context.Context } //nolint:containedctx // What an HTTP body does.

func (h hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}
func (hanging) Close() error { return nil }

func TestHangingLayer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opened := make(chan struct{})
	im := New([]Layer{{Open: func(ctx context.Context) (io.ReadCloser, error) {
		close(opened)
		return hanging{ctx}, nil
	}}}, Bounds{})
	ended := make(chan error)
	go func() {
		_, err := im.File(ctx, "/a")
		ended <- err
	}()
	<-opened
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, imageinspect.ErrNotRead) {
		t.Errorf("error = %v", err)
	}
}

// TestContextEndsABomb: time is a bound as well.
func TestContextEndsABomb(t *testing.T) {
	var m meter
	im := imageOf(t, &m, Bounds{UncompressedBytes: 1 << 60}, m.from(repeat(zipped(t, header(t, "zeros", 1<<50)), zipped(t, make([]byte, 1<<20)), 1<<30, nil)))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := im.File(ctx, "/bin/sh"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
}
