package remedy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// TestActsAreBounded: a report remembers so many, of the refused the last one.
func TestActsAreBounded(t *testing.T) {
	s := Default()
	c, _ := s.Find(sick(), "uid-1", epoch())
	var done *v1alpha1.Remedy
	for i := range 3 * v1alpha1.MaxActs {
		c.Pod.UID = fmt.Sprint("uid-", i)
		now := epoch().Add(time.Duration(i) * time.Hour)
		before := done.DeepCopy()
		done = Add(done, NewAct(&c, epoch(), now))
		if got := Intended(done); got == nil || got.UID != c.Pod.UID || got != &done.Acts[0] {
			t.Fatalf("intended: %+v", got)
		}
		phase, why := PhaseEvicted, ""
		if i%3 == 0 {
			phase, why = PhaseRefused, strings.Repeat("\x1b\né", 300)
		}
		done = End(done, c.Pod.UID, phase, why, now.Add(time.Minute))
		if Intended(before) != nil {
			t.Error("what was handed in was changed")
		}
		refused := 0
		for _, a := range done.Acts {
			if a.Phase == PhaseRefused {
				refused++
			}
			if len(a.Reason) > 256 || strings.ContainsAny(a.Reason, "\x1b\n") {
				t.Errorf("reason %q", a.Reason)
			}
		}
		if len(done.Acts) > v1alpha1.MaxActs || refused > 1 {
			t.Fatalf("%d acts, %d refused", len(done.Acts), refused)
		}
	}
	if len(done.Acts) != v1alpha1.MaxActs {
		t.Errorf("%d acts", len(done.Acts))
	}
	at, ended := Last(done, done.Acts[0].UID)
	if want := done.Acts[1]; !at.Equal(want.At.Time) || !ended.Equal(want.EndedAt.Time) {
		t.Errorf("last %v %v, want %+v", at, ended, want)
	}
}

// TestOutdated: what was given up starts clean when nothing of it is left.
func TestOutdated(t *testing.T) {
	s, r := Default(), sick()
	c, _ := s.Find(r, "uid-1", epoch())
	if Outdated(r) {
		t.Error("without a stop")
	}
	r.Status.Remedy = WithStop(nil, s.Stop(&c, epoch()))
	if Outdated(r) {
		t.Error("the same image")
	}
	if n := len(r.Status.Remedy.Stopped.Reason); n > 256 {
		t.Errorf("the reason has %d bytes", n)
	}
	r.Status.Pods = append(r.Status.Pods, *r.Status.Pods[0].DeepCopy())
	r.Status.Pods[1].Containers[0].ImageID = "image-2"
	if Outdated(r) {
		t.Error("a rollout goes on")
	}
	r.Status.Pods = r.Status.Pods[1:]
	if !Outdated(r) {
		t.Error("another image")
	}
	r.Status.Pods[0].Containers[0].Name = "mesh"
	if Outdated(r) {
		t.Error("only a sidecar has zombies, just after a restart")
	}
	r.Status.Pods = nil
	if Outdated(r) {
		t.Error("nothing is known of the image")
	}
}
