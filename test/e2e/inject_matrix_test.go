//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	full   = flag.Bool("full", false, "run all images of the injection, not the sample alone")
	update = flag.Bool("update", false, "write the matrix of docs/injection.md anew; with -full")
)

// Where the matrix lies.
const (
	matrixPage  = "docs/injection.md"
	matrixBegin = "<!-- The matrix is written by: make e2e-full -->\n"
	matrixEnd   = "<!-- end of the matrix -->\n"
)

// row is what was seen of one case.
type row struct {
	name, about, before string
	cells               map[string]cell
	// ends says of a variant how it ends at SIGTERM, where that is another way
	// than that of the pod as it was written.
	ends   map[variant]string
	passed bool
}

// before says what becomes of the pod as it was written.
func (c injectCase) before() string {
	switch {
	case c.ends:
		return "ends by itself"
	case c.harm != "":
		return "harmed by orphans"
	case c.reaps:
		return "no zombies"
	default:
		return "zombies"
	}
}

func (r row) String() string {
	text := fmt.Sprintf("| %s | %s | %s |", r.name, r.about, r.before)
	for _, s := range strategies() {
		c := r.cells[s]
		said := string(c.variant)
		switch {
		case c.variant != left && r.ends[c.variant] != "":
			said += "; " + r.ends[c.variant]
		case c.variant == left && c.why == "":
			said += ": nothing to do"
		case c.variant == left:
			said += ": " + c.why
		}
		text += " " + said + " |"
	}
	return text + "\n"
}

func matrix(rows []row) string {
	var text strings.Builder
	text.WriteString("| image | what it shows | as written | `auto` | `share-pid` | `wrap` |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		text.WriteString(r.String())
	}
	return text.String()
}

// checkMatrix holds what was seen against the page: all of it, or the rows of
// the sample.
func checkMatrix(t *testing.T, rows []row) {
	t.Helper()
	if t.Failed() {
		return
	}
	seen := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !r.passed })
	path := filepath.Join(shared.builder.Repo, matrixPage)
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), matrixBegin)
	section, after, ends := strings.Cut(rest, matrixEnd)
	if !begins || !ends {
		t.Fatalf("%s lacks the lines %q and %q", matrixPage, matrixBegin, matrixEnd)
	}
	if len(seen) == len(rows) {
		want := matrix(rows)
		if section == want {
			return
		}
		if !*update {
			t.Fatalf("%s: run make e2e-full; the matrix is now:\n%s", matrixPage, want)
		}
		if err := os.WriteFile(path, []byte(before+matrixBegin+want+matrixEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if len(seen) == 0 {
		t.Fatal("no case was run: is -run too narrow?")
	}
	for _, r := range seen {
		if !strings.Contains(section, r.String()) {
			t.Errorf("%s lacks this row; run make e2e-full:\n%s", matrixPage, r)
		}
	}
}
