package app

import "testing"

func TestGCPercent(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{
		{0, 200}, {1, 200}, {10 << 20, 160}, {16 << 20, 100}, {32 << 20, 50}, {1 << 40, 50},
	} {
		if got := gcPercent(test.live); got != test.want {
			t.Errorf("%d bytes in use: %d %%, want %d", test.live, got, test.want)
		}
	}
}
