package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/poll"
)

// podMonitor is what a test reads of one.
type podMonitor struct {
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		Selector struct {
			MatchLabels map[string]string `json:"matchLabels"`
		} `json:"selector"`
		Endpoints []struct {
			Port        string `json:"port"`
			HonorLabels bool   `json:"honorLabels"`
			Relabelings []struct {
				TargetLabel string `json:"targetLabel"`
				Replacement string `json:"replacement"`
			} `json:"relabelings"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

func podMonitors(t *testing.T) []podMonitor {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(component, "podmonitors.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []podMonitor
	for _, document := range strings.Split(string(text), "\n---\n") {
		var m podMonitor
		if err := yaml.Unmarshal([]byte(document), &m); err != nil {
			t.Fatal(err)
		}
		if len(m.Spec.Endpoints) != 1 {
			t.Fatalf("%s: %d endpoints", m.Metadata.Name, len(m.Spec.Endpoints))
		}
		all = append(all, m)
	}
	return all
}

// target is what Prometheus scrapes.
type target struct {
	address string
	labels  map[string]string
}

// scrapes are the scrape configurations that the PodMonitors ask for, as the
// operator writes them, of processes on this machine.
func scrapes(t *testing.T, targets map[string]target) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, m := range podMonitors(t) {
		e := m.Spec.Endpoints[0]
		target, ok := targets[m.Metadata.Name]
		if !ok {
			t.Fatalf("%s: the test scrapes no such thing", m.Metadata.Name)
		}
		var relabel []map[string]any
		for _, r := range e.Relabelings {
			relabel = append(relabel, map[string]any{"target_label": r.TargetLabel, "replacement": r.Replacement})
		}
		all = append(all, map[string]any{
			"job_name": "podMonitor/" + m.Metadata.Name, "honor_labels": e.HonorLabels, "relabel_configs": relabel,
			"static_configs": []map[string]any{{"targets": []string{target.address}, "labels": target.labels}},
		})
	}
	return all
}

// startPrometheus starts one with these rules, which tells these Alertmanagers
// (host:port).
func (l *live) startPrometheus(t *testing.T, rules groups, alertmanagers ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	path, err := binaries.FindProgram(ctx, binaries.Prometheus, binaries.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l.kubectl(t, "", "create", "clusterrolebinding", "prometheus", "--clusterrole=system:monitoring", "--serviceaccount=default:prometheus")
	l.kubectl(t, "", "create", "serviceaccount", "prometheus", "-n", "default")
	token := l.kubectl(t, "", "create", "token", "prometheus", "-n", "default", "--duration=1h")
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.crt")
	if err := os.WriteFile(ca, l.Cluster.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	labels := func(name string) map[string]string {
		return map[string]string{"namespace": "initguard-system", "pod": "initguard-" + name + "-0", "container": name, "endpoint": "metrics"}
	}
	configs := append(scrapes(t, map[string]target{
		"initguard-webhook":   {l.MetricsAddress(), labels("webhook")},
		"initguard-responder": {l.responder, labels("responder")},
	}), map[string]any{
		"job_name": "apiserver", "scheme": "https", "authorization": map[string]string{"credentials": token}, "tls_config": map[string]string{"ca_file": ca},
		"static_configs": []map[string]any{{"targets": []string{strings.TrimPrefix(l.Cluster.Server, "https://")}}},
	})
	write(t, filepath.Join(dir, "rules.yml"), rules)
	write(t, filepath.Join(dir, "prometheus.yml"), map[string]any{
		"global":         map[string]string{"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "2s"},
		"rule_files":     []string{"rules.yml"},
		"scrape_configs": configs,
		"alerting":       map[string]any{"alertmanagers": []any{map[string]any{"static_configs": []any{map[string]any{"targets": alertmanagers}}}}},
	})
	address := freeAddress(t)
	l.prometheus = "http://" + address
	if _, err := l.group.Start(process.Spec{
		Name: "prometheus", Path: path, Grace: 10 * time.Second,
		Args: []string{"--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + address},
	}); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, 200*time.Millisecond, within, "what Prometheus scrapes", func() error {
		up, err := l.query(t, "sum(up)")
		if err == nil && (len(up) != 1 || up[0].Value[1] != "3") {
			err = fmt.Errorf("up: %v", up)
		}
		return err
	})
}

// sample is one series of an answer.
type sample struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

func (l *live) query(t *testing.T, expr string) ([]sample, error) {
	t.Helper()
	var data struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	}
	if err := l.ask(t, "/api/v1/query?query="+url.QueryEscape(expr), &data); err != nil {
		return nil, err
	}
	if data.Type != "vector" {
		return nil, fmt.Errorf("%s gives a %s", expr, data.Type)
	}
	var out []sample
	err := json.Unmarshal(data.Result, &out)
	return out, err
}

// ask puts a question to Prometheus' API.
func (l *live) ask(t *testing.T, path string, into any) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.prometheus+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return err
	}
	var answer struct {
		Data  json.RawMessage `json:"data"`
		Error string          `json:"error"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: %s: %w: %.200s", path, response.Status, err, text)
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}

// part is one of a parsed expression.
type part struct {
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Matchers []matcher `json:"matchers"`
	Grouping []string  `json:"grouping"`
	Without  bool      `json:"without"`

	Expr  *part  `json:"expr"`
	Param *part  `json:"param"`
	LHS   *part  `json:"lhs"`
	RHS   *part  `json:"rhs"`
	Args  []part `json:"args"`
}

type matcher struct{ Name, Type, Value string }

// selector is what reads one metric.
func (n part) selector() string {
	var parts []string
	for _, m := range n.Matchers {
		if m.Name != "__name__" {
			parts = append(parts, fmt.Sprintf("%s%s%q", m.Name, m.Type, m.Value))
		}
	}
	return n.Name + "{" + strings.Join(parts, ",") + "}"
}

// walk visits all parts of an expression.
func (n *part) walk(visit func(n *part)) {
	if n == nil {
		return
	}
	visit(n)
	for _, below := range []*part{n.Expr, n.Param, n.LHS, n.RHS} {
		below.walk(visit)
	}
	for i := range n.Args {
		n.Args[i].walk(visit)
	}
}

// selectors are those of an expression.
func (n *part) selectors() []*part {
	var all []*part
	n.walk(func(n *part) {
		if n.Type == "vectorSelector" || n.Type == "matrixSelector" {
			all = append(all, n)
		}
	})
	return all
}

func (l *live) parse(t *testing.T, expr string) (*part, error) {
	t.Helper()
	n := new(part)
	err := l.ask(t, "/api/v1/parse_query?query="+url.QueryEscape(expr), n)
	return n, err
}
