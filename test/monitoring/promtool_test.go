package monitoring

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/cluster/binaries"
)

const cases = "testdata/alerts.yaml"

// suite is what a test reads of promtool's file.
type suite struct {
	Tests []struct {
		Name   string `json:"name"`
		Alerts []struct {
			Name   string `json:"alertname"`
			Expect []any  `json:"exp_alerts"`
		} `json:"alert_rule_test"`
	} `json:"tests"`
}

func promtool(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	path, err := binaries.FindProgram(ctx, binaries.Promtool, binaries.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run gives what a program says, and whether it was content.
func run(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"HOME=/nonexistent"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// folder has rules as Prometheus reads them, and promtool's cases beside them.
// Only the summary is left of the annotations: what the cases say is what whoever
// is called reads first.
func folder(t *testing.T, g groups) string {
	t.Helper()
	dir := t.TempDir()
	for _, group := range g.Groups {
		for i, r := range group.Rules {
			group.Rules[i].Annotations = map[string]string{"summary": r.Annotations["summary"]}
		}
	}
	write(t, filepath.Join(dir, "rules.yml"), g)
	text, err := os.ReadFile(cases)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "alerts.yaml"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestRules has promtool check the rules as they are installed, and run the
// cases.
func TestRules(t *testing.T) {
	t.Parallel()
	tool := promtool(t)
	file := filepath.Join(t.TempDir(), "rules.yml")
	write(t, file, rules(t))
	if out, err := run(t, tool, "check", "rules", "--lint=all", "--lint-fatal", file); err != nil || !strings.Contains(out, "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run(t, tool, "test", "rules", filepath.Join(folder(t, rules(t)), "alerts.yaml")); err != nil || !strings.Contains(out, "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEveryAlertHasCases: one in which it fires, and one in which it does not.
func TestEveryAlertHasCases(t *testing.T) {
	t.Parallel()
	fires, quiet := cover(t)
	for _, a := range alerts(t) {
		if len(fires[a.Alert]) == 0 {
			t.Errorf("%s: no case in %s in which it fires", a.Alert, cases)
		}
		if len(quiet[a.Alert]) == 0 {
			t.Errorf("%s: no case in %s in which it does not fire", a.Alert, cases)
		}
		delete(fires, a.Alert)
		delete(quiet, a.Alert)
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(fires)), slices.Collect(maps.Keys(quiet))) {
		t.Errorf("%s: a case for an alert that there is not: %s", cases, name)
	}
}

// cover are the names of the cases by alert.
func cover(t *testing.T) (fires, quiet map[string][]string) {
	t.Helper()
	var s suite
	read(t, cases, &s)
	fires, quiet = map[string][]string{}, map[string][]string{}
	for _, c := range s.Tests {
		for _, a := range c.Alerts {
			if len(a.Expect) > 0 {
				fires[a.Name] = append(fires[a.Name], c.Name)
			} else {
				quiet[a.Name] = append(quiet[a.Name], c.Name)
			}
		}
	}
	return fires, quiet
}

// TestCasesCanFail breaks each alert, in each of several ways, and has the cases
// notice.
func TestCasesCanFail(t *testing.T) {
	t.Parallel()
	tool := promtool(t)
	fires, quiet := cover(t)
	breaks := map[string]func(a *alert){
		"never fires":         func(a *alert) { a.Expr = "(" + a.Expr + ") and on () (vector(0) > 1)" },
		"fires without need":  func(a *alert) { a.Expr = "(" + a.Expr + ") or vector(1)" },
		"fires at once":       func(a *alert) { a.For = "" },
		"lacks our own label": func(a *alert) { delete(a.Labels, "source") },
	}
	for _, a := range alerts(t) {
		names := slices.Concat(fires[a.Alert], quiet[a.Alert])
		slices.Sort(names)
		only := "^(" + strings.Join(quoted(slices.Compact(names)), "|") + ")$"
		for how, breakIt := range breaks {
			t.Run(a.Alert+" "+how, func(t *testing.T) {
				t.Parallel()
				broken := rules(t)
				for _, g := range broken.Groups {
					for i := range g.Rules {
						if g.Rules[i].Alert == a.Alert {
							breakIt(&g.Rules[i])
						}
					}
				}
				out, err := run(t, tool, "test", "rules", "--run="+only, filepath.Join(folder(t, broken), "alerts.yaml"))
				if err == nil || !strings.Contains(out, a.Alert) || !strings.Contains(out, "FAILED") {
					t.Errorf("no case notices: %v\n%s", err, out)
				}
			})
		}
	}
}

// quoted are texts as regular expressions.
func quoted(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = regexp.QuoteMeta(text)
	}
	return out
}
