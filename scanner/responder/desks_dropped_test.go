package responder

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// former is an API server whose CRD is of a time before notices: it drops them.
type former struct{ *memory }

func (f former) Update(ctx context.Context, r *v1alpha1.ZombieReport) error {
	r.Status.Notice, r.Status.Remedy = nil, nil
	return f.memory.Update(ctx, r)
}

// TestCRDOfAFormerVersion: what it drops is not written again and again, the
// zombies are still reported, and the log says what to do, once.
func TestCRDOfAFormerVersion(t *testing.T) {
	store := newMemory()
	o := newOffice(t, store, epoch())
	var log bytes.Buffer
	o.Publisher.store, o.log = former{store}, slog.New(slog.NewTextHandler(&log, nil))
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now)))
	o.pass(time.Minute)
	o.desks.Notices = wants("deployment-web", &v1alpha1.Notice{Pending: &v1alpha1.Digest{ID: "1", Kind: "Firing", At: metav1.NewTime(o.now)}})
	before := store.writes
	o.pass(5 * time.Minute)
	if n := store.writes - before; n > 3 {
		t.Errorf("%d writes in five minutes", n)
	}
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 500, o.now)))
	o.pass(time.Minute)
	if n := o.report("deployment-web").Status.Summary.Zombies; n != 500 {
		t.Errorf("%d zombies are reported, want 500", n)
	}
	if n := strings.Count(log.String(), "apply its new version"); n != 1 {
		t.Errorf("said %d times: %s", n, log.String())
	}
	o.Publisher.store = store // the new CRD
	o.pass(2 * failMost)
	if n := o.report("deployment-web").Status.Notice; n == nil || n.Pending.ID != "1" {
		t.Errorf("notice %+v, want the one that can be stored now", n)
	}
}
