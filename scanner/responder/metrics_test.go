package responder

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/initguard/initguard/scanner/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGauges compares all that Prometheus reads with a golden file.
func TestGauges(t *testing.T) {
	state := NewState()
	now := epoch()
	bad := sighted("shop", "web", "1", "n1", 40, now)
	limit := bad.Pod.OldestSince
	limit.Time = now.Add(31 * time.Hour)
	bad.Pod.LimitAt = &limit
	bad.Pod.Containers[0].OtherZombies = 3
	namesake := sighted("prod", "db", "4", "n1", 1, now)
	namesake.Workload.Group = "example.com"
	o := outcome(now, namesake, bad, sighted("shop", "web", "2", "n1", 2, now), sighted("prod", "db", "3", "n1", 7, now))
	o.Elsewhere = Elsewhere{Host: 4, Unknown: 5}
	state.Set("n1", o)
	nodes := func() Nodes { return Nodes{Answering: 3, Silent: 2, Waiting: 1, Oldest: now.Add(-20 * time.Second)} }
	g := NewGauges(state, nodes, func() time.Time { return now })
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(g); err != nil {
		t.Fatal(err)
	}
	if text := exposition(t, registry); text != "" {
		t.Errorf("one that does not lead tells %s", text)
	}
	g.Lead()
	got := exposition(t, registry)
	const golden = "testdata/metrics.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func exposition(t *testing.T, r prometheus.Gatherer) string {
	t.Helper()
	out := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if out.Code != http.StatusOK {
		t.Fatal(out.Body)
	}
	return out.Body.String()
}

// TestSeriesAreBounded: a cluster full of zombies has no series without end, and
// none is lost.
func TestSeriesAreBounded(t *testing.T) {
	state := NewState()
	for i := range 3000 {
		node := fmt.Sprint("n", i)
		state.Set(node, outcome(epoch(), sighted("shop", fmt.Sprint("web", i), "1", node, int32(1+i), epoch())))
	}
	g := NewGauges(state, func() Nodes { return Nodes{} }, epoch)
	series, workloads := g.measure(epoch())
	sum := 0
	for _, s := range series {
		sum += s.zombies
	}
	if len(series) != maxSeries+1 || sum != 3000*3001/2 || series[maxSeries].workload != others {
		t.Errorf("%d series, %d zombies", len(series), sum)
	}
	if len(workloads) != maxWorkloads+1 {
		t.Errorf("%d workloads", len(workloads))
	}
}

// TestMetricsAreDocumented holds docs/responder.md against what there is.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/responder.md")
	if err != nil {
		t.Fatal(err)
	}
	var have described
	if _, err := NewMetrics(&have); err != nil {
		t.Fatal(err)
	}
	if err := have.Register(NewGauges(NewState(), nil, nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := config.NewMetrics(&have); err != nil { // of the configuration file, told there too
		t.Fatal(err)
	}
	for _, name := range have.names {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("docs/responder.md lacks %s", name)
		}
	}
	for _, match := range regexp.MustCompile("(?m)^\\| `(initguard_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if !slices.Contains(have.names, match[1]) {
			t.Errorf("docs/responder.md has %s, which is no metric", match[1])
		}
	}
}

// described collects the names of registered metrics, used or not.
type described struct {
	prometheus.Registerer
	names []string
}

func (d *described) Register(c prometheus.Collector) error {
	descriptions := make(chan *prometheus.Desc, 20)
	c.Describe(descriptions)
	close(descriptions)
	for description := range descriptions {
		d.names = append(d.names, regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(description.String())[1])
	}
	return nil
}
