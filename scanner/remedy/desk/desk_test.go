package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/initguard/initguard/scanner/remedy"
)

// TestBudgetsHold: thirty workloads in three namespaces, all sick, and a new
// leader every quarter of an hour.
func TestBudgetsHold(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		w.deployment(fmt.Sprint("team-", i%3), fmt.Sprint("web-", i), 3)
	}
	w.settings.Budgets = remedy.Budgets{Owner: 1, Namespace: 2, Cluster: 5}
	for range 16 {
		w.pass(w.leader(), 15*time.Minute)
	}
	if len(w.evicted) < 15 {
		t.Errorf("%d evictions in four hours", len(w.evicted))
	}
	owners, namespaces := make(map[string][]time.Time), make(map[string][]time.Time)
	var all []time.Time
	for _, p := range w.evicted {
		owners[p.owner] = append(owners[p.owner], p.ends)
		namespaces[p.namespace] = append(namespaces[p.namespace], p.ends)
		all = append(all, p.ends)
	}
	inAnHour(t, "cluster", all, 5)
	for name, times := range owners {
		inAnHour(t, name, times, 1)
	}
	for name, times := range namespaces {
		inAnHour(t, name, times, 2)
	}
}

func inAnHour(t *testing.T, name string, times []time.Time, most int) {
	t.Helper()
	for i := most; i < len(times); i++ {
		if d := times[i].Sub(times[i-most]); d < time.Hour-30*time.Second { // A turn's time.
			t.Errorf("%s: %d evictions within %v", name, most+1, d)
		}
	}
}

// TestSettle: with a large budget, the successor has to be ready for the settle
// time before the next one goes.
func TestSettle(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 4)
	w.settings.Budgets = remedy.Budgets{Owner: 10, Namespace: 100, Cluster: 100}
	w.slow = 15 * time.Minute
	w.pass(w.leader(), 4*time.Hour)
	if len(w.evicted) != 4 {
		t.Errorf("%d evictions", len(w.evicted))
	}
	for i := 1; i < len(w.evicted); i++ {
		if d := w.evicted[i].ends.Sub(w.evicted[i-1].ends); d < w.slow+w.settings.Settle {
			t.Errorf("two within %v", d)
		}
	}
}

// TestGivesUp: a workload whose pods are sick again and again is given up, says
// so once, and starts clean with another image.
func TestGivesUp(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	w.relapse = 40 * time.Minute
	w.pass(w.leader(), 20*time.Hour)
	stop := w.reports[0].Status.Remedy.Stopped
	if stop == nil || !strings.Contains(stop.Reason, "only the proper fix helps") {
		t.Fatalf("%+v", w.reports[0].Status.Remedy)
	}
	// Two that were there from the beginning, and two that came instead.
	if len(w.evicted) != 4 {
		t.Errorf("%d evictions", len(w.evicted))
	}
	stops := 0
	for id, n := range w.told {
		if strings.Contains(id, "/Stopped/") {
			stops += n
		}
	}
	if stops != 1 {
		t.Errorf("told %v", w.told)
	}
	stop.ImageID = "image-before"
	w.pass(w.leader(), time.Hour)
	if w.reports[0].Status.Remedy.Stopped != nil && w.reports[0].Status.Remedy.Stopped.ImageID == "image-before" {
		t.Errorf("%+v", w.reports[0].Status.Remedy.Stopped)
	}
}

