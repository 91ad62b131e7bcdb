package monitoring

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const component = "../../manifests/components/monitoring"

// alert is one of the PrometheusRule.
type alert struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// groups are rules as Prometheus reads them.
type groups struct {
	Groups []group `json:"groups"`
}

type group struct {
	Name  string  `json:"name"`
	Rules []alert `json:"rules"`
}

// rules are the alerts as they are installed.
func rules(t *testing.T) groups {
	t.Helper()
	var object struct{ Spec groups }
	read(t, filepath.Join(component, "rules.yaml"), &object)
	return object.Spec
}

// alerts are all of them.
func alerts(t *testing.T) []alert {
	t.Helper()
	var all []alert
	for _, g := range rules(t).Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 15 {
		t.Fatalf("found %d alerts: are they written in another way now?", len(all))
	}
	return all
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func write(t *testing.T, file string, from any) {
	t.Helper()
	text, err := yaml.Marshal(from)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// panel is one of the dashboard.
type panel struct {
	ID      int
	Type    string
	Title   string
	Targets []struct{ Expr, LegendFormat string }
}

// dashboard is what a test reads of it.
type dashboard struct {
	UID        string
	Title      string
	Panels     []panel
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

func theDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(component, "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// query is an expression, where it stands, and what its series are called.
type query struct{ where, expr, legend string }

// queries are those of the panels, with Grafana's variables as they are after a
// minute.
func queries(t *testing.T) []query {
	t.Helper()
	variables := strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$namespace", ".*")
	var all []query
	for _, p := range theDashboard(t).Panels {
		for _, target := range p.Targets {
			expr := variables.Replace(target.Expr)
			if strings.Contains(expr, "$") {
				t.Errorf("panel %q: a variable that the test does not know: %s", p.Title, expr)
			}
			all = append(all, query{"panel " + p.Title, expr, target.LegendFormat})
		}
	}
	if len(all) < 30 {
		t.Fatalf("found %d queries: is the dashboard written in another way now?", len(all))
	}
	return all
}
