package app

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/scanner/config"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
	"github.com/initguard/initguard/scanner/remedy/desk"
	"github.com/initguard/initguard/scanner/responder"
	"github.com/initguard/initguard/webhook"
)

// Metric is one that a command serves.
type Metric struct {
	// Name, Type (counter, gauge, histogram) and Help are as on /metrics.
	Name, Type, Help string
	Labels           []string
}

// CommandMetrics are the metrics of a command.
type CommandMetrics struct {
	// Command is its name, such as webhook.
	Command string
	// Metrics are in the order of their names.
	Metrics []Metric
}

// Metrics are initguard's own of all commands that serve some, by what each
// registers. Those of Go, of the process and of controller-runtime, which are
// served beside them, are not among them.
func Metrics() ([]CommandMetrics, error) {
	ours, theirs := new(recorder), new(recorder)
	if err := register(ours, theirs); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return []CommandMetrics{{"webhook", ours.metrics()}, {"responder", theirs.metrics()}}, nil
}

// register registers the metrics of webhook and responder.
func register(ours, theirs prometheus.Registerer) error {
	return errors.Join(
		made(webhook.NewMetrics(ours, registry.Results()...)), new(certs.Monitor).Register(ours),

		made(responder.NewMetrics(theirs)), theirs.Register(responder.NewGauges(nil, nil, nil)), made(config.NewMetrics(theirs)),
		made(alerts.NewMetrics(theirs)), made(notice.NewMetrics(theirs, mailChannel, eventChannel)), made(notify.NewMetrics(theirs)), made(desk.NewMetrics(theirs)),
	)
}

func made[M any](_ M, err error) error { return err }

// recorder is a registry that writes down what it is given.
type recorder struct{ all []Metric }

// description is how a Desc prints: it tells nothing of itself otherwise.
var description = regexp.MustCompile(`^Desc\{fqName: ("(?:[^"\\]|\\.)*"), help: ("(?:[^"\\]|\\.)*"), (?:unit: "[^"]*", )?constLabels: \{\}, variableLabels: \{([^}]*)\}\}$`)

// Register implements prometheus.Registerer.
func (r *recorder) Register(c prometheus.Collector) error {
	out := make(chan *prometheus.Desc)
	go func() {
		defer close(out)
		c.Describe(out)
	}()
	var errs []error
	for d := range out {
		m, err := metric(d)
		m.Type = kind(c)
		if slices.ContainsFunc(r.all, func(other Metric) bool { return other.Name == m.Name }) {
			err = fmt.Errorf("%s is registered twice", m.Name)
		}
		r.all = append(r.all, m)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func metric(d *prometheus.Desc) (Metric, error) {
	parts := description.FindStringSubmatch(d.String())
	if parts == nil {
		return Metric{}, fmt.Errorf("a description that is written in another way: %s", d)
	}
	name, err := strconv.Unquote(parts[1])
	help, failed := strconv.Unquote(parts[2])
	m := Metric{Name: name, Help: help}
	if parts[3] != "" {
		m.Labels = strings.Split(parts[3], ",")
	}
	return m, errors.Join(err, failed)
}

// kind is the type of what a collector tells. Our own collectors tell gauges; a
// test holds all types against what is served.
func kind(c prometheus.Collector) string {
	switch c.(type) {
	case *prometheus.GaugeVec, prometheus.Gauge: // before Counter: a Gauge has all that one has
		return "gauge"
	case *prometheus.CounterVec, prometheus.Counter:
		return "counter"
	case *prometheus.HistogramVec, prometheus.Histogram:
		return "histogram"
	}
	return "gauge"
}

// MustRegister implements prometheus.Registerer; nothing of ours calls it.
func (r *recorder) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		_ = r.Register(c)
	}
}

// Unregister implements prometheus.Registerer: what is written down stays.
func (r *recorder) Unregister(prometheus.Collector) bool { return false }

func (r *recorder) metrics() []Metric {
	slices.SortFunc(r.all, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) })
	return r.all
}

// MetricsPage is the page about them, in Markdown.
func MetricsPage() (string, error) {
	commands, err := Metrics()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString(`<!-- Generated from what the commands register: run ` + "`make update`" + `. -->

# Metrics

Port 8080 serves them at ` + "`/metrics`" + ` (` + "`--metrics-bind-address`" + `); beside these are those of Go, of the process and of controller-runtime.
[Monitoring](monitoring.md) has alerts, a dashboard and what scrapes them. What the labels may be is told with what they count:
[admission](admission.md#metrics), [the responder](responder.md#metrics), [notices](notices.md#metrics), [mail](mail.md#metrics), [alerts](alerts.md#metrics),
[the remedy](remedy.md#metrics). No label holds what tenants write but names of
namespaces, workloads and containers, and the series of those are bounded. The scanner has none: the responder tells what it says.
`)
	for _, c := range commands {
		fmt.Fprintf(&out, "\n## initguard %s\n\n| metric | type | labels | |\n| --- | --- | --- | --- |\n", c.Command)
		for _, m := range c.Metrics {
			labels := make([]string, len(m.Labels))
			for i, l := range m.Labels {
				labels[i] = "`" + l + "`"
			}
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(labels, ", "), strings.ReplaceAll(m.Help, "|", `\|`))
		}
	}
	return out.String(), nil
}
