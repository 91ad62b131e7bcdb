package responder

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// epoch is when tests begin.
func epoch() time.Time { return time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func counts(t *testing.T) *Metrics {
	t.Helper()
	m, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// memory is a store as the API server is one: it knows versions, and refuses
// what is not the newest.
type memory struct {
	mu      sync.Mutex
	version int
	reports map[Key]v1alpha1.ZombieReport
	// fail is the error of the next writes, when set.
	fail   error
	writes int
}

func newMemory() *memory { return &memory{reports: make(map[Key]v1alpha1.ZombieReport)} }

func (m *memory) List(context.Context) ([]v1alpha1.ZombieReport, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []v1alpha1.ZombieReport
	for _, r := range m.reports {
		all = append(all, *r.DeepCopy())
	}
	return all, nil
}

func (m *memory) Get(_ context.Context, k Key) (*v1alpha1.ZombieReport, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.reports[k]
	if !ok {
		return nil, apierrors.NewNotFound(v1alpha1.Resource().GroupResource(), k.Name)
	}
	return r.DeepCopy(), nil
}

func (m *memory) Create(_ context.Context, r *v1alpha1.ZombieReport) error {
	return m.write(r, func(old v1alpha1.ZombieReport, there bool) error {
		if there {
			return apierrors.NewAlreadyExists(v1alpha1.Resource().GroupResource(), old.Name)
		}
		m.version++
		r.UID = types.UID(fmt.Sprint(m.version))
		return nil
	})
}

func (m *memory) Update(_ context.Context, r *v1alpha1.ZombieReport) error {
	return m.write(r, func(old v1alpha1.ZombieReport, there bool) error {
		switch {
		case !there:
			return apierrors.NewNotFound(v1alpha1.Resource().GroupResource(), r.Name)
		case old.ResourceVersion != r.ResourceVersion:
			return apierrors.NewConflict(v1alpha1.Resource().GroupResource(), r.Name, nil)
		}
		return nil
	})
}

func (m *memory) write(r *v1alpha1.ZombieReport, check func(old v1alpha1.ZombieReport, there bool) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.fail != nil {
		return m.fail
	}
	old, there := m.reports[keyOf(r)]
	if err := check(old, there); err != nil {
		return err
	}
	m.version++
	r.ResourceVersion = fmt.Sprint(m.version)
	*r = *asStored(r) // as it goes through the wire
	m.reports[keyOf(r)] = *r.DeepCopy()
	return nil
}

func (m *memory) Delete(_ context.Context, r *v1alpha1.ZombieReport) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.fail != nil {
		return m.fail
	}
	if old, there := m.reports[keyOf(r)]; !there || old.ResourceVersion != r.ResourceVersion {
		return apierrors.NewConflict(v1alpha1.Resource().GroupResource(), r.Name, nil)
	}
	delete(m.reports, keyOf(r))
	return nil
}

// drop deletes a report as an administrator would.
func (m *memory) drop(k Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.reports, k)
}

// sighted is a pod of a Deployment with one container and so many zombies.
func sighted(namespace, deployment, uid, node string, zombies int32, at time.Time) Sighting {
	rate := float64(zombies)
	since := metav1.NewTime(at.Add(-time.Hour))
	return Sighting{
		Namespace: namespace, Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: deployment}, PerHour: &rate,
		Pod: v1alpha1.Pod{
			Name: deployment + "-" + uid, UID: uid, Node: node, Zombies: zombies, OldestSince: since, PerHour: rounded(&rate),
			Containers: []v1alpha1.Container{{
				Name: "app", ImageID: "image@sha256:1", ArgvHash: "0123456789abcdef", Zombies: zombies, OldestSince: since,
				Causes: []v1alpha1.Cause{{
					Cause: "PID1NotReaping", Parent: "sleep", ParentPID: 1, Parents: 1, Zombies: zombies, OldestSince: since,
					Children: []v1alpha1.Children{{Name: "sh", Count: zombies}},
				}},
			}},
		},
	}
}

func outcome(at time.Time, s ...Sighting) Outcome { return Outcome{Sightings: s, Scanned: at} }
