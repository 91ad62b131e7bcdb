package notify

import "github.com/prometheus/client_golang/prometheus"

// Metrics count what people were told. Those of a nil *Metrics count nothing.
type Metrics struct {
	mails      *prometheus.CounterVec
	recipients *prometheus.CounterVec
	failures   *prometheus.CounterVec
	events     *prometheus.CounterVec
	full       *prometheus.CounterVec
	waiting    *prometheus.GaugeVec
	bytes      *prometheus.GaugeVec
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"channel"})
	}
	m := &Metrics{
		mails:      counter("initguard_mails_total", "Digests that the mail server took, or that were given up.", "result"),
		recipients: counter("initguard_mail_recipients_total", "Addresses of digests: accepted or refused by the mail server, or no address.", "result"),
		failures:   counter("initguard_mail_failures_total", "Attempts to send a mail that failed and are made again, by where.", "stage"),
		events:     counter("initguard_notice_events_total", "Events about digests, by result.", "result"),
		full:       counter("initguard_notice_queue_full_total", "Digests that found no room in a channel's queue and come again.", "channel"),
		waiting:    gauge("initguard_notice_queue", "Digests that wait in a channel."),
		bytes:      gauge("initguard_notice_queue_bytes", "About how much memory they take."),
	}
	for _, c := range []prometheus.Collector{m.mails, m.recipients, m.failures, m.events, m.full, m.waiting, m.bytes} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	m.begin()
	return m, nil
}

// begin has all counters be there, so that a first one is seen as an increase.
func (m *Metrics) begin() {
	for counter, values := range map[*prometheus.CounterVec][]string{
		m.mails: {"sent", "failed"}, m.recipients: {"accepted", "refused", "no address"}, m.events: {"written", "there", "put off", "failed"},
		m.full:     {mailChannel, eventChannel},
		m.failures: {stageDial, stageTLS, stageGreeting, stageHello, stageLogin, stageSender, stageRecipients, stageData, stageAnswer},
	} {
		for _, value := range values {
			counter.WithLabelValues(value)
		}
	}
}

func (m *Metrics) mail(result string) {
	if m != nil {
		m.mails.WithLabelValues(result).Inc()
	}
}

func (m *Metrics) recipient(result string, n int) {
	if m != nil && n > 0 {
		m.recipients.WithLabelValues(result).Add(float64(n))
	}
}

func (m *Metrics) failed(stage string) {
	if m != nil {
		m.failures.WithLabelValues(stage).Inc()
	}
}

func (m *Metrics) event(result string) {
	if m != nil {
		m.events.WithLabelValues(result).Inc()
	}
}

func (m *Metrics) refused(channel string) {
	if m != nil {
		m.full.WithLabelValues(channel).Inc()
	}
}

// Empty says that nothing waits in any channel: those that there were have ended.
func (m *Metrics) Empty() {
	for _, channel := range []string{mailChannel, eventChannel} {
		m.waiting.WithLabelValues(channel).Set(0)
		m.bytes.WithLabelValues(channel).Set(0)
	}
}

func (m *Metrics) queued(channel string, q *queue) {
	if m == nil {
		return
	}
	digests, bytes := q.size()
	m.waiting.WithLabelValues(channel).Set(float64(digests))
	m.bytes.WithLabelValues(channel).Set(float64(bytes))
}
