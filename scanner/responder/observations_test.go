package responder

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// TestObservations: each cause has its own number and its own times, and a
// container with other probes is another one.
func TestObservations(t *testing.T) {
	pod := func(exec string, orphans, own int32) v1alpha1.Pod {
		c := v1alpha1.Container{Name: "app", ImageID: "image", ArgvHash: "argv", ExecHash: exec, Zombies: orphans + own}
		for _, cause := range []v1alpha1.Cause{
			{Cause: "ParentNotWaiting", Parent: "worker", Zombies: own}, {Cause: "PID1NotReaping", Parent: "node", Zombies: orphans}, {Cause: "PID1NotReaping", Parent: "npm", Zombies: orphans},
		} {
			if cause.Zombies > 0 {
				c.Causes = append(c.Causes, cause)
			}
		}
		return v1alpha1.Pod{Containers: []v1alpha1.Container{c}}
	}
	find := func(all []v1alpha1.Observation, exec, cause string) *v1alpha1.Observation {
		var found *v1alpha1.Observation
		for i := range all {
			if o := &all[i]; o.ExecHash == exec && o.Cause == cause {
				if found != nil {
					t.Fatalf("twice: %+v", all)
				}
				found = o
			}
		}
		return found
	}
	first, second := metav1.NewTime(epoch()), metav1.NewTime(epoch().Add(time.Hour))
	before := &v1alpha1.ZombieReportStatus{Observations: observations(nil, []v1alpha1.Pod{pod("shell", 0, 5000)}, first)}
	after := observations(before, []v1alpha1.Pod{pod("shell", 1, 40), pod("shell", 3, 0), pod("none", 0, 7)}, second)
	if o := find(after, "shell", "PID1NotReaping"); o == nil || o.MostZombies != 6 || !o.FirstSeen.Equal(&second) || o.Parent != "node" {
		t.Errorf("orphans: %+v", o)
	}
	if o := find(after, "shell", "ParentNotWaiting"); o == nil || o.MostZombies != 5000 || !o.FirstSeen.Equal(&first) || !o.LastSeen.Equal(&second) {
		t.Errorf("a program's own: %+v", o)
	}
	if o := find(after, "none", "ParentNotWaiting"); o == nil || o.MostZombies != 7 || len(after) != 3 {
		t.Errorf("with another probe: %+v", after)
	}
}
