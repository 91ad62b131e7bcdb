package webhook

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/inject"
	"github.com/initguard/initguard/webhook/policy"
)

// Metrics counts what the webhook does. Its labels come from closed sets:
// nothing that a tenant writes becomes a label.
type Metrics struct {
	requests    *prometheus.CounterVec
	duration    prometheus.Histogram
	verdicts    *prometheus.CounterVec
	findings    *prometheus.CounterVec
	inspections *prometheus.CounterVec
	inspection  prometheus.Histogram
	readings    *prometheus.CounterVec
	cache       *prometheus.CounterVec
	reloads     *prometheus.CounterVec
	configured  prometheus.Gauge
	problems    prometheus.Counter
	injections  *prometheus.CounterVec
	refusals    *prometheus.CounterVec
	late        *prometheus.CounterVec
	// contradictions are verdicts that PID 1 reaps where it was seen not to.
	contradictions prometheus.Counter
	observed       prometheus.Gauge
}

// NewMetrics makes the metrics and registers them. inspections are the results
// that Inspection and Reading are told.
func NewMetrics(r prometheus.Registerer, inspections ...string) (*Metrics, error) {
	m := &Metrics{
		requests:    counter("admission_requests_total", "Admission requests, by what became of them.", "decision"),
		duration:    histogram("admission_duration_seconds", "Time to answer an admission request."),
		verdicts:    counter("verdicts_total", "Verdicts on containers, by outcome and the code of the reason.", "verdict", "reason"),
		findings:    counter("findings_total", "Containers whose PID 1 does not reap or is harmed by orphans, by risk.", "risk"),
		inspections: counter("inspections_total", "Image inspections, by result.", "result"),
		inspection:  histogram("inspection_duration_seconds", "Time to inspect an image that was not cached."),
		readings:    counter("layer_readings_total", "Questions to the layers of images, by result.", "result"),
		cache:       counter("image_cache_requests_total", "Lookups in the image cache.", "result"),
		reloads:     counter("config_reloads_total", "Attempts to take over a changed configuration file.", "result"),
		configured: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "initguard_config_last_reload_successful", Help: "1 when the configuration file in force is the newest one, 0 when a newer one was refused.",
		}),
		late: counter("late_verdicts_total", "Requests that were answered before their inspections had ended, by what became of them.", "result"),
		problems: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "initguard_label_problems_total", Help: "Labels and annotations of initguard that could not be followed.",
		}),
	}
	m.contradictions = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "initguard_contradicted_verdicts_total", Help: "Verdicts that PID 1 reaps, on containers in which zombies were seen with the same image and command.",
	})
	m.observed = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "initguard_observed_containers", Help: "Containers, each with a command and an image, in which zombies were seen that an init mends, as ZombieReports say.",
	})
	m.injections = counter("injections_total", "Pods that asked for injection, by strategy and what became of them.", "strategy", "result")
	m.refusals = counter("injection_refusals_total", "Reasons why pods that asked for injection were left as they are.", "strategy", "rule")
	m.configured.Set(1)
	m.begin(inspections)
	for _, c := range []prometheus.Collector{
		m.requests, m.duration, m.verdicts, m.findings, m.inspections, m.inspection, m.readings, m.cache, m.reloads, m.configured, m.problems,
		m.injections, m.refusals, m.late, m.contradictions, m.observed,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// begin has all counters be there, so that a first one is seen as an increase.
func (m *Metrics) begin(inspections []string) {
	for counter, values := range map[*prometheus.CounterVec][]string{
		m.requests:    decisions(),
		m.findings:    {policy.Possible.String(), policy.Exposed.String(), policy.Observed.String()},
		m.inspections: inspections, m.readings: inspections,
		m.cache: {"hit", "miss"}, m.reloads: {"taken", "refused"},
		m.late: {lateTold, lateBefore, lateClean, lateUnknown, lateDropped, lateFailed},
	} {
		for _, value := range values {
			counter.WithLabelValues(value)
		}
	}
	for outcome, codes := range map[imageinspect.Outcome][]imageinspect.Code{
		imageinspect.Reaps:       {imageinspect.CodeProgram, imageinspect.CodePod, imageinspect.CodeInjected},
		imageinspect.DoesNotReap: {imageinspect.CodeProgram},
		imageinspect.Unknown:     imageinspect.UnknownCodes(),
	} {
		for _, code := range codes {
			m.verdicts.WithLabelValues(outcome.String(), string(code))
		}
	}
	for _, result := range []string{injectFailed, injectUndone, injectRefused, injectUnneeded} {
		m.injections.WithLabelValues(noStrategy, result)
	}
	for strategy, rules := range inject.Rules() {
		for _, result := range []string{injectDone, injectKept, injectFailed} {
			m.injections.WithLabelValues(string(strategy), result)
		}
		for _, rule := range rules {
			m.refusals.WithLabelValues(string(strategy), rule)
		}
	}
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "initguard_" + name, Help: help}, labels)
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "initguard_" + name, Help: help, Buckets: prometheus.ExponentialBuckets(0.0005, 3, 10),
	})
}

