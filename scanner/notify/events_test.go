package notify

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
)

// writer answers in turn, and takes what comes then.
type writer struct {
	mu      sync.Mutex
	answers []error
	tries   int
	events  map[string]*eventsv1.Event
}

func (w *writer) Create(_ context.Context, e *eventsv1.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries++
	if len(w.answers) > 0 {
		err := w.answers[0]
		w.answers = w.answers[1:]
		if err != nil {
			return err
		}
	}
	if w.events[e.Name] != nil {
		return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "events"}, e.Name)
	}
	w.events[e.Name] = e
	return nil
}

func (w *writer) all() []*eventsv1.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*eventsv1.Event
	for _, e := range w.events {
		out = append(out, e)
	}
	return out
}

type cluster struct{ err error }

func (c cluster) Pod(_ context.Context, namespace, name, uid string) (*corev1.Pod, error) {
	p := &corev1.Pod{}
	p.Namespace, p.Name = namespace, name
	if uid != "u-0" {
		return nil, c.err
	}
	return p, c.err
}

func (c cluster) Owner(context.Context, *corev1.Pod) (*metav1.OwnerReference, error) {
	return &metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web", UID: "w-1"}, c.err
}

func newEvents(t *testing.T, w *writer, change ...func(*EventOptions)) (*Events, *rig) {
	t.Helper()
	w.events = make(map[string]*eventsv1.Event)
	r := &rig{log: &logs{}, metrics: prometheus.NewRegistry()}
	counts, err := NewMetrics(r.metrics)
	if err != nil {
		t.Fatal(err)
	}
	o := EventOptions{
		Settings: DefaultEvents(), Writer: w, Pods: cluster{}, Owners: cluster{}, Instance: "responder-0", Metrics: counts,
		Log: slog.New(slog.NewTextHandler(r.log, nil)), Now: time.Now,
	}
	o.Settings.PerSecond = 100
	for _, f := range change {
		f(&o)
	}
	e, err := NewEvents(o)
	if err != nil {
		t.Fatal(err)
	}
	e.again, e.againMost = time.Millisecond, 10*time.Millisecond
	runs(t, e.Run)
	return e, r
}

func status(code int32, reason metav1.StatusReason) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: "no"}}
}

func TestEventAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answers []error
		tries   int
		failed  string
	}{
		"at once":         {nil, 1, ""},
		"after failures":  {[]error{status(500, ""), status(429, ""), errors.New("connection refused")}, 4, ""},
		"told before":     {[]error{status(409, metav1.StatusReasonAlreadyExists)}, 1, ""},
		"no right":        {[]error{status(403, metav1.StatusReasonForbidden)}, 1, "may this ServiceAccount create events"},
		"invalid":         {[]error{status(422, metav1.StatusReasonInvalid)}, 1, "no"},
		"namespace gone":  {[]error{status(404, metav1.StatusReasonNotFound)}, 1, "no"},
		"being shut down": {[]error{status(503, "")}, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &writer{answers: tc.answers}
			e, r := newEvents(t, w)
			e.Tell(digest("d1", "a@example.org"))
			got := results(t, e, 1)
			if (got[0].Failed == "") != (tc.failed == "") || !strings.Contains(got[0].Failed, tc.failed) || w.tries != tc.tries {
				t.Errorf("%+v after %d tries\n%s", got, w.tries, r.log)
			}
			if r.counter(t, "initguard_notice_queue", "events") != 0 {
				t.Error("it still waits")
			}
		})
	}
}

// TestEvents: one a workload, on the workload, once, and one that can't be
// written is none the fewer for the others.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := &writer{}
	e, _ := newEvents(t, w)
	d := digest("d1", "a@example.org")
	gone := d.Items[0].Report.DeepCopy()
	gone.Name, gone.Status.Workload.Name, gone.Status.Pods, gone.Status.Summary.Zombies = "deployment-old", "old", nil, 0
	d.Items = append(d.Items, notice.Item{Report: gone, Kind: "Resolved", Since: time.Now().Add(-time.Hour)})
	e.Tell(d)
	results(t, e, 1)
	e2, _ := newEvents(t, &writer{}) // the next leader
	e2.o.Writer = w
	e2.Tell(d)
	if got := results(t, e2, 1); got[0].Failed != "" {
		t.Errorf("again: %+v", got)
	}
	all := w.all()
	if len(all) != 2 {
		t.Fatalf("%d Events", len(all))
	}
	for _, ev := range all {
		if len(validation.IsDNS1123Subdomain(ev.Name)) > 0 || ev.Namespace != "shop" || ev.Regarding.APIVersion != "apps/v1" || ev.Regarding.Kind != "Deployment" || ev.Related.UID != "r-1" {
			t.Errorf("%+v", ev)
		}
		switch ev.Regarding.Name {
		case "web":
			if ev.Type != corev1.EventTypeWarning || ev.Reason != reasonZombies || ev.Regarding.UID != "w-1" || !strings.Contains(ev.Note, "341 zombies in 1 pod since") || !strings.Contains(ev.Note, "PID 1 is node") {
				t.Errorf("%+v", ev)
			}
		case "old":
			if ev.Type != corev1.EventTypeNormal || ev.Reason != reasonGone || ev.Regarding.UID != "" || !strings.Contains(ev.Note, "no zombies since") {
				t.Errorf("%+v", ev)
			}
		}
	}
}

