package desk

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/initguard/initguard/scanner/remedy"
)

// Metrics count what the desk does. The gauges are of the last turn.
type Metrics struct {
	acts       *prometheus.CounterVec
	looks      *prometheus.CounterVec
	errors     *prometheus.CounterVec
	stops      prometheus.Counter
	candidates *prometheus.GaugeVec
	intended   prometheus.Gauge
	gaveUp     prometheus.Gauge
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		acts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_remedy_acts_total", Help: "Evictions by what became of them: Evicted, Refused, Gone, DryRun.",
		}, []string{"result"}),
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_remedy_looks_total", Help: "Pods past a threshold that were looked at, by the reason why they are not evicted, or Evict.",
		}, []string{"reason"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_remedy_errors_total", Help: "Requests of the remedy that got no answer: look, evict, event.",
		}, []string{"operation"}),
		stops: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "initguard_remedy_stops_total", Help: "Workloads of which evictions were given up.",
		}),
		candidates: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "initguard_remedy_candidates", Help: "Pods past a threshold now, by the reason why they are not evicted.",
		}, []string{"reason"}),
		intended: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "initguard_remedy_intended", Help: "Evictions that are stored as intended and not over.",
		}),
		gaveUp: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "initguard_remedy_stopped", Help: "Workloads of which evictions are given up.",
		}),
	}
	for _, result := range []string{remedy.PhaseEvicted, remedy.PhaseRefused, remedy.PhaseGone, dryRun} {
		m.acts.WithLabelValues(result) // A first one is seen as an increase.
	}
	for _, operation := range []string{"look", "evict", "event"} {
		m.errors.WithLabelValues(operation)
	}
	m.looks.WithLabelValues(looksEvict)
	for _, why := range remedy.Reasons() {
		m.looks.WithLabelValues(string(why.Reason))
	}
	for _, c := range []prometheus.Collector{m.acts, m.looks, m.errors, m.stops, m.candidates, m.intended, m.gaveUp} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("metrics of the remedy: %w", err)
		}
	}
	return m, nil
}

// looksEvict is the label of a look that speaks against nothing.
const looksEvict = "Evict"

func (m *Metrics) acted(result string)     { m.acts.WithLabelValues(result).Inc() }
func (m *Metrics) failed(operation string) { m.errors.WithLabelValues(operation).Inc() }
func (m *Metrics) stopped()                { m.stops.Inc() }

func (m *Metrics) looked(reason remedy.Reason) {
	if reason == "" {
		reason = looksEvict
	}
	m.looks.WithLabelValues(string(reason)).Inc()
}

// turn sets the gauges.
func (m *Metrics) turn(candidates map[remedy.Reason]int, intended, gaveUp int) {
	m.candidates.Reset()
	for reason, n := range candidates {
		m.candidates.WithLabelValues(string(reason)).Set(float64(n))
	}
	m.intended.Set(float64(intended))
	m.gaveUp.Set(float64(gaveUp))
}