// decision is what became of a request.
type decision string

// The decisions.
const (
	decisionClean      decision = "clean"
	decisionWarned     decision = "warned"
	decisionAudited    decision = "audited"
	decisionDenied     decision = "denied"
	decisionExempt     decision = "exempt"
	decisionUnchanged  decision = "unchanged"
	decisionUnreadable decision = "unreadable"
	decisionFailed     decision = "failed"
)

func decisions() []string {
	var all []string
	for _, d := range []decision{
		decisionClean, decisionWarned, decisionAudited, decisionDenied, decisionExempt, decisionUnchanged, decisionUnreadable, decisionFailed,
	} {
		all = append(all, string(d))
	}
	return all
}

// What becomes of a pod that asks for injection, and the strategy where there is
// none.
const (
	injectDone     = "injected"
	injectKept     = "kept"
	injectUndone   = "undone"
	injectRefused  = "refused"
	injectUnneeded = "unneeded"
	injectFailed   = "failed"

	noStrategy = "none"
)

func (m *Metrics) answered(d decision, took time.Duration) {
	m.requests.WithLabelValues(string(d)).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *Metrics) assessed(assessments []policy.Assessment) {
	for _, a := range assessments {
		m.verdicts.WithLabelValues(a.Result.Verdict.Outcome.String(), string(a.Result.Verdict.Reason.Code)).Inc()
		if a.Finding() {
			m.findings.WithLabelValues(a.Risk.String()).Inc()
		}
	}
}

// injected counts what became of a pod that asked for injection.
func (m *Metrics) injected(result string, plan inject.Plan) {
	strategy := string(plan.Strategy)
	if plan.Strategy == inject.None {
		strategy = noStrategy
	}
	m.injections.WithLabelValues(strategy, result).Inc()
	for _, r := range plan.Refusals {
		m.refusals.WithLabelValues(string(r.Strategy), r.Rule).Inc()
	}
}

// Inspection counts an inspection; one that was refused took no time.
func (m *Metrics) Inspection(result string, took time.Duration) {
	m.inspections.WithLabelValues(result).Inc()
	if took > 0 {
		m.inspection.Observe(took.Seconds())
	}
}

// Reading counts a question to an image's layers.
func (m *Metrics) Reading(result string, _ time.Duration) { m.readings.WithLabelValues(result).Inc() }

// ObservedContainers tells in how many containers zombies were seen, as far as
// that is known.
func (m *Metrics) ObservedContainers(n int) { m.observed.Set(float64(n)) }

// Cache counts a lookup in the image cache.
func (m *Metrics) Cache(hit bool) {
	if hit {
		m.cache.WithLabelValues("hit").Inc()
		return
	}
	m.cache.WithLabelValues("miss").Inc()
}

// Reloaded counts a reload of the configuration file.
func (m *Metrics) Reloaded(err error) {
	if err != nil {
		m.reloads.WithLabelValues("refused").Inc()
		m.configured.Set(0)
		return
	}
	m.reloads.WithLabelValues("taken").Inc()
	m.configured.Set(1)
}
