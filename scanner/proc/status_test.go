package proc

import (
	"slices"
	"strings"
	"testing"
)

// realStatus is the beginning of /proc/PID/status of the same zombie.
const realStatus = "Name:\tsleep\nState:\tZ (zombie)\nTgid:\t26661\nNgid:\t0\nPid:\t26661\nPPid:\t26080\nTracerPid:\t0\n" +
	"Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t0\nGroups:\t \nNStgid:\t26661\t11\nNSpid:\t26661\t11\nNSpgid:\t26656\t6\n" +
	"NSsid:\t26656\t6\nKthread:\t0\nThreads:\t1\n"

func TestParseInside(t *testing.T) {
	tests := []struct {
		name, text string
		want       []int
	}{
		{"real", realStatus, []int{26661, 11}},
		{"on the host", "Name:\ta\nNSpid:\t5\n", []int{5}},
		{"three deep", "Name:\ta\nNSpid:\t5\t4\t1\n", []int{5, 4, 1}},
		{"last line", "Name:\ta\nNSpid:\t5", []int{5}},
		// The kernel escapes line breaks in the name.
		{"name like a line", "Name:\ta\\nNSpid:\\t1\nNSpid:\t5\t4\n", []int{5, 4}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseInside([]byte(test.text))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestParseInsideRefuses(t *testing.T) {
	for _, text := range []string{
		"", "Name:\ta\n", "Name:\ta\nNSpid:\n", "Name:\ta\nNSpid:\t5\tx\n", "Name:\ta\nNSpid:" + strings.Repeat("\t1", maxNamespaces+1) + "\n",
	} {
		if got, err := parseInside([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func FuzzParseInside(f *testing.F) {
	f.Add([]byte(realStatus))
	f.Fuzz(func(t *testing.T, text []byte) {
		pids, err := parseInside(text)
		if err == nil && (len(pids) == 0 || len(pids) > maxNamespaces) {
			t.Errorf("%q is read as %v", text, pids)
		}
	})
}
