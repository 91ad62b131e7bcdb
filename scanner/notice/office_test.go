package notice_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/responder"
)

// epoch is when tests begin: a Friday, 10:04.
func epoch() time.Time { return time.Date(2026, 1, 2, 10, 4, 0, 0, time.UTC) }

// crash is what a process ends with.
type crash struct{}

// world is what outlives a process: the API server, and the people's inboxes.
type world struct {
	version int
	reports map[responder.Key]v1alpha1.ZombieReport
	writes  int
	inbox   []delivered
	events  []delivered
	// steps are counted, and at each of those the process ends.
	step  int
	crash []int
	// lostAnswer says of a write whether it is done and nobody hears of it.
	lostAnswer func(n int) bool
}

// delivered is a digest that reached people.
type delivered struct {
	id, namespace string
	at            time.Time
	to            []notice.Contact
	items         map[string]string // the report's name, kind and severity
	again         map[string]bool
}

func newWorld() *world {
	return &world{reports: make(map[responder.Key]v1alpha1.ZombieReport)}
}

// may is a point at which the process may end.
func (w *world) may() {
	w.step++
	if slices.Contains(w.crash, w.step) {
		panic(crash{})
	}
}

func (w *world) List(context.Context) ([]v1alpha1.ZombieReport, error) {
	var all []v1alpha1.ZombieReport
	for _, r := range w.reports {
		all = append(all, *r.DeepCopy())
	}
	return all, nil
}

func (w *world) Get(_ context.Context, k responder.Key) (*v1alpha1.ZombieReport, error) {
	r, ok := w.reports[k]
	if !ok {
		return nil, apierrors.NewNotFound(v1alpha1.Resource().GroupResource(), k.Name)
	}
	return r.DeepCopy(), nil
}

func (w *world) Create(_ context.Context, r *v1alpha1.ZombieReport) error {
	if _, ok := w.reports[keyOf(r)]; ok {
		return apierrors.NewAlreadyExists(v1alpha1.Resource().GroupResource(), r.Name)
	}
	r.UID = types.UID(fmt.Sprint("uid", w.version))
	return w.put(r)
}

func (w *world) Update(_ context.Context, r *v1alpha1.ZombieReport) error {
	old, ok := w.reports[keyOf(r)]
	switch {
	case !ok:
		return apierrors.NewNotFound(v1alpha1.Resource().GroupResource(), r.Name)
	case old.ResourceVersion != r.ResourceVersion:
		return apierrors.NewConflict(v1alpha1.Resource().GroupResource(), r.Name, nil)
	}
	return w.put(r)
}

// put stores a report, with times in seconds, as JSON has them.
func (w *world) put(r *v1alpha1.ZombieReport) error {
	w.writes++
	w.may()
	w.version++
	next := r.DeepCopy()
	next.ResourceVersion = fmt.Sprint(w.version)
	w.reports[keyOf(r)] = *next
	w.may()
	if w.lostAnswer != nil && w.lostAnswer(w.writes) {
		return apierrors.NewTimeoutError("no answer", 1)
	}
	*r = *next.DeepCopy()
	return nil
}

func (w *world) Delete(_ context.Context, r *v1alpha1.ZombieReport) error {
	delete(w.reports, keyOf(r))
	return nil
}

func keyOf(r *v1alpha1.ZombieReport) responder.Key {
	return responder.Key{Namespace: r.Namespace, Name: r.Name}
}

// channel is one whose queue ends with its process.
type channel struct {
	w       *world
	inbox   *[]delivered
	queue   []notice.Digest
	have    map[string]bool
	results []notice.Result
	// down says that nothing gets through, full that there is no room, failed why
	// nobody takes what is sent.
	down, full bool
	failed     string
}

func newChannel(w *world, inbox *[]delivered) *channel {
	return &channel{w: w, inbox: inbox, have: make(map[string]bool)}
}

func (c *channel) Tell(d notice.Digest) bool {
	c.w.may()
	if c.full {
		return false
	}
	if !c.have[d.ID] {
		c.have[d.ID] = true
		c.queue = append(c.queue, d)
	}
	c.w.may()
	return true
}

func (c *channel) Told() []notice.Result {
	results := c.results
	c.results = nil
	return results
}

