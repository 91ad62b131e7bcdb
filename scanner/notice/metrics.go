package notice

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count what people are told. A nil one counts nothing.
type Metrics struct {
	digests  *prometheus.CounterVec
	channels *prometheus.CounterVec
	notices  *prometheus.CounterVec
	problems *prometheus.CounterVec
	waiting  prometheus.Gauge
	open     prometheus.Gauge
	oldest   prometheus.Gauge
}

// The results of a digest.
const (
	resultTold   = "told"
	resultFailed = "failed"
)

// NewMetrics makes metrics and registers them. names are those of the channels.
func NewMetrics(r prometheus.Registerer, names ...string) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &Metrics{
		digests:  counter("initguard_digests_total", "Digests of namespaces that people were told, or that nobody could be told.", "result"),
		channels: counter("initguard_digest_channels_total", "Digests by channel and what became of them there.", "channel", "result"),
		notices:  counter("initguard_notices_total", "Workloads in digests that people were told.", "kind", "severity"),
		problems: counter("initguard_notice_problems_total", "What keeps people from being told as they should be, by kind; each once an hour.", "kind"),
		waiting:  gauge("initguard_notices_waiting", "Workloads with news that waits: for business hours, for other news, for a digest before it."),
		open:     gauge("initguard_digests_open", "Digests that are decided on and not told yet."),
		oldest:   gauge("initguard_digest_oldest_seconds", "How long ago the oldest of those was decided on; 0 without any."),
	}
	for _, result := range []string{resultTold, resultFailed} {
		m.digests.WithLabelValues(result)
		for _, name := range names {
			m.channels.WithLabelValues(name, result)
		}
	}
	for _, severity := range []Severity{Warning, Critical} {
		m.notices.WithLabelValues(KindFiring, string(severity))
		m.notices.WithLabelValues(KindResolved, string(severity))
	}
	for _, kind := range []string{ProblemAddress, ProblemDomain, ProblemNobody, ProblemNotify, ProblemFailed, ProblemData} {
		m.problems.WithLabelValues(kind)
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.digests, m.channels, m.notices, m.problems, m.waiting, m.open, m.oldest} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}

func result(failed string) string {
	if failed != "" {
		return resultFailed
	}
	return resultTold
}

// channel counts what became of a digest in a channel.
func (m *Metrics) channel(name string, r Result) {
	if m != nil {
		m.channels.WithLabelValues(name, result(r.Failed)).Inc()
	}
}

// Data counts problems of contact data.
func (m *Metrics) Data(list []Problem) {
	if m != nil {
		m.problems.WithLabelValues(ProblemData).Add(float64(len(list)))
	}
}

// turn counts what a turn found.
func (m *Metrics) turn(out Output, now time.Time) {
	if m == nil {
		return
	}
	for _, e := range out.Ended {
		m.digests.WithLabelValues(result(e.Result.Failed)).Inc()
		if e.Result.Failed != "" {
			continue
		}
		for item, n := range e.Items {
			m.notices.WithLabelValues(item[0], item[1]).Add(float64(n))
		}
	}
	for _, p := range out.Problems {
		m.problems.WithLabelValues(p.Kind).Inc()
	}
	m.waiting.Set(float64(out.Waiting))
	m.open.Set(float64(out.Open))
	m.oldest.Set(0)
	if !out.Oldest.IsZero() {
		m.oldest.Set(max(now.Sub(out.Oldest).Seconds(), 0))
	}
}
