package identity

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// BenchmarkRead reads a program of 16 MiB in which every eighth byte is zero
// and nothing is known, which is the longest way.
func BenchmarkRead(b *testing.B) {
	source := rand.NewChaCha8([32]byte{})
	noise := make([]byte, 16*mib)
	_, _ = source.Read(noise)
	for i := 0; i < len(noise); i += 8 {
		noise[i] = 0
	}
	content := file{texts: string(noise)}.make()
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
	}
}
