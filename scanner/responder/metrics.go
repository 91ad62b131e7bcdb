package responder

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxSeries bounds the series of initguard_zombies, maxWorkloads those of a
// workload: the ones with the most zombies are told apart, the rest is one
// series with others as its workload.
const (
	maxSeries    = 2000
	maxWorkloads = 1000
	others       = "(others)"
)

// Metrics counts what the responder finds and does. Gauges are made of the
// state when they are read.
type Metrics struct {
	requests *prometheus.CounterVec
	duration prometheus.Histogram
	writes   *prometheus.CounterVec
	queue    prometheus.Gauge
	reports  prometheus.Gauge
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_scanner_requests_total", Help: "Requests to the nodes' scanners, by result.",
		}, []string{"result"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "initguard_scanner_request_duration_seconds", Help: "Time until a node's scanner has answered.",
			Buckets: prometheus.ExponentialBuckets(0.001, 3, 10),
		}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "initguard_report_writes_total", Help: "Writes of ZombieReports, by operation and result.",
		}, []string{"operation", "result"}),
		queue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "initguard_report_queue", Help: "ZombieReports that have to be written and wait for their turn.",
		}),
		reports: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "initguard_reports", Help: "ZombieReports that there are, those without zombies included.",
		}),
	}
	// All are there from the start: a first one is seen as an increase.
	for _, result := range []string{askedOK, askedNoReport, askedError} {
		m.requests.WithLabelValues(result)
	}
	for _, operation := range []string{operationCreate, operationUpdate, operationDelete} {
		m.writes.WithLabelValues(operation, "ok")
		m.writes.WithLabelValues(operation, "error")
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.writes, m.queue, m.reports} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// The results of requests to scanners, and what is done to a report.
const (
	askedOK       = "ok"
	askedNoReport = "no report" // the node has none yet
	askedError    = "error"

	operationCreate = "create"
	operationUpdate = "update"
	operationDelete = "delete"
)

func (m *Metrics) asked(result string, took time.Duration) {
	m.requests.WithLabelValues(result).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *Metrics) wrote(operation string, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.writes.WithLabelValues(operation, result).Inc()
}

func (m *Metrics) planned(queue, reports int) {
	m.queue.Set(float64(queue))
	m.reports.Set(float64(reports))
}

// Gauges tell the state and the nodes to Prometheus. They have values in the
// leader alone, once it collects.
type Gauges struct {
	state *State
	nodes func() Nodes
	now   func() time.Time

	mu      sync.Mutex
	leading bool

	zombies, oldest, perHour, limit, elsewhere, scanners, age *prometheus.Desc
}

// Nodes says how the collecting goes.
type Nodes struct {
	// Answering nodes answered the last time, Silent ones did not, Waiting ones
	// have not been asked yet.
	Answering, Silent, Waiting int
	// Oldest is when the oldest of the last scans of answering nodes was made;
	// zero without any.
	Oldest time.Time
}

// NewGauges makes them; the caller registers them.
func NewGauges(state *State, nodes func() Nodes, now func() time.Time) *Gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("initguard_"+name, help, labels, nil)
	}
	return &Gauges{
		state: state, nodes: nodes, now: now,
		zombies:   desc("zombies", "Zombies in pods. Beyond 2,000 series the rest is one with the workload (others).", "namespace", "workload", "container", "cause"),
		oldest:    desc("zombie_oldest_seconds", "How long the oldest zombie of a workload has been there, at most.", "namespace", "workload"),
		perHour:   desc("zombies_per_hour", "How many zombies come in an hour in all pods of a workload.", "namespace", "workload"),
		limit:     desc("pid_limit_seconds", "Time until the first pod of a workload can't start processes any more.", "namespace", "workload"),
		elsewhere: desc("zombies_elsewhere", "Zombies that belong to no known pod: on the host, in pods that the API server does not know.", "where"),
		scanners:  desc("scanner_nodes", "Nodes with a scanner, by whether it answered the last time.", "state"),
		age:       desc("scanner_scan_age_seconds", "Age of the oldest scan among the last ones of all nodes that answer."),
	}
}

// Lead has the gauges tell something from now on.
func (g *Gauges) Lead() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leading = true
}

