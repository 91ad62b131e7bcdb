package imageinspect

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestUnknownCodes: the list has all codes, but for those that know an answer.
func TestUnknownCodes(t *testing.T) {
	text, err := os.ReadFile("verdict.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []Code
	for _, m := range regexp.MustCompile(`(?m)^\tCode\w+ +Code = "([a-z0-9-]+)"`).FindAllSubmatch(text, -1) {
		if code := Code(m[1]); !slices.Contains([]Code{CodeProgram, CodePod, CodeInjected}, code) {
			want = append(want, code)
		}
	}
	if got := UnknownCodes(); len(want) < 15 || !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
