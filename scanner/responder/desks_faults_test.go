package responder

import (
	"context"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// strict refuses what the schema of reports refuses of a notice.
type strict struct{ *memory }

func (s strict) Update(ctx context.Context, r *v1alpha1.ZombieReport) error {
	if n := r.Status.Notice; n != nil && n.Pending != nil && len(n.Pending.ID) > 64 {
		return apierrors.NewInvalid(schema.GroupKind{Group: "initguard.dev", Kind: "ZombieReport"}, r.Name, nil)
	}
	return s.memory.Update(ctx, r)
}

// wants is a desk that wants one notice for one report, whatever is stored.
func wants(name string, n *v1alpha1.Notice) func(time.Time, []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
	return func(time.Time, []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
		return map[types.NamespacedName]*v1alpha1.Notice{{Namespace: "shop", Name: name}: n}
	}
}

// TestRefusedNoticeHoldsUpNoReport: what a desk wants and the API server refuses
// is left out, so that the report still says how many zombies there are.
func TestRefusedNoticeHoldsUpNoReport(t *testing.T) {
	store := newMemory()
	o := newOffice(t, store, epoch())
	o.Publisher.store = strict{store}
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now)))
	o.pass(time.Minute)
	o.desks.Notices = wants("deployment-web", &v1alpha1.Notice{Pending: &v1alpha1.Digest{ID: strings.Repeat("x", 65), Kind: "Firing", At: metav1.NewTime(o.now)}})
	o.pass(time.Minute)
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 500, o.now)))
	o.pass(failMost + time.Minute)
	if n := o.report("deployment-web").Status.Summary.Zombies; n != 500 {
		t.Errorf("%d zombies are reported, want 500", n)
	}
	o.desks.Notices = wants("deployment-web", &v1alpha1.Notice{Pending: &v1alpha1.Digest{ID: "1", Kind: "Firing", At: metav1.NewTime(o.now)}})
	o.pass(2*failMost + time.Minute)
	if n := o.report("deployment-web").Status.Notice; n == nil || n.Pending.ID != "1" {
		t.Errorf("notice %+v, want the one that can be stored", n)
	}
}

// TestNoticesAreStoredOnce: times that the API server cuts to seconds are no
// change.
func TestNoticesAreStoredOnce(t *testing.T) {
	o := newOffice(t, newMemory(), epoch())
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now)))
	o.pass(time.Minute)
	at := metav1.NewTime(o.now.Add(123 * time.Millisecond))
	o.desks.Notices = wants("deployment-web", &v1alpha1.Notice{Since: &at, Pending: &v1alpha1.Digest{ID: "1", Kind: "Firing", At: at}})
	o.pass(time.Minute)
	before := o.store.writes
	if n := o.report("deployment-web").Status.Notice; n == nil || n.Since.Nanosecond() != 0 {
		t.Fatalf("notice %+v, want times in seconds", n)
	}
	if o.pass(time.Minute); o.store.writes != before {
		t.Errorf("%d writes of the same notice", o.store.writes-before)
	}
}

// TestReportOfAnIntendedEvictionStays: whoever goes on after a crash has to find
// it.
func TestReportOfAnIntendedEvictionStays(t *testing.T) {
	store := newMemory()
	o := newOffice(t, store, epoch())
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now)))
	phase := "Intended"
	o.desks.Remedies = func(time.Time, []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Remedy {
		return map[types.NamespacedName]*v1alpha1.Remedy{{Namespace: "shop", Name: "deployment-web"}: {Acts: []v1alpha1.Act{{Pod: "web-1", UID: "1", Phase: phase}}}}
	}
	o.pass(time.Minute)
	o.state.Set("n1", outcome(o.now))
	o.pass(time.Minute)
	o.now = o.now.Add(2 * kept)
	o.pass(time.Minute)
	o.report("deployment-web")
	phase = "Gone"
	o.pass(time.Minute)
	if len(store.reports) != 0 {
		t.Errorf("%d reports are left", len(store.reports))
	}
}
