package monitoring

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/cmd/initguard/app"
)

const (
	page   = "../../docs/monitoring.md"
	online = "https://github.com/initguard/initguard/blob/main/docs/monitoring.md#"
)

// TestAlertsSayWhatToDo: each has a severity that routes know, the label by which
// the responder knows its own, texts, and a section of the page that its link
// leads to; the page's table has all alerts and no others.
func TestAlertsSayWhatToDo(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| \[Initguard.*$`).FindAllString(string(text), -1) {
		rows[row] = true
	}
	sections := regexp.MustCompile(`(?m)^### (\S+)$`).FindAllStringSubmatch(string(text), -1)
	for _, a := range alerts(t) {
		if s := a.Labels["severity"]; s != "warning" && s != "critical" {
			t.Errorf("%s: severity %q", a.Alert, s)
		}
		if a.Labels["source"] != "initguard" {
			t.Errorf("%s: lacks the label source: initguard", a.Alert)
		}
		if len(a.Annotations["summary"]) < 20 || len(a.Annotations["description"]) < 80 {
			t.Errorf("%s: does not say what is wrong and what to do", a.Alert)
		}
		if a.For == "" {
			t.Errorf("%s: fires at once", a.Alert)
		}
		anchor := strings.ToLower(a.Alert)
		if a.Annotations["runbook_url"] != online+anchor {
			t.Errorf("%s: runbook_url is %q", a.Alert, a.Annotations["runbook_url"])
		}
		if !slices.ContainsFunc(sections, func(s []string) bool { return s[1] == a.Alert }) {
			t.Errorf("%s has no section %s", page, a.Alert)
		}
		row := fmt.Sprintf("| [%s](#%s) | %s | %s |", a.Alert, anchor, a.Labels["severity"], a.For)
		if !rows[row] {
			t.Errorf("%s has no row %s", page, row)
		}
		delete(rows, row)
	}
	for row := range rows {
		t.Errorf("%s: no such alert: %s", page, row)
	}
	if len(sections) != len(alerts(t)) {
		t.Errorf("%s has %d sections of alerts, want %d", page, len(sections), len(alerts(t)))
	}
}

// TestTablesOfMetrics: the pages that explain metrics name those that there are,
// each with its labels, and leave none out.
func TestTablesOfMetrics(t *testing.T) {
	t.Parallel()
	commands, err := app.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{}
	for _, c := range commands {
		for _, m := range c.Metrics {
			var quoted []string
			for _, l := range m.Labels {
				quoted = append(quoted, "`"+l+"`")
			}
			labels[m.Name] = strings.Join(quoted, ", ")
		}
	}
	told := map[string]bool{}
	row := regexp.MustCompile("(?m)^\\| `(initguard_[a-z_]+)` \\| ?(.*?) ?\\|")
	for _, name := range []string{"admission", "responder", "notices", "mail", "alerts", "remedy"} {
		text, err := os.ReadFile("../../docs/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			want, there := labels[m[1]]
			if !there || m[2] != want {
				t.Errorf("docs/%s.md: %s with the labels %q; want %q", name, m[1], m[2], want)
			}
			told[m[1]] = true
		}
		if !strings.Contains(string(text), "(metrics.md)") {
			t.Errorf("docs/%s.md does not lead to metrics.md", name)
		}
	}
	for name := range labels {
		if !told[name] {
			t.Errorf("no page explains %s", name)
		}
	}
}

// TestPodMonitorsFindPods: what they select is what the manifests have, with a
// port of that name.
func TestPodMonitorsFindPods(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"initguard-webhook": "../../manifests/base/deployment.yaml", "initguard-responder": "../../manifests/components/responder/deployment.yaml",
	}
	monitors := podMonitors(t)
	if len(monitors) != len(files) {
		t.Errorf("%d PodMonitors, want %d", len(monitors), len(files))
	}
	for _, m := range monitors {
		var deployment struct {
			Metadata struct{ Namespace string }
			Spec     struct {
				Template struct {
					Metadata struct{ Labels map[string]string }
					Spec     struct {
						Containers []struct{ Ports []struct{ Name string } }
					}
				}
			}
		}
		read(t, files[m.Metadata.Name], &deployment)
		for label, value := range m.Spec.Selector.MatchLabels {
			if deployment.Spec.Template.Metadata.Labels[label] != value {
				t.Errorf("%s: no pod has %s=%s", m.Metadata.Name, label, value)
			}
		}
		if m.Metadata.Namespace != deployment.Metadata.Namespace {
			t.Errorf("%s: in %s, where no pod is", m.Metadata.Name, m.Metadata.Namespace)
		}
		named := false
		for _, c := range deployment.Spec.Template.Spec.Containers {
			for _, p := range c.Ports {
				named = named || p.Name == m.Spec.Endpoints[0].Port
			}
		}
		if !named {
			t.Errorf("%s: no port is called %s", m.Metadata.Name, m.Spec.Endpoints[0].Port)
		}
	}
}
