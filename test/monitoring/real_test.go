package monitoring

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/cmd/initguard/app"
	"github.com/initguard/initguard/test/poll"
)

// TestOnRealMetrics holds the page of metrics, the panels and the alerts against
// what the commands really serve.
func TestOnRealMetrics(t *testing.T) {
	t.Parallel()
	l := start(t)
	l.work(t)
	for name, check := range map[string]func(*testing.T) []error{"page": l.page, "panels": l.panels, "selectors": l.selectors, "rules": l.rules} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			soon(t, check)
		})
	}
}

// soon has all that is wrong be right within some seconds: what was done last
// has to be scraped first.
func soon(t *testing.T, check func(t *testing.T) []error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	if err := poll.Wait(ctx, time.Second, func() error { return errors.Join(check(t)...) }); err != nil {
		t.Error(err)
	}
}

// page says where what is served differs from what is on the page: names, types
// and labels.
func (l *live) page(t *testing.T) (wrong []error) {
	t.Helper()
	commands, err := app.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		job := "initguard-" + c.Command
		known := map[string]bool{}
		for _, m := range c.Metrics {
			known[m.Name] = true
			wrong = append(wrong, l.served(t, job, m))
		}
		var names []string
		wrong = append(wrong, l.ask(t, `/api/v1/label/__name__/values?match[]={job="`+job+`",__name__=~"initguard_.*"}`, &names))
		for _, name := range names {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if base := strings.TrimSuffix(name, suffix); known[base] {
					name = base
				}
			}
			if !known[name] {
				wrong = append(wrong, fmt.Errorf("%s serves %s, which app.Metrics does not know", c.Command, name))
			}
		}
	}
	return wrong
}

// served looks for one metric.
func (l *live) served(t *testing.T, job string, m app.Metric) error {
	t.Helper()
	name := m.Name
	if m.Type == "histogram" {
		name += "_bucket"
	}
	got, err := l.query(t, fmt.Sprintf("%s{job=%q}", name, job))
	if err != nil {
		return err
	}
	if len(got) == 0 {
		return fmt.Errorf("%s serves no %s", job, name)
	}
	var labels []string
	for label := range got[0].Metric {
		if !slices.Contains([]string{"__name__", "job", "instance", "pod", "endpoint", "le"}, label) {
			labels = append(labels, label)
		}
	}
	want := slices.Clone(m.Labels)
	for _, ours := range []string{"namespace", "container"} { // Prometheus has them of the pod, where the metric has not.
		if !slices.Contains(want, ours) {
			want = append(want, ours)
		}
	}
	slices.Sort(labels)
	slices.Sort(want)
	if !slices.Equal(labels, want) {
		return fmt.Errorf("%s has the labels %v, want %v", m.Name, labels, want)
	}
	var metadata map[string][]struct{ Type string }
	if err := l.ask(t, "/api/v1/metadata?metric="+m.Name, &metadata); err != nil {
		return err
	}
	if of := metadata[m.Name]; len(of) != 1 || of[0].Type != m.Type {
		return fmt.Errorf("%s is %v, want a %s", m.Name, of, m.Type)
	}
	return nil
}

// panels are those queries of the dashboard that say nothing, no number, or not
// what their series are called by.
func (l *live) panels(t *testing.T) (wrong []error) {
	t.Helper()
	l.traffic(t)
	for _, q := range queries(t) {
		got, err := l.query(t, q.expr)
		if err == nil && !slices.ContainsFunc(got, func(s sample) bool { return s.Value[1] != "NaN" }) {
			err = fmt.Errorf("says nothing: %v", got)
		}
		for _, label := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(q.legend, -1) {
			if err == nil && got[0].Metric[label[1]] == "" {
				err = fmt.Errorf("has no label %s: %v", label[1], got[0].Metric)
			}
		}
		if err == nil {
			_, err = l.grouped(t, q.expr)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s: %w", q.where, q.expr, err))
		}
	}
	return wrong
}

// selectors are those of the alerts that read nothing: each metric has to be
// there, with each label that is asked for or that is grouped by.
func (l *live) selectors(t *testing.T) (wrong []error) {
	t.Helper()
	for _, a := range alerts(t) {
		n, err := l.grouped(t, a.Expr)
		if err == nil && len(n.selectors()) == 0 {
			err = errors.New("reads no metric")
		}
		for _, s := range n.selectors() {
			err = errors.Join(err, l.some(t, s.selector()))
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", a.Alert, err))
		}
	}
	return wrong
}

// grouped parses an expression, and says where it groups by a label that a metric
// has not.
func (l *live) grouped(t *testing.T, expr string) (*part, error) {
	t.Helper()
	n, err := l.parse(t, expr)
	if err != nil {
		return n, err
	}
	n.walk(func(n *part) {
		for _, label := range n.Grouping {
			for _, s := range n.selectors() {
				err = errors.Join(err, l.some(t, s.Name+"{"+label+`!=""}`))
			}
		}
	})
	return n, err
}

func (l *live) some(t *testing.T, selector string) error {
	t.Helper()
	got, err := l.query(t, selector)
	if err == nil && len(got) == 0 {
		err = fmt.Errorf("there is no %s", selector)
	}
	return err
}

// ruleState is what Prometheus says of a rule.
type ruleState struct {
	Name, Health, State, LastError string
	Alerts                         []struct{ Labels map[string]string }
}

// rules says whether Prometheus takes all, and whether those of which the test
// made the cause are on their way to fire, and no others.
func (l *live) rules(t *testing.T) (wrong []error) {
	t.Helper()
	want := []string{"InitguardAdmissionSkipped", "InitguardAlertsRefused", "InitguardConfigRefused", "InitguardDigestsFailed", "InitguardPIDLimitVeryNear", "InitguardZombiesGather"}
	var data struct{ Groups []struct{ Rules []ruleState } }
	if err := l.ask(t, "/api/v1/rules?type=alert", &data); err != nil {
		return []error{err}
	}
	var active []string
	all := 0
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			all++
			if r.State != "inactive" {
				active = append(active, r.Name)
			}
			if r.Health != "ok" {
				wrong = append(wrong, fmt.Errorf("%s: %s: %s", r.Name, r.Health, r.LastError))
			}
			for _, a := range r.Alerts {
				ours := a.Labels["namespace"] == "shop" && a.Labels["workload"] == "Pod/web-0"
				if a.Labels["source"] != "initguard" || strings.HasSuffix(r.Name, "Near") && !ours || strings.HasSuffix(r.Name, "Gather") && !ours {
					wrong = append(wrong, fmt.Errorf("%s: %v", r.Name, a.Labels))
				}
			}
		}
	}
	slices.Sort(active)
	if !slices.Equal(active, want) {
		wrong = append(wrong, fmt.Errorf("active are %v, want %v", active, want))
	}
	if all != len(alerts(t)) {
		wrong = append(wrong, fmt.Errorf("prometheus has %d alerts, want %d", all, len(alerts(t))))
	}
	return wrong
}
