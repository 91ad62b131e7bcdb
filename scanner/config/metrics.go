package config

import "github.com/prometheus/client_golang/prometheus"

// Metrics say how reloads of the file go, under the names that the webhook's
// have.
type Metrics struct {
	reloads    *prometheus.CounterVec
	configured prometheus.Gauge
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_config_reloads_total", Help: "Attempts to take over a changed configuration file.",
		}, []string{"result"}),
		configured: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "initguard_config_last_reload_successful", Help: "1 when the configuration file in force is the newest one, 0 when a newer one was refused.",
		}),
	}
	for _, c := range []prometheus.Collector{m.reloads, m.configured} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	m.reloads.WithLabelValues("taken")
	m.reloads.WithLabelValues("refused")
	m.configured.Set(1)
	return m, nil
}

// Reloaded counts a reload.
func (m *Metrics) Reloaded(err error) {
	if err != nil {
		m.reloads.WithLabelValues("refused").Inc()
		m.configured.Set(0)
		return
	}
	m.reloads.WithLabelValues("taken").Inc()
	m.configured.Set(1)
}
