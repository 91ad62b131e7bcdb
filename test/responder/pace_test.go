package responder

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/responder"
)

// counted counts what is written, by second of the clock.
type counted struct {
	responder.Store
	now    *time.Time
	writes map[int64]int
	errs   int
}

func (c *counted) count(err error) error {
	c.writes[c.now.Unix()]++
	if err != nil {
		c.errs++
	}
	return err
}

func (c *counted) Create(ctx context.Context, r *v1alpha1.ZombieReport) error {
	return c.count(c.Store.Create(ctx, r))
}

func (c *counted) Update(ctx context.Context, r *v1alpha1.ZombieReport) error {
	return c.count(c.Store.Update(ctx, r))
}

func (c *counted) Delete(ctx context.Context, r *v1alpha1.ZombieReport) error {
	return c.count(c.Store.Delete(ctx, r))
}

// clerk is a publisher with a clock of its own before the real API server.
type clerk struct {
	t         *testing.T
	publisher *responder.Publisher
	state     *responder.State
	store     *counted
	now       time.Time
}

func newClerk(t *testing.T, now time.Time) *clerk {
	t.Helper()
	metrics, err := responder.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	c := &clerk{t: t, state: responder.NewState(), now: now}
	c.store = &counted{Store: responder.APIStore{Client: shared.admin}, now: &c.now, writes: make(map[int64]int)}
	c.publisher = responder.NewPublisher(c.store, c.state, responder.Desks{}, metrics, 2*time.Minute, slog.New(slog.DiscardHandler))
	if err := c.publisher.Load(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *clerk) pass(d time.Duration) {
	for end := c.now.Add(d); c.now.Before(end); {
		c.publisher.Plan(c.now)
		for range 20 {
			c.publisher.Step(c.t.Context(), c.now)
			c.now = c.now.Add(responder.Pace)
		}
	}
}

func bad(namespace string, i int, zombies int32, at time.Time) responder.Outcome {
	since := metav1.NewTime(at.Add(-time.Hour).Truncate(time.Second))
	name := fmt.Sprintf("web-%04d", i)
	return responder.Outcome{Scanned: at, Sightings: []responder.Sighting{{
		Namespace: namespace, Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: name},
		Pod: v1alpha1.Pod{Name: name + "-x", UID: name, Node: name, Zombies: zombies, OldestSince: since, Containers: []v1alpha1.Container{{
			Name: "app", Zombies: zombies, OldestSince: since, Causes: []v1alpha1.Cause{{
				Cause: "PID1NotReaping", Parent: "sleep", ParentPID: 1, Parents: 1, Zombies: zombies, OldestSince: since,
				Children: []v1alpha1.Children{{Name: "sh", Count: zombies}},
			}},
		}}},
	}}}
}

// TestWritesOfManyBadPods: 2,000 pods in as many workloads gather zombies for
// nine minutes, and the API server gets fewer than five writes in any second.
func TestWritesOfManyBadPods(t *testing.T) {
	namespace(t, "pace")
	const pods = 2000
	c := newClerk(t, time.Now())
	begin := c.now
	for minute := range int32(9) {
		for i := range pods {
			c.state.Set(fmt.Sprint("node", i), bad("pace", i, 10+10*minute, c.now))
		}
		c.pass(time.Minute)
	}
	total, worst := 0, 0
	for _, n := range c.store.writes {
		total += n
		worst = max(worst, n)
	}
	t.Logf("%d writes in %v, %d in the worst second, %d failed", total, c.now.Sub(begin), worst, c.store.errs)
	if worst >= 5 || c.store.errs > 0 {
		t.Errorf("%d writes in a second, %d failed", worst, c.store.errs)
	}
	var list v1alpha1.ZombieReportList
	if err := shared.admin.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	in := 0
	for i := range list.Items {
		if list.Items[i].Namespace == "pace" {
			in++
		}
	}
	if in != pods {
		t.Errorf("%d reports for %d pods", in, pods)
	}
	for i := range pods {
		c.state.Set(fmt.Sprint("node", i), responder.Outcome{Scanned: c.now})
	}
	if err := shared.admin.DeleteAllOf(t.Context(), &v1alpha1.ZombieReport{}, client.InNamespace("pace")); err != nil {
		t.Fatal(err)
	}
}

// TestReportGoesAfterAMonth: the API server takes the deletion of what is no
// longer of use, and of nothing else.
func TestReportGoesAfterAMonth(t *testing.T) {
	namespace(t, "month")
	c := newClerk(t, time.Now())
	c.state.Set("node0", bad("month", 0, 50, c.now))
	c.state.Set("node1", bad("month", 1, 50, c.now))
	c.pass(10 * time.Second)
	c.state.Set("node0", responder.Outcome{Scanned: c.now})
	c.pass(10 * time.Second)
	c.now = c.now.Add(29 * 24 * time.Hour)
	c.pass(10 * time.Second)
	if _, err := report(t, "month", "deployment-web-0000"); err != nil {
		t.Errorf("after 29 days: %v", err)
	}
	c.now = c.now.Add(24 * time.Hour)
	c.pass(10 * time.Second)
	if _, err := report(t, "month", "deployment-web-0000"); err == nil {
		t.Error("after 30 days it is still there")
	}
	if _, err := report(t, "month", "deployment-web-0001"); err != nil {
		t.Errorf("one with zombies: %v", err)
	}
	if c.store.errs > 0 {
		t.Errorf("%d writes failed", c.store.errs)
	}
}
