package rootfs

import (
	"math/rand/v2"
)

// noise is text that does not compress.
func noise(n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return string(out)
}