// TestRegarding: the Event is on what people look at.
func TestRegarding(t *testing.T) {
	t.Parallel()
	e, _ := newEvents(t, &writer{})
	for name, tc := range map[string]struct {
		change func(*v1alpha1.ZombieReport)
		want   string
	}{
		"workload":                            {func(*v1alpha1.ZombieReport) {}, "apps/v1 Deployment web w-1"},
		"no zombies any more, UID remembered": {func(r *v1alpha1.ZombieReport) { r.Status.Pods = nil }, "apps/v1 Deployment web w-1"},
		"pod":                                 {func(r *v1alpha1.ZombieReport) { r.Status.Workload = v1alpha1.Workload{Kind: "Pod", Name: "web-0"} }, "v1 Pod web-0 u-0"},
		"pods that nothing owns":              {func(r *v1alpha1.ZombieReport) { r.Status.Workload = v1alpha1.Workload{Kind: "Pod", Name: "run-*"} }, "v1 Pod web-0 u-0"},
		"such pods, gone": {func(r *v1alpha1.ZombieReport) {
			r.Status.Workload, r.Status.Pods = v1alpha1.Workload{Kind: "Pod", Name: "run-*"}, nil
		}, "initguard.dev/v1alpha1 ZombieReport deployment-web r-1"},
		"another owner": {func(r *v1alpha1.ZombieReport) { r.Status.Workload.Name = "other" }, "apps/v1 Deployment other "},
		"own kind": {func(r *v1alpha1.ZombieReport) {
			r.Status.Workload = v1alpha1.Workload{Group: "example.org", Kind: "Thing", Name: "a"}
		}, "example.org/v1 Thing a "},
	} {
		e.regarding(t.Context(), digest("d1").Items[0].Report)
		r := digest("d1").Items[0].Report
		tc.change(r)
		ref := e.regarding(t.Context(), r)
		if got := strings.Join([]string{ref.APIVersion, ref.Kind, ref.Name, string(ref.UID)}, " "); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestEventIsValid: whatever names are in a report, the Event is one that the API
// server takes.
func TestEventIsValid(t *testing.T) {
	t.Parallel()
	e, _ := newEvents(t, &writer{}, func(o *EventOptions) { o.Instance = strings.Repeat("ü", 100) })
	names := make(map[string]bool)
	for _, name := range []string{"a", strings.Repeat("a", 253), strings.Repeat("a", 179) + "." + strings.Repeat("b", 70), strings.Repeat("a", 179) + "." + strings.Repeat("b", 71)} {
		r := digest("d1").Items[0].Report
		r.Name = name
		c := &r.Status.Pods[0].Containers[0]
		c.Causes[0].Parent = strings.Repeat("\n\u202e日", 200)
		ev := e.build(t.Context(), r, "id", "R", "Normal", strings.Repeat("\x00ü", 3000))
		for _, ev := range []*eventsv1.Event{ev, e.event(t.Context(), digest("d1"), notice.Item{Report: r, Kind: notice.KindFiring})} {
			if len(validation.IsDNS1123Subdomain(ev.Name)) > 0 || names[ev.Name] {
				t.Errorf("name %q", ev.Name)
			}
			names[ev.Name] = true
			if len(ev.Note) > maxNote || !utf8.ValidString(ev.Note) || strings.ContainsAny(ev.Note, "\n\x00\u202e") || len(ev.ReportingInstance) > maxInstance {
				t.Errorf("%d bytes of note: %q", len(ev.Note), ev.Note)
			}
		}
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	w := &writer{}
	e, r := newEvents(t, w)
	report := digest("d1").Items[0].Report
	for range 2 {
		if err := e.Record(t.Context(), report, "act-1", "EvictedForZombies", corev1.EventTypeNormal, "evicted web-0"); err != nil {
			t.Fatal(err)
		}
	}
	w.answers = []error{status(403, metav1.StatusReasonForbidden)}
	if err := e.Record(t.Context(), report, "act-2", "EvictedForZombies", corev1.EventTypeNormal, "x"); err == nil {
		t.Error("no error")
	}
	if len(w.all()) != 1 || r.counter(t, "initguard_notice_events_total", "there") != 1 || r.counter(t, "initguard_notice_events_total", "failed") != 1 {
		t.Errorf("%+v", w.all())
	}
}

// TestEventsFull: no digest is taken where there is no room.
func TestEventsFull(t *testing.T) {
	t.Parallel()
	blocked := make([]error, 1000)
	for n := range blocked {
		blocked[n] = status(503, "")
	}
	e, r := newEvents(t, &writer{answers: blocked}, func(o *EventOptions) { o.Settings.Queue = 2 })
	for n, id := range []string{"a", "b", "c"} {
		if got := e.Tell(digest(id)); got != (n < 2) {
			t.Errorf("%s: %v", id, got)
		}
	}
	if r.counter(t, "initguard_notice_queue_full_total", "events") != 1 {
		t.Error("not counted")
	}
}