// deliver sends what waits.
func (c *channel) deliver(now time.Time) {
	if c.down {
		return
	}
	for _, d := range c.queue {
		if c.failed == "" {
			c.w.may()
			got := delivered{id: d.ID, namespace: d.Namespace, at: now, to: d.To, items: make(map[string]string), again: make(map[string]bool)}
			for _, i := range d.Items {
				got.items[i.Report.Name] = i.Kind + " " + i.Severity
				got.again[i.Report.Name] = i.Again
			}
			*c.inbox = append(*c.inbox, got)
			c.w.may()
		}
		c.results = append(c.results, notice.Result{ID: d.ID, At: now, Failed: c.failed})
	}
	c.queue = nil
}

// office is a process: the responder's own publisher with a desk.
type office struct {
	*responder.Publisher
	w            *world
	state        *responder.State
	desk         *notice.Desk
	shelf        *alerts.Shelf // keeps alerts
	mail, events *channel
	now          time.Time
	settings     notice.Settings
	spaces       map[string]notice.Namespace
	turns        int // of this process
	every        time.Duration
}

// quick are settings that wait for nothing.
func quick() notice.Settings {
	s := notice.Default()
	s.Hold, s.Gather, s.Resolved.Settle, s.Pause = 0, 0, 0, time.Minute
	s.Platform = "platform@example.com"
	s.Domains = []string{"example.com"}
	return s
}

func newOffice(t *testing.T, w *world, now time.Time, settings notice.Settings) *office {
	t.Helper()
	o := &office{w: w, state: responder.NewState(), now: now, settings: settings, spaces: make(map[string]notice.Namespace), every: 5 * time.Second}
	o.mail, o.events = newChannel(w, &w.inbox), newChannel(w, &w.events)
	rules, faults := notice.New(settings)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	registry := prometheus.NewPedanticRegistry()
	metrics, err := notice.NewMetrics(registry, "mail", "events")
	if err != nil {
		t.Fatal(err)
	}
	o.desk = notice.NewDesk(notice.Options{
		Rules: func() *notice.Rules { return rules },
		Namespaces: func(name string) (notice.Namespace, bool) {
			space, ok := o.spaces[name]
			return space, ok || len(o.spaces) == 0
		},
		Channels: []notice.Named{{Name: "mail", Channel: o.mail}, {Name: "events", Channel: o.events, Contactless: true}},
		Metrics:  metrics,
	})
	counts, err := responder.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	turn := func(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
		o.turns++
		return o.shelf.Turn(now, stored)
	}
	o.shelf = alerts.NewShelf(o.desk.Turn)
	o.Publisher = responder.NewPublisher(w, o.state, responder.Desks{Notices: turn}, counts, 2*time.Minute, slog.New(slog.DiscardHandler))
	if err := o.Load(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	return o
}

// pass lets time go by: a turn every few seconds, a write four times a second.
func (o *office) pass(ctx context.Context, d time.Duration) {
	until := o.now.Add(d)
	for o.now.Before(until) {
		o.Plan(o.now)
		for range o.every / responder.Pace {
			o.Step(ctx, o.now)
			o.now = o.now.Add(responder.Pace)
		}
		o.mail.deliver(o.now)
		if o.turns%3 == 0 { // slower than mail
			o.events.deliver(o.now)
		}
	}
}

// has sets the pods of a node: names of Deployments and their zombies.
func (o *office) has(node, namespace string, zombies map[string]int32) {
	seen := responder.Outcome{Scanned: o.now}
	for name, n := range zombies {
		since := metav1.NewTime(o.now.Truncate(time.Second))
		seen.Sightings = append(seen.Sightings, responder.Sighting{
			Namespace: namespace, Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: name},
			Pod: v1alpha1.Pod{Name: name + "-1", UID: namespace + name, Node: node, Zombies: n, OldestSince: since, Containers: []v1alpha1.Container{}},
		})
	}
	o.state.Set(node, seen)
}

func (o *office) notice(t *testing.T, namespace, name string) *v1alpha1.Notice {
	t.Helper()
	r, ok := o.w.reports[responder.Key{Namespace: namespace, Name: name}]
	if !ok {
		t.Fatalf("no report %s/%s", namespace, name)
	}
	return r.Status.Notice
}