// TestKillSwitch: nothing is looked at, and what is intended is not done.
func TestKillSwitch(t *testing.T) {
	for name, off := range map[string]func(*world){
		"kill switch": func(w *world) { w.kill = true },
		"off":         func(w *world) { w.settings.Mode = remedy.Off },
		"dry run":     func(w *world) { w.settings.Mode = remedy.DryRun },
		"exempt":      func(w *world) { w.settings.ExemptNamespaces = []string{"shop"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deployment("shop", "web", 2)
			d := w.leader()
			for len(w.acts()) == 0 {
				w.turnWithoutWork(d)
				w.now = w.now.Add(30 * time.Second)
			}
			off(w)
			w.pass(d, 20*time.Minute)
			w.pass(w.leader(), 20*time.Minute)
			if len(w.evicted) != 0 || w.asked != 0 {
				t.Errorf("%d evictions, %d asked for", len(w.evicted), w.asked)
			}
			if a := w.acts(); len(a) != 1 || a[0].Phase != remedy.PhaseRefused || a[0].Reason == "" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestOffAsksNothing: by default nobody is asked anything.
func TestOffAsksNothing(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	w.settings = remedy.Default()
	w.pass(w.leader(), 3*time.Hour)
	if w.steps != 0 || len(w.acts()) != 0 {
		t.Errorf("%d steps", w.steps)
	}
}

// TestDryRun keeps to the budgets, says each thing once, and changes nothing.
func TestDryRun(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 3)
	w.settings.Mode = remedy.DryRun
	w.pass(w.leader(), 90*time.Minute)
	if len(w.told) != 2 {
		t.Errorf("told %v", w.told)
	}
	w2 := newWorld(t)
	w2.deployment("shop", "web", 3)
	w2.pass(w2.leader(), 90*time.Minute)
	if len(w2.evicted) != len(w.told) {
		t.Errorf("a dry run would evict %d, the real one %d", len(w.told), len(w2.evicted))
	}
	if w.asked != 0 || len(w.evicted) != 0 || len(w.acts()) != 0 {
		t.Errorf("asked %d, evicted %d, acts %+v", w.asked, len(w.evicted), w.acts())
	}
	for id, n := range w.told {
		if n != 1 || !strings.Contains(id, "/DryRun/") {
			t.Errorf("%s: %d times", id, n)
		}
	}
}

// TestHold: the threshold has to be passed without a break.
func TestHold(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	w.settings.Hold = 10 * time.Minute
	d := w.leader()
	for range 10 {
		w.pass(d, 8*time.Minute)
		for _, p := range w.pods {
			p.sick = false
		}
		w.pass(d, time.Minute)
		for _, p := range w.pods {
			p.sick = true
		}
	}
	if w.looked != 0 {
		t.Errorf("looked %d times", w.looked)
	}
	w.pass(d, 12*time.Minute)
	if len(w.evicted) != 1 {
		t.Errorf("%d evictions", len(w.evicted))
	}
}

// TestFloodIsBounded: two thousand sick workloads make few requests, whoever
// they are of, and the memory of what is gone goes.
func TestFloodIsBounded(t *testing.T) {
	w := newWorld(t)
	for i := range 2000 {
		w.deployment(fmt.Sprint("team-", i%100), fmt.Sprint("web-", i), 1)
	}
	d := w.leader()
	for range 20 {
		before := w.looked
		w.turn(d)
		if n := w.looked - before; n > maxLooks {
			t.Fatalf("%d looks in a turn", n)
		}
		w.now = w.now.Add(30 * time.Second)
	}
	if w.looked == 0 {
		t.Error("nobody was looked at")
	}
	w.reports = nil
	w.turn(d)
	m := &d.memory
	if n := len(m.held) + len(m.looked) + len(m.busy) + len(m.tried) + len(m.retry) + len(m.ends) + len(m.ready) + len(m.plans) + len(m.dry) + len(m.refused) + len(m.told); n != 0 {
		t.Errorf("%d things are remembered of nothing: %+v", n, m)
	}
}

// TestMetrics: what is told of a turn.
func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	w.deployment("kube-system", "dns", 2)
	d := w.leader()
	registry := prometheus.NewRegistry()
	m, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	d.o.Metrics = m
	w.pass(d, 10*time.Minute)
	recorder := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	var got strings.Builder
	for line := range strings.Lines(recorder.Body.String()) {
		if none := strings.HasPrefix(line, "initguard_remedy_looks_total") && strings.HasSuffix(line, " 0\n"); !none && !strings.HasPrefix(line, "#") {
			got.WriteString(line)
		}
	}
	want := `initguard_remedy_acts_total{result="DryRun"} 0
initguard_remedy_acts_total{result="Evicted"} 1
initguard_remedy_acts_total{result="Gone"} 0
initguard_remedy_acts_total{result="Refused"} 0
initguard_remedy_candidates{reason="ExemptNamespace"} 2
initguard_remedy_candidates{reason="Settling"} 1
initguard_remedy_errors_total{operation="event"} 0
initguard_remedy_errors_total{operation="evict"} 0
initguard_remedy_errors_total{operation="look"} 0
initguard_remedy_intended 0
initguard_remedy_looks_total{reason="Evict"} 1
initguard_remedy_stopped 0
initguard_remedy_stops_total 0
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := NewMetrics(registry); err == nil {
		t.Error("registered twice")
	}
}

// TestRun: the workers do what turns give them, and end with ctx.
func TestRun(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	d := w.leader()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	worked := make(chan struct{}, 10)
	d.o.Cluster = notifying{w, worked}
	go func() { ended <- d.Run(ctx) }()
	w.observe()
	d.Turn(w.now, w.reports)
	w.now = w.now.Add(10 * time.Minute)
	d.Turn(w.now, w.reports)
	select {
	case <-worked:
	case <-time.After(10 * time.Second):
		t.Error("nobody worked")
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not end")
	}
}

// notifying says when a pod was looked at.
type notifying struct {
	Cluster
	worked chan struct{}
}

func (n notifying) Facts(ctx context.Context, t Target) (remedy.Facts, error) {
	f, err := n.Cluster.Facts(ctx, t)
	n.worked <- struct{}{}
	return f, err
}
