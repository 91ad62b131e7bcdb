package repo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// code is a reason's code as imageinspect declares it.
var code = regexp.MustCompile(`\bCode[A-Za-z]+ +Code = "([a-z0-9-]+)"`)

// TestInspectionPage holds the page's list of reasons against the code.
func TestInspectionPage(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page, source := read("docs/inspection.md"), read("imageinspect/verdict.go")
	declared := make(map[string]bool)
	for _, m := range code.FindAllStringSubmatch(source, -1) {
		declared[m[1]] = true
		if !strings.Contains(page, "| `"+m[1]+"` | ") && !strings.Contains(page, "`"+m[1]+"` (") {
			t.Errorf("docs/inspection.md lacks the reason %s", m[1])
		}
	}
	if len(declared) == 0 {
		t.Fatal("imageinspect/verdict.go declares no code: does the test look in the right place?")
	}
	_, table, _ := strings.Cut(page, "## Unknown")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|").FindAllStringSubmatch(table, -1) {
		if !declared[m[1]] {
			t.Errorf("docs/inspection.md lists the reason %s, which no code has", m[1])
		}
	}
}
