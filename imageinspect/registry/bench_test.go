//go:build unix

package registry

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
)

// BenchmarkCold looks into images that nobody asked for before, and prints what
// that costs: bytes of bodies and requests (logins included), processor time of
// client and test registry together, bytes as a part of the image's compressed
// size, and as a multiple of what can't be avoided: the manifest and config,
// all layers above the file, its own layer up to it.
func BenchmarkCold(b *testing.B) {
	script := "#!/bin/sh\nset -e\nexec \"$@\"\n"
	for _, bc := range []struct {
		name   string
		layers []bulk // lowest first
		argv   []string
		want   imageinspect.Code
	}{
		{"config decides", []bulk{{files: 60}, {files: 40}}, []string{"node", "server.js"}, imageinspect.CodeProgram},
		{"script in the top layer", []bulk{{files: 60}, {files: 40}, {name: "usr/local/bin/entry.sh", content: script}}, []string{"entry.sh", "node"}, imageinspect.CodeProgram},
		{"script under 20 layers", under(20, bulk{files: 40, before: 1, name: "usr/local/bin/entry.sh", content: script}), []string{"entry.sh", "node"}, imageinspect.CodeProgram},
		{"program in a 300 MB layer", []bulk{{files: 30}, {files: 500, before: 250, name: "usr/bin/app", content: "\x7fELF" + noise(1<<20)}}, []string{"app"}, imageinspect.CodeUnknownProgram},
		{"no such file in 300 MB", []bulk{{files: 30}, {files: 500}}, []string{"none"}, imageinspect.CodeNoFile},
	} {
		b.Run(bc.name, func(b *testing.B) { benchmarkCold(b, bc.layers, bc.argv, bc.want) })
	}
}

func benchmarkCold(b *testing.B, layers []bulk, argv []string, want imageinspect.Code) {
	b.Helper()
	r := imagetest.New(b, imagetest.Options{})
	size, needed := serve(b, r, layers, argv)
	db, err := initdb.New()
	if err != nil {
		b.Fatal(err)
	}
	evaluator := imageinspect.NewEvaluator(db)
	var read atomic.Int64
	r.ResetCounts()
	before := processorTime()
	for b.Loop() {
		c, err := New(Options{AllShared: true})
		if err != nil {
			b.Fatal(err)
		}
		c.out = counting{c.out, &read}
		images, err := c.Inspect(b.Context(), query(r, "web:1"))
		if err != nil {
			b.Fatal(err)
		}
		if v := evaluator.Evaluate(b.Context(), images[0], imageinspect.Overrides{}).Verdict; v.Reason.Code != want {
			b.Fatalf("verdict = %+v", v)
		}
		c.Close()
	}
	n := float64(b.N)
	requests := 0
	for _, count := range r.Counts() {
		requests += count
	}
	b.ReportMetric(float64(read.Load())/n, "bytes/op")
	b.ReportMetric(float64(requests)/n, "requests/op")
	b.ReportMetric(float64((processorTime()-before).Milliseconds())/n, "cpu-ms/op")
	b.ReportMetric(float64(read.Load())/n/float64(size), "of-image")
	b.ReportMetric(float64(read.Load())/n/float64(needed), "of-needed")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// counting counts the bytes of bodies as they are read.
type counting struct {
	http.RoundTripper
	read *atomic.Int64
}

func (c counting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = countingBody{resp.Body, c.read}
	}
	return resp, err
}

type countingBody struct {
	io.ReadCloser
	read *atomic.Int64
}

func (b countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

// bulk is a layer of files of 1 MiB, with one of interest among them.
type bulk struct {
	files         int
	before        int // how many of them come first
	name, content string
}

// under puts n layers of 2 MiB each over a layer.
func under(n int, l bulk) []bulk {
	out := []bulk{l}
	for range n {
		out = append(out, bulk{files: 2})
	}
	return out
}

// serve pushes an image whose layers are made while they are sent. It returns
// the image's compressed size and how much of it nobody can do without.
func serve(b *testing.B, r *imagetest.Registry, layers []bulk, argv []string) (size, needed int64) {
	b.Helper()
	image, err := imagetest.Build(imagetest.Spec{Cmd: argv})
	if err != nil {
		b.Fatal(err)
	}
	var fault imagetest.Fault
	var above, own int64
	for i, l := range layers {
		made, upTo := l.build(b, i)
		if fault, err = imagetest.ServeLayer(made, fault); err != nil {
			b.Fatal(err)
		}
		if image, err = imagetest.Append(image, made); err != nil {
			b.Fatal(err)
		}
		stored, err := made.Size()
		if err != nil {
			b.Fatal(err)
		}
		size, above = size+stored, above+stored
		if l.name != "" {
			above, own = 0, upTo
		}
	}
	r.Break(fault)
	if _, err := r.Push(context.Background(), "web:1", image); err != nil {
		b.Fatal(err)
	}
	manifest, err := image.RawManifest()
	if err != nil {
		b.Fatal(err)
	}
	config, err := image.RawConfigFile()
	if err != nil {
		b.Fatal(err)
	}
	fixed := int64(len(manifest) + len(config))
	if argv[0] == "node" { // the config decides
		above = 0
	}
	return size + fixed, fixed + above + own
}

// build makes the layer out of gzip members, and says where the file of
// interest ends.
func (l bulk) build(b *testing.B, seed int) (v1.Layer, int64) {
	b.Helper()
	parts, upTo := l.parts(b, seed)
	stored := func() io.Reader {
		readers := make([]io.Reader, len(parts))
		for i, part := range parts {
			readers[i] = bytes.NewReader(part)
		}
		return io.MultiReader(readers...)
	}
	made, err := imagetest.NewLayer(types.OCILayer, stored, nil)
	if err != nil {
		b.Fatal(err)
	}
	return made, upTo
}

// parts are the layer's bytes. All files share one content, so that the layer
// takes no more memory than that.
func (l bulk) parts(b *testing.B, seed int) (parts [][]byte, upTo int64) {
	b.Helper()
	block := member(b, []byte(noise(1<<20)))
	at := int64(0)
	add := func(part []byte) { parts, at = append(parts, part), at+int64(len(part)) }
	for i := 0; i <= l.files; i++ {
		if i == l.before && l.name != "" {
			add(member(b, header(b, l.name, len(l.content))))
			padding := make([]byte, (512-len(l.content)%512)%512)
			add(member(b, append([]byte(l.content), padding...)))
			upTo = at
		}
		if i < l.files {
			add(member(b, header(b, fmt.Sprintf("lib/%d/%d", seed, i), 1<<20)))
			add(block)
		}
	}
	add(member(b, make([]byte, 1024)))
	return parts, upTo
}

// noise is text that compresses to about half, as programs do.
func noise(n int) string {
	r := rand.NewChaCha8([32]byte{})
	raw := make([]byte, n/2)
	_, _ = r.Read(raw)
	return hex.EncodeToString(raw)
}

func header(b *testing.B, name string, size int) []byte {
	b.Helper()
	var out bytes.Buffer
	if err := tar.NewWriter(&out).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(size)}); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// member is one member of a gzip stream.
func member(b *testing.B, plain []byte) []byte {
	b.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}
