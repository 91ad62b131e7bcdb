package responder

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/scanner"
)

// TestTwoLeaders: one of two works. When it goes, the other one goes on where
// it was: a node that doesn't answer in between keeps what it said.
func TestTwoLeaders(t *testing.T) {
	namespace(t, "leaders")
	first := shared.run(t, "leader-1")
	eventually(t, 20*time.Second, "the first one leads", func() error { return leads(t.Context(), first) })
	second := shared.run(t, "leader-2")

	silent, talking := &machine{name: "node-silent"}, &machine{name: "node-talking"}
	one := newPod(t, statefulSet(t, "leaders", "one"), silent.name, containerID(11))
	two := newPod(t, statefulSet(t, "leaders", "two"), talking.name, containerID(12))
	silent.say(zombies{string(one.UID), containerID(11), scanner.PID1NotReaping, 20})
	talking.say(zombies{string(two.UID), containerID(12), scanner.PID1NotReaping, 20})
	stop := silent.serve(t)
	talking.serve(t)
	counted := func(name string, want int32) func() error {
		return func() error {
			r, err := report(t, "leaders", name)
			if err == nil && r.Status.Summary.Zombies != want {
				err = fmt.Errorf("%+v", r.Status.Summary)
			}
			return err
		}
	}
	eventually(t, 20*time.Second, "the first report", counted("statefulset-one", 20))
	eventually(t, 20*time.Second, "the second report", counted("statefulset-two", 20))
	before, err := report(t, "leaders", "statefulset-one")
	if err != nil {
		t.Fatal(err)
	}

	stop()
	if err := first.process.Stop(); err != nil {
		t.Fatal(err)
	}
	talking.say(zombies{string(two.UID), containerID(12), scanner.PID1NotReaping, 60})
	eventually(t, 30*time.Second, "the second one goes on", counted("statefulset-two", 60))
	if err := leads(t.Context(), second); err != nil {
		t.Error(err)
	}
	after, err := report(t, "leaders", "statefulset-one")
	if err != nil {
		t.Fatal(err)
	}
	if after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the report of the node that is silent was written: %+v", after.Status)
	}
	// Its pod is deleted: the API server knows, even where the node is silent.
	if err := shared.admin.Delete(t.Context(), one, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the pod of the silent node is out", counted("statefulset-one", 0))
}

// leads says whether a replica works: it tells how many nodes there are.
func leads(ctx context.Context, r *replica) error {
	text, err := r.scrape(ctx)
	if err == nil && !strings.Contains(text, "initguard_scanner_nodes{") {
		err = fmt.Errorf("it does not lead:\n%s", text)
	}
	return err
}
