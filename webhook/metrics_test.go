package webhook_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

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