// Describe implements prometheus.Collector.
func (g *Gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.zombies, g.oldest, g.perHour, g.limit, g.elsewhere, g.scanners, g.age} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g *Gauges) Collect(out chan<- prometheus.Metric) {
	g.mu.Lock()
	leading := g.leading
	g.mu.Unlock()
	if !leading {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := g.now()
	series, workloads := g.measure(now)
	for _, s := range series {
		gauge(g.zombies, float64(s.zombies), s.namespace, s.workload, s.container, s.cause)
	}
	for _, w := range workloads {
		gauge(g.oldest, w.oldest.Seconds(), w.namespace, w.workload)
		if w.perHour != nil {
			gauge(g.perHour, *w.perHour, w.namespace, w.workload)
		}
		if w.limit != nil {
			gauge(g.limit, w.limit.Seconds(), w.namespace, w.workload)
		}
	}
	e := g.state.Elsewhere()
	gauge(g.elsewhere, float64(e.Host), "host")
	gauge(g.elsewhere, float64(e.Unknown), "unknown pod")
	n := g.nodes()
	gauge(g.scanners, float64(n.Answering), "answering")
	gauge(g.scanners, float64(n.Silent), "silent")
	gauge(g.scanners, float64(n.Waiting), "waiting")
	if !n.Oldest.IsZero() {
		gauge(g.age, max(now.Sub(n.Oldest).Seconds(), 0))
	}
}

type zombieSeries struct {
	namespace, workload, container, cause string
	zombies                               int
}

type workloadSeries struct {
	namespace, workload string
	zombies             int
	oldest              time.Duration
	perHour             *float64
	limit               *time.Duration
}

// measure sums the state up, within the bounds. Two workloads of one name, in
// different API groups, are one here.
func (g *Gauges) measure(now time.Time) ([]zombieSeries, []workloadSeries) {
	sums := make(map[zombieSeries]int)
	workloads := make(map[[2]string]*workloadSeries)
	for _, k := range g.state.Keys() {
		for _, s := range g.state.Of(k) {
			name := s.Workload.String()
			w := workloads[[2]string{k.Namespace, name}]
			if w == nil {
				w = &workloadSeries{namespace: k.Namespace, workload: name}
				workloads[[2]string{k.Namespace, name}] = w
			}
			w.add(s, now)
			for _, c := range s.Pod.Containers {
				for _, cause := range c.Causes {
					sums[zombieSeries{namespace: k.Namespace, workload: name, container: c.Name, cause: cause.Cause}] += int(cause.Zombies)
				}
				if c.OtherZombies > 0 {
					sums[zombieSeries{namespace: k.Namespace, workload: name, container: c.Name, cause: "other"}] += int(c.OtherZombies)
				}
			}
		}
	}
	var series []zombieSeries
	for s, n := range sums {
		s.zombies = n
		series = append(series, s)
	}
	var all []workloadSeries
	for _, w := range workloads {
		all = append(all, *w)
	}
	return boundSeries(series), boundWorkloads(all)
}

func (w *workloadSeries) add(s Sighting, now time.Time) {
	w.zombies += int(s.Pod.Zombies)
	w.oldest = max(w.oldest, now.Sub(s.Pod.OldestSince.Time))
	w.perHour = plus(w.perHour, s.PerHour)
	if at := s.Pod.LimitAt; at != nil {
		left := max(at.Sub(now), 0)
		if w.limit == nil || left < *w.limit {
			w.limit = &left
		}
	}
}

func boundSeries(series []zombieSeries) []zombieSeries {
	slices.SortFunc(series, func(a, b zombieSeries) int {
		return cmp.Or(cmp.Compare(b.zombies, a.zombies), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.workload, b.workload),
			cmp.Compare(a.container, b.container), cmp.Compare(a.cause, b.cause))
	})
	if len(series) <= maxSeries {
		return series
	}
	rest := make(map[string]int)
	for _, s := range series[maxSeries:] {
		rest[s.cause] += s.zombies
	}
	series = series[:maxSeries:maxSeries]
	for cause, n := range rest {
		series = append(series, zombieSeries{workload: others, cause: cause, zombies: n})
	}
	return series
}

func boundWorkloads(workloads []workloadSeries) []workloadSeries {
	slices.SortFunc(workloads, func(a, b workloadSeries) int {
		return cmp.Or(cmp.Compare(b.zombies, a.zombies), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.workload, b.workload))
	})
	if len(workloads) <= maxWorkloads {
		return workloads
	}
	rest := workloadSeries{workload: others}
	for _, w := range workloads[maxWorkloads:] {
		rest.oldest = max(rest.oldest, w.oldest)
		rest.perHour = plus(rest.perHour, w.perHour)
		if w.limit != nil && (rest.limit == nil || *w.limit < *rest.limit) {
			rest.limit = w.limit
		}
	}
	return append(workloads[:maxWorkloads:maxWorkloads], rest)
}
