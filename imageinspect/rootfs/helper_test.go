package rootfs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// meter counts what is asked of layers.
type meter struct{ opened, open, read atomic.Int64 }

// metered counts what is read of a body, and that it is closed.
type metered struct {
	io.Reader
	meter  *meter
	closed atomic.Bool
}

func (b *metered) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, errors.New("read after close")
	}
	n, err := b.Reader.Read(p)
	b.meter.read.Add(int64(n))
	return n, err
}

func (b *metered) Close() error {
	if b.closed.CompareAndSwap(false, true) {
		b.meter.open.Add(-1)
	}
	return nil
}

// from makes a layer of bytes that are made when they are read.
func (m *meter) from(stored func() io.Reader) Layer {
	return Layer{Open: func(context.Context) (io.ReadCloser, error) {
		m.opened.Add(1)
		m.open.Add(1)
		return &metered{Reader: stored(), meter: m}, nil
	}}
}

// layers packs layers, lowest first.
func (m *meter) layers(t testing.TB, specs ...imagetest.Layer) []Layer {
	t.Helper()
	out := make([]Layer, 0, len(specs))
	for _, spec := range specs {
		built, err := spec.Build()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m.built(t, built))
	}
	return out
}

// built takes a layer as a registry would give it.
func (m *meter) built(t testing.TB, l v1.Layer) Layer {
	t.Helper()
	digest, err := l.Digest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := l.Size()
	if err != nil {
		t.Fatal(err)
	}
	out := m.from(func() io.Reader {
		r, err := l.Compressed()
		if err != nil {
			t.Error(err)
			return strings.NewReader("")
		}
		return r
	})
	out.Digest, out.Size = digest, size
	return out
}

// image makes an image whose bodies have to be closed in the end.
func image(t *testing.T, m *meter, b Bounds, specs ...imagetest.Layer) *Image {
	t.Helper()
	return imageOf(t, m, b, m.layers(t, specs...)...)
}

func imageOf(t *testing.T, m *meter, b Bounds, layers ...Layer) *Image {
	t.Helper()
	t.Cleanup(func() {
		if n := m.open.Load(); n != 0 {
			t.Errorf("%d bodies were not closed", n)
		}
	})
	return New(layers, b)
}

// bytesLayer is a layer of certain bytes.
func bytesLayer(m *meter, stored []byte) Layer {
	return m.from(func() io.Reader { return bytes.NewReader(stored) })
}

// said writes an answer in one line.
func said(f imageinspect.File, err error) string {
	switch {
	case errors.Is(err, imageinspect.ErrNoFile):
		return "none"
	case errors.Is(err, imageinspect.ErrNotRead):
		return "not read: " + err.Error()
	case err != nil:
		return "error: " + err.Error()
	case f.Dir:
		return f.Path + "/"
	default:
		return f.Path + "=" + f.Text
	}
}
