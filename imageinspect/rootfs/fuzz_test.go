package rootfs

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// FuzzLayer reads foreign bytes as a layer on top of an honest one: it ends,
// within its bounds, with an answer or one of three errors.
func FuzzLayer(f *testing.F) {
	for _, stored := range []types.MediaType{types.OCILayer, types.OCILayerZStd, types.OCIUncompressedLayer} {
		l, err := imagetest.Layer{Stored: stored, Entries: []imagetest.Entry{
			dir("bin"), program("bin/a", "#!/bin/sh"), symlink("sh", "bin/sh"), hardLink("b", "bin/a"), hidden("bin/x"), emptied("etc"),
		}}.Build()
		if err != nil {
			f.Fatal(err)
		}
		content, err := l.Compressed()
		if err != nil {
			f.Fatal(err)
		}
		raw := make([]byte, 64<<10)
		n, _ := content.Read(raw)
		f.Add(raw[:n], "/sh")
		f.Add(raw[:n], "/b/../c")
	}
	f.Add(sparse(f), "/sparse")
	f.Add(zstdWindow(f, 1<<16), "/noise")
	f.Fuzz(func(t *testing.T, stored []byte, path string) {
		const most = 1 << 20
		if len(stored) > most {
			return
		}
		var m meter
		b := Bounds{UncompressedBytes: 8 * most, HeaderBytes: most, Entries: 1000}
		im := imageOf(t, &m, b, m.layers(t, files(program("bin/sh", "shell"), data("etc/os-release", "x")))[0], bytesLayer(&m, stored))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		first, err := im.File(ctx, path)
		allowed(t, err)
		// Asked again the answer is the same, and nothing is read.
		before := m.opened.Load()
		if again, errAgain := im.File(ctx, path); said(again, errAgain) != said(first, err) {
			t.Errorf("%q = %s, then %s", path, said(first, err), said(again, errAgain))
		}
		if m.opened.Load() != before {
			t.Error("a known answer was read again")
		}
		_, err = im.First(ctx, []string{"/usr/bin/sh", "/bin/sh", path})
		allowed(t, err)
		if _, unpacked := im.Read(); unpacked > 9*most {
			t.Errorf("%d bytes were unpacked", unpacked)
		}
	})
}

// allowed lets the errors of imageinspect.Files through.
func allowed(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, imageinspect.ErrNoFile) && !errors.Is(err, imageinspect.ErrNotRead) {
		t.Fatalf("error = %v (%T)", err, err)
	}
}

// fuzzed gives the fuzzer's bytes as random numbers, then others.
type fuzzed struct {
	left []byte
	then rand.Source
}

func (f *fuzzed) Uint64() uint64 {
	if len(f.left) == 0 {
		return f.then.Uint64()
	}
	b := f.left[0]
	f.left = f.left[1:]
	return uint64(b) * 0x0101010101010101
}

// FuzzStack has the fuzzer make layers, which are compared with the model.
func FuzzStack(f *testing.F) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		raw := make([]byte, 200)
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		g := &generator{Rand: rand.New(&fuzzed{left: raw, then: rand.NewPCG(0, 5)})}
		stack := make([][]imagetest.Entry, 1+g.IntN(4))
		for i := range stack {
			stack[i] = g.layer()
		}
		want, ok := model(stack)
		if !ok {
			return
		}
		g.Rand = rand.New(rand.NewPCG(uint64(len(raw)), 4))
		compare(t, 0, g, stack, false, want.lookup)
		if !slices.ContainsFunc(stack, contradicts) {
			compare(t, 0, g, stack, true, want.lookup)
		}
	})
}
