package advice_test

import (
	"os"
	"testing"

	"github.com/initguard/initguard/advice"
)

// TestPagesExist: a warning must never point to a page that isn't there, and no
// page may be one that nothing points to.
func TestPagesExist(t *testing.T) {
	entries, err := os.ReadDir("../docs/fixes")
	if err != nil {
		t.Fatal(err)
	}
	there := map[advice.Page]bool{}
	for _, e := range entries {
		there[advice.Page(e.Name())] = true
	}
	for _, p := range advice.Pages() {
		if !there[p] {
			t.Errorf("docs/fixes/%s is missing", p)
		}
		delete(there, p)
	}
	for p := range there {
		t.Errorf("docs/fixes/%s: nothing points to it", p)
	}
}
