package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLastLines(t *testing.T) {
	tests := []struct {
		name, data, want string
		n                int
	}{
		{name: "empty", data: "", n: 2, want: ""},
		{name: "fewer than asked", data: "a\n", n: 2, want: "a"},
		{name: "as many as asked", data: "a\nb\n", n: 2, want: "a\nb"},
		{name: "more than asked", data: "a\nb\nc\n", n: 2, want: "b\nc"},
		{name: "no final line break", data: "a\nb\nc", n: 1, want: "c"},
		{name: "blank lines at the end", data: "a\nb\n\n\n", n: 1, want: "b"},
		{name: "blank line inside", data: "a\n\nc\n", n: 2, want: "\nc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := lastLines([]byte(test.data), test.n); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTailFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if got := tailFile(path, 1); !strings.Contains(got, "can't read the log") {
		t.Errorf("a missing log is %q", got)
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	if got := tailFile(path, 1); got != "(the log is empty)" {
		t.Errorf("an empty log is %q", got)
	}
	write(strings.Repeat("x", 2*tailBytes) + "\nlast\n")
	if got := tailFile(path, 1); got != "last" {
		t.Errorf("the last line is %q", got)
	}
	if got := tailFile(path, 2); len(got) >= tailBytes {
		t.Errorf("%d bytes were read, more than %d", len(got), tailBytes)
	}
}
