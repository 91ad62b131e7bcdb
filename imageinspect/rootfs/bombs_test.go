package rootfs

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// repeat is a reader of head, n times block, and tail.
func repeat(head, block []byte, n int64, tail []byte) func() io.Reader {
	return func() io.Reader {
		return io.MultiReader(bytes.NewReader(head), &repeated{block: block, left: n * int64(len(block))}, bytes.NewReader(tail))
	}
}

type repeated struct {
	block []byte
	at    int
	left  int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.block[r.at:])
	n = int(min(int64(n), r.left))
	r.at, r.left = (r.at+n)%len(r.block), r.left-int64(n)
	return n, nil
}

// zipped is one member of a gzip stream, which may have many.
func zipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// header is the start of an archive with one file of any size.
func header(t testing.TB, name string, size int64) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := tar.NewWriter(&out).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: size}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const gib = 1 << 30

// bomb is a layer of 10 GiB of zeros in 10 MiB.
func bomb(t testing.TB, m *meter) Layer {
	t.Helper()
	const block = 16 << 20
	return m.from(repeat(zipped(t, header(t, "zeros", 10*gib)), zipped(t, make([]byte, block)), 10*gib/block, nil))
}

func repeatEntry(e imagetest.Entry, n int) []imagetest.Entry {
	out := make([]imagetest.Entry, n)
	for i := range out {
		out[i] = e
	}
	return out
}

func zstdOf(t testing.TB, plain []byte, o ...zstd.EOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, o...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// zstdWindow is an archive whose decoder needs a window.
func zstdWindow(t testing.TB, size int) []byte {
	t.Helper()
	plain := append(header(t, "noise", int64(size)), []byte(noise(size, 1))...)
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithWindowSize(size))
	if err != nil {
		t.Fatal(err)
	}
	// In parts, so that the encoder can't know how much follows.
	for part := range slices.Chunk(plain, 1<<20) {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// manyEntries is an archive of n empty files.
func manyEntries(t testing.TB, n int) func() io.Reader {
	t.Helper()
	block := header(t, "f000000", 0)
	var out bytes.Buffer
	for i := range n {
		copy(block, fmt.Sprintf("f%06d", i))
		checksum(block)
		out.Write(block)
	}
	return func() io.Reader { return bytes.NewReader(out.Bytes()) }
}

// sparse is an archive with a file of 1 TiB that is all hole.
func sparse(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	content := "1\n0\n0\n" // GNU's format 1.0: one region, empty
	content += strings.Repeat("\x00", 512-len(content))
	h := &tar.Header{Typeflag: tar.TypeReg, Name: "GNUSparseFile.0/sparse", Mode: 0o755, Size: int64(len(content)), Format: tar.FormatPAX}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	records := "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n27 GNU.sparse.name=/sparse\n37 GNU.sparse.realsize=1099511627776\n"
	var head bytes.Buffer
	w = tar.NewWriter(&head)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "PaxHeaders.0/sparse", Size: int64(len(records))}); err != nil {
		t.Fatal(err)
	}
	raw := append(head.Bytes(), records...)
	raw[156] = tar.TypeXHeader
	checksum(raw)
	raw = append(raw, make([]byte, (512-len(raw)%512)%512)...)
	return append(raw, out.Bytes()...)
}

// checksum mends the checksum of a header.
func checksum(block []byte) {
	copy(block[148:156], "        ")
	sum := 0
	for _, b := range block[:512] {
		sum += int(b)
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", sum))
}
