package responder

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// TestDesks: what a desk wants is stored before other changes, stays with the
// report through all of them, and with whoever leads next; and a report that
// somebody waits for is not deleted.
func TestDesks(t *testing.T) {
	store := newMemory()
	key := types.NamespacedName{Namespace: "shop", Name: "deployment-web"}
	o := newOffice(t, store, epoch())
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now), sighted("shop", "api", "2", "n1", 5, o.now)))
	o.pass(time.Minute)

	pending := &v1alpha1.Notice{Pending: &v1alpha1.Digest{ID: "1", Kind: "Firing", At: metav1.NewTime(o.now)}}
	asked := 0
	o.desks.Notices = func(_ time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
		if asked++; len(stored) != 2 || stored[0].Name != "deployment-api" {
			t.Errorf("%d reports, the first of them %s", len(stored), stored[0].Name)
		}
		if stored[1].Status.Notice != nil {
			return nil
		}
		return map[types.NamespacedName]*v1alpha1.Notice{key: pending, {Namespace: "shop", Name: "nobody"}: pending}
	}
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now), sighted("shop", "api", "2", "n1", 500, o.now)))
	writes := store.writes
	o.Plan(o.now)
	o.Step(t.Context(), o.now)
	if n := o.report("deployment-web").Status.Notice; store.writes != writes+1 || n == nil || n.Pending.ID != "1" {
		t.Fatalf("%d writes, notice %+v; want it first", store.writes-writes, n)
	}
	o.state.Set("n1", outcome(o.now)) // the zombies are gone
	o.pass(time.Minute)
	if s := o.report("deployment-web").Status; s.Notice == nil || s.Summary.Zombies != 0 || asked < 10 {
		t.Fatalf("notice %+v, asked %d times", s.Notice, asked)
	}
	o = newOffice(t, store, o.now.Add(2*kept))
	o.pass(time.Minute)
	if n := o.report("deployment-web").Status.Notice; n == nil || n.Pending.ID != "1" {
		t.Fatalf("notice %+v after a new leader", n)
	}
	o.desks.Notices = func(time.Time, []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
		return map[types.NamespacedName]*v1alpha1.Notice{key: nil}
	}
	o.pass(time.Minute)
	if len(store.reports) != 0 {
		t.Errorf("%d reports are left", len(store.reports))
	}
}

// TestRemediesAreKept beside notices.
func TestRemediesAreKept(t *testing.T) {
	o := newOffice(t, newMemory(), epoch())
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now)))
	o.desks.Remedies = func(_ time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Remedy {
		wanted := make(map[types.NamespacedName]*v1alpha1.Remedy)
		for _, r := range stored {
			wanted[types.NamespacedName{Namespace: r.Namespace, Name: r.Name}] = &v1alpha1.Remedy{Acts: []v1alpha1.Act{{Pod: "web-1", UID: "1", Phase: "Intended"}}}
		}
		return wanted
	}
	o.pass(time.Minute)
	before := o.store.writes
	o.pass(time.Minute)
	if r := o.report("deployment-web").Status.Remedy; r == nil || r.Acts[0].UID != "1" || o.store.writes != before {
		t.Errorf("remedy %+v, %d writes of what is the same", r, o.store.writes-before)
	}

	// What is intended keeps a report whose zombies are long gone; what is over
	// does not.
	store := o.store
	o.state.Set("n1", outcome(o.now))
	o.pass(time.Minute)
	o = newOffice(t, store, o.now.Add(2*kept))
	o.pass(time.Minute)
	if r := o.report("deployment-web").Status.Remedy; r == nil || r.Acts[0].Phase != "Intended" {
		t.Fatalf("%+v", r)
	}
	o.desks.Remedies = func(time.Time, []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Remedy {
		return map[types.NamespacedName]*v1alpha1.Remedy{{Namespace: "shop", Name: "deployment-web"}: {Acts: []v1alpha1.Act{{Pod: "web-1", UID: "1", Phase: "Gone"}}}}
	}
	o.pass(time.Minute)
	if len(store.reports) != 0 {
		t.Errorf("%d reports are left", len(store.reports))
	}
}
