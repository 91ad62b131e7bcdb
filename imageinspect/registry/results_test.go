package registry

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestResults: the list has all results that an Observer is told, and none is
// written out elsewhere. The name of an image that can't be read is told to nobody:
// it is refused before.
func TestResults(t *testing.T) {
	var want []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\tresult[A-Z]\w+ += "([a-z-]+)"`).FindAllSubmatch(text, -1) {
			want = append(want, string(m[1]))
		}
		for _, m := range regexp.MustCompile(`result: *"([a-z-]+)"`).FindAllSubmatch(text, -1) {
			if string(m[1]) != "image-name" && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s: %q is no constant", file, m[1])
			}
		}
	}
	if got := Results(); len(want) < 15 || !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
