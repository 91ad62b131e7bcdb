package notify

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// named collects the names of registered metrics, used or not.
type named struct {
	prometheus.Registry

	names []string
}

func (n *named) Register(c prometheus.Collector) error {
	all := make(chan *prometheus.Desc, 10)
	c.Describe(all)
	close(all)
	for d := range all {
		n.names = append(n.names, regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String())[1])
	}
	return nil
}

// TestMetricsAreDocumented holds docs/mail.md against what there is.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/mail.md")
	if err != nil {
		t.Fatal(err)
	}
	var have named
	if _, err := NewMetrics(&have); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(initguard_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		told = append(told, m[1])
	}
	slices.Sort(told)
	slices.Sort(have.names)
	if !slices.Equal(told, have.names) {
		t.Errorf("docs/mail.md has %q, there are %q", told, have.names)
	}
}
