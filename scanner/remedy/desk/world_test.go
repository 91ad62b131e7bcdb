package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/remedy"
)

// errDead is what a leader hears that was killed.
var errDead = errors.New("the leader is dead")

// A world is a cluster with Deployments, each with pods that are sick from some
// time on, and the reports about them. Leaders come and go.
type world struct {
	t        *testing.T
	now      time.Time
	settings remedy.Settings
	kill     bool
	reports  []*v1alpha1.ZombieReport // as stored
	pods     []*pod
	told     map[string]int
	evicted  []*pod // that were alive before
	asked    int    // evictions, dry runs aside
	dryAsked int
	looked   int
	slow     time.Duration // until pods are ready
	relapse  time.Duration // how old pods are when they are sick; 0 for never
	refuses  string        // a namespace that asks for nothing
	answer   func(p *pod) (Answer, error)

	// The leader that works dies at its step number die: before it has an effect,
	// or after it and before the leader hears of it.
	steps int
	die   int
	late  bool
	dead  bool
}

type pod struct {
	namespace, owner, name, uid string
	created, ends               time.Time // ends is zero while it isn't asked to
	sick                        bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), settings: remedy.Default(), told: make(map[string]int), slow: 10 * time.Second}
	w.settings.Mode, w.settings.Hold = remedy.Evict, 5*time.Minute
	return w
}

// deployment adds one with sick pods.
func (w *world) deployment(namespace, name string, replicas int) {
	w.reports = append(w.reports, &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "deployment-" + name},
		Status:     v1alpha1.ZombieReportStatus{Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: name}},
	})
	for range replicas {
		w.pod(namespace, name).created = w.now.Add(-100 * time.Hour)
		w.pods[len(w.pods)-1].sick = true
	}
}

func (w *world) pod(namespace, owner string) *pod {
	n := len(w.pods)
	p := &pod{namespace: namespace, owner: owner, name: fmt.Sprint(owner, "-", n), uid: fmt.Sprint("uid-", n), created: w.now}
	w.pods = append(w.pods, p)
	return p
}

func (w *world) alive(p *pod) bool { return p.ends.IsZero() }
func (w *world) gone(p *pod) bool  { return !p.ends.IsZero() && w.now.Sub(p.ends) > time.Minute }

// step is a thing that a leader does; done is its effect.
func (w *world) step(done func()) error {
	if w.dead {
		return errDead
	}
	w.steps++
	if w.steps == w.die {
		w.dead = true
		if w.late {
			done()
		}
		return errDead
	}
	done()
	return nil
}

// Facts implements Cluster.
func (w *world) Facts(_ context.Context, t Target) (remedy.Facts, error) {
	var f remedy.Facts
	err := w.step(func() { w.looked++; f = w.facts(t) })
	return f, err
}

func (w *world) facts(t Target) remedy.Facts {
	f := remedy.Facts{Label: "evict", Owner: &remedy.Owner{Kind: "Deployment", Name: t.Workload.Name, Steady: true}}
	if t.Namespace == w.refuses {
		f.Label = ""
	}
	for _, p := range w.pods {
		if p.namespace != t.Namespace || p.owner != t.Workload.Name || w.gone(p) {
			continue
		}
		created := metav1.NewTime(p.created)
		ready := metav1.NewTime(p.created.Add(w.slow))
		if w.alive(p) {
			f.Owner.Wanted++
			f.Owner.Ready++
			if !t.Since.IsZero() && !p.created.Before(t.Since) {
				f.Young = append(f.Young, remedy.Replica{Name: p.name, ReadySince: ready.Time})
			}
		}
		if p.uid != t.UID {
			continue
		}
		f.Pod = &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: p.name, UID: types.UID(p.uid), CreationTimestamp: created},
			Status: corev1.PodStatus{
				Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: ready}},
				ContainerStatuses: []corev1.ContainerStatus{{Name: "app", ImageID: "image", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: created}}}},
			},
		}
		if !w.alive(p) {
			at := metav1.NewTime(p.ends)
			f.Pod.DeletionTimestamp = &at
			if slices.Contains(w.evicted, p) {
				f.Pod.Status.Conditions = append(f.Pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI"})
			}
		}
	}
	return f
}

