package desk

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// TestMetricsAreDocumented holds docs/remedy.md against what there is.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/remedy.md")
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	m, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	m.looked("")
	m.turn(nil, 0, 0)
	m.candidates.WithLabelValues("x")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, f := range families {
		want = append(want, f.GetName())
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `(initguard_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		got = append(got, match[1])
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics with a row in docs/remedy.md (-registered +page):\n%s", diff)
	}
}
