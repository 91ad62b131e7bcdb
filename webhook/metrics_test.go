package webhook_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/webhook"
)

// described collects the names of registered metrics, used or not.
type described struct {
	prometheus.Registerer
	names []string
}

var fqName = regexp.MustCompile(`fqName: "([^"]+)"`)

func (d *described) Register(c prometheus.Collector) error {
	descriptions := make(chan *prometheus.Desc, 10)
	c.Describe(descriptions)
	close(descriptions)
	for description := range descriptions {
		d.names = append(d.names, fqName.FindStringSubmatch(description.String())[1])
	}
	return nil
}

func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/admission.md")
	if err != nil {
		t.Fatal(err)
	}
	var have described
	if _, err := webhook.NewMetrics(&have); err != nil {
		t.Fatal(err)
	}
	if err := new(certs.Monitor).Register(&have); err != nil { // the same command serves them
		t.Fatal(err)
	}
	for _, name := range have.names {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("docs/admission.md lacks %s", name)
		}
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `(initguard_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		// The certificate's stand there, too, and are those of package certs.
		if !slices.Contains(have.names, match[1]) && !strings.HasPrefix(match[1], "initguard_certificate_") {
			t.Errorf("docs/admission.md has %s, which is no metric", match[1])
		}
	}
}

// counterSeries are the series of all counters.
func counterSeries(t testing.TB, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if c := m.GetCounter(); c != nil {
				all[f.GetName()+" "+fmt.Sprint(m.GetLabel())] = c.GetValue()
			}
		}
	}
	return all
}

// countsWhatItBeganWith has a test fail that counts something which was not there
// at 0 before: the first one would be no increase for an alert.
func countsWhatItBeganWith(t testing.TB, g prometheus.Gatherer) {
	t.Helper()
	begun := counterSeries(t, g)
	t.Cleanup(func() {
		for series := range counterSeries(t, g) {
			if v, there := begun[series]; !there || v != 0 {
				t.Errorf("%s was not there at 0 from the start", series)
			}
		}
	})
}

func TestInspectionsAndReadingsBegin(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := webhook.NewMetrics(registry, "ok", "timeout")
	if err != nil {
		t.Fatal(err)
	}
	countsWhatItBeganWith(t, registry)
	for _, result := range []string{"ok", "timeout"} {
		m.Inspection(result, time.Second)
		m.Reading(result, time.Second)
	}
	m.Cache(true)
	m.Cache(false)
	m.Reloaded(nil)
	m.Reloaded(errors.New("no"))
}
