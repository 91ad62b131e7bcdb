package alerts

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What becomes of a request, as a label of metrics.
const (
	requestOK           = "ok"
	requestUnauthorized = "unauthorized"
	requestNoToken      = "no token" // that could let anybody in
	requestNotLeading   = "not leading"
	requestBusy         = "busy"
	requestTooLarge     = "too large"
	requestMalformed    = "malformed"
	requestOwn          = "own"
	requestNotStored    = "not stored"
)

func requestResults() []string {
	return []string{
		requestOK, requestUnauthorized, requestNoToken, requestNotLeading, requestBusy, requestTooLarge, requestMalformed, requestOwn, requestNotStored,
	}
}

// Metrics count what comes in.
type Metrics struct {
	requests *prometheus.CounterVec
	alerts   *prometheus.CounterVec
	left     *prometheus.CounterVec
	duration prometheus.Histogram
}

// NewMetrics makes the metrics and registers them. All results are there from the
// start.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_alert_requests_total", Help: "Requests of Alertmanager's webhook, by result.",
		}, []string{"result"}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_alerts_total", Help: "Alerts that Alertmanager sent, by what became of them.",
		}, []string{"result"}),
		left: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_alerts_left_out_total", Help: "Alerts that were not looked at, by who left them out: Alertmanager (max_alerts) or the responder (alerts.maxAlerts).",
		}, []string{"by"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "initguard_alert_request_duration_seconds", Help: "Time until Alertmanager was answered.",
			Buckets: prometheus.ExponentialBuckets(0.001, 3, 10),
		}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.alerts, m.left, m.duration} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	for _, result := range requestResults() {
		m.requests.WithLabelValues(result)
	}
	for _, result := range results() {
		m.alerts.WithLabelValues(result)
	}
	for _, by := range []string{leftByAlertmanager, leftByResponder} {
		m.left.WithLabelValues(by)
	}
	return m, nil
}

const (
	leftByAlertmanager = "alertmanager"
	leftByResponder    = "responder"
)

func (m *Metrics) asked(result string, took time.Duration) {
	m.requests.WithLabelValues(result).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *Metrics) answered(a Answer) {
	for _, o := range a.Alerts {
		m.alerts.WithLabelValues(o.Result).Inc()
	}
	m.left.WithLabelValues(leftByAlertmanager).Add(float64(a.Truncated))
	m.left.WithLabelValues(leftByResponder).Add(float64(a.Beyond))
}
