package app

import (
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestCountersBegin: each counter of both commands is there at 0 before anything
// is counted, or its first one would be no increase for an alert.
func TestCountersBegin(t *testing.T) {
	ours, theirs := prometheus.NewRegistry(), prometheus.NewRegistry()
	if err := register(ours, theirs); err != nil {
		t.Fatal(err)
	}
	commands, err := Metrics()
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, c := range commands {
		for _, m := range c.Metrics {
			if m.Type == "counter" {
				missing[m.Name] = true
			}
		}
	}
	if len(missing) < 20 {
		t.Fatalf("%d counters: are they told in another way now?", len(missing))
	}
	for _, registry := range []*prometheus.Registry{ours, theirs} {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if v := m.GetCounter().GetValue(); v != 0 {
					t.Errorf("%s begins at %v", f.GetName(), v)
				}
			}
			delete(missing, f.GetName())
		}
	}
	for name := range maps.Keys(missing) {
		t.Errorf("%s is not there until it counts", name)
	}
}