// Evict implements Cluster.
func (w *world) Evict(_ context.Context, t Target, dryRun bool) (Answer, error) {
	var a Answer
	var failed error
	err := w.step(func() {
		i := slices.IndexFunc(w.pods, func(p *pod) bool { return p.uid == t.UID && !w.gone(p) })
		if dryRun {
			w.dryAsked++
		} else {
			w.asked++
		}
		if i < 0 {
			a.Reason = remedy.PodGone
			return
		}
		p := w.pods[i]
		if w.answer != nil {
			if a, failed = w.answer(p); failed != nil || a.Reason != "" {
				return
			}
		}
		if !dryRun && w.alive(p) {
			w.evicted = append(w.evicted, p)
			p.ends = w.now
			w.pod(p.namespace, p.owner)
		}
	})
	return a, errors.Join(err, failed)
}

// Tell implements Recorder, as the API server does: names are taken once.
func (w *world) Tell(_ context.Context, e Event) error {
	return w.step(func() { w.told[e.id()]++ })
}

// leader is a new one.
func (w *world) leader() *Desk {
	w.steps, w.die, w.dead = 0, 0, false
	m, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		w.t.Fatal(err)
	}
	return New(Options{
		Cluster: w, Recorder: w, Settings: func() remedy.Settings { return w.settings }, KillSwitch: func() bool { return w.kill },
		Own: []string{"initguard-system"}, Metrics: m, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now },
	})
}

// observe brings the reports up to date with the pods.
func (w *world) observe() {
	for _, r := range w.reports {
		s := &r.Status
		s.LastSeen, s.Pods = metav1.NewTime(w.now), nil
		for _, p := range w.pods {
			if w.relapse > 0 && w.now.Sub(p.created) >= w.relapse {
				p.sick = true
			}
			if p.namespace != r.Namespace || p.owner != s.Workload.Name || w.gone(p) || !p.sick {
				continue
			}
			s.Pods = append(s.Pods, v1alpha1.Pod{Name: p.name, UID: p.uid, Node: "node-1", Zombies: 2000, Containers: []v1alpha1.Container{{
				Name: "app", ImageID: "image", ArgvHash: "argv", Zombies: 2000, OldestSince: metav1.NewTime(p.created.Add(time.Minute)),
				Causes: []v1alpha1.Cause{{Cause: string(scanner.PID1NotReaping), Zombies: 2000}},
			}}})
		}
	}
}

// turn is a turn of a leader, the writes of its reports, and all that its
// workers do then.
func (w *world) turn(d *Desk) {
	w.observe()
	stored := make([]*v1alpha1.ZombieReport, len(w.reports))
	for i, r := range w.reports {
		stored[i] = r.DeepCopy() // What a desk keeps doesn't change.
	}
	wanted := d.Turn(w.now, stored)
	for _, r := range w.reports {
		if next, ok := wanted[keyOf(r)]; ok {
			if w.step(func() { r.Status.Remedy = next.DeepCopy() }) != nil {
				return
			}
		}
	}
	for {
		select {
		case j := <-d.carry:
			d.work(w.t.Context(), j)
		case j := <-d.looks:
			d.work(w.t.Context(), j)
		case e := <-d.tells:
			d.tell(w.t.Context(), e)
		default:
			return
		}
	}
}

// pass lets time pass with a leader, until it dies, and says whether it lived.
func (w *world) pass(d *Desk, span time.Duration) bool {
	for end := w.now.Add(span); w.now.Before(end) && !w.dead; w.now = w.now.Add(30 * time.Second) {
		w.turn(d)
	}
	return !w.dead
}

func (w *world) acts() []v1alpha1.Act {
	var all []v1alpha1.Act
	for _, r := range w.reports {
		if r.Status.Remedy != nil {
			all = append(all, r.Status.Remedy.Acts...)
		}
	}
	return all
}
