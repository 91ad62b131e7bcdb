package desk

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner/remedy"
)

// TestRefusals: what is refused is asked for later and later, is stored once,
// and a namespace without the right is left alone as a whole.
func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		answer    Answer
		workloads int
		least     int
		most      int // requests in three hours
	}{
		"disruption budget":           {Answer{Reason: remedy.DisruptionBudget, Detail: "needs 2 healthy pods"}, 1, 4, 8},
		"disruption budget, long":     {Answer{Reason: remedy.DisruptionBudget, After: time.Hour}, 1, 3, 3},
		"no right":                    {Answer{Reason: remedy.NoRight}, 20, 6, 60},
		"refused by somebody's rules": {Answer{Reason: remedy.NotAllowed}, 1, 4, 8},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i := range test.workloads {
				w.deployment("shop", fmt.Sprint("web-", i), 2)
			}
			w.answer = func(*pod) (Answer, error) { return test.answer, nil }
			w.pass(w.leader(), 3*time.Hour)
			if w.dryAsked < test.least || w.dryAsked > test.most || w.asked != 0 {
				t.Errorf("asked %d times, want %d to %d; in earnest %d times", w.dryAsked, test.least, test.most, w.asked)
			}
			acts := w.acts()
			if len(acts) == 0 || len(acts) > test.workloads {
				t.Errorf("%d acts", len(acts))
			}
			for _, a := range acts {
				if a.Phase != remedy.PhaseRefused || a.Reason != test.answer.Reason.Text() || a.EndedAt == nil {
					t.Errorf("%+v", a)
				}
			}
		})
	}
}

// TestRefusedInEarnest: a disruption budget that allowed it a moment ago.
func TestRefusedInEarnest(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	w.answer = func(*pod) (Answer, error) {
		if w.asked > 0 {
			return Answer{Reason: remedy.DisruptionBudget}, nil
		}
		return Answer{}, nil
	}
	d := w.leader()
	w.pass(d, 7*time.Minute)
	if a := w.acts(); len(a) != 1 || a[0].Phase != remedy.PhaseRefused || w.asked != 1 {
		t.Errorf("asked %d: %+v", w.asked, a)
	}
	w.answer = nil
	w.pass(d, 30*time.Minute)
	if a := w.acts(); len(a) != 1 || a[0].Phase != remedy.PhaseEvicted || len(w.evicted) != 1 {
		t.Errorf("%+v", a)
	}
}

// TestNoAnswer: an API server that gives none is asked again, later and later;
// the act stays intended and is done in the end.
func TestNoAnswer(t *testing.T) {
	w := newWorld(t)
	w.deployment("shop", "web", 2)
	down := errors.New("no route to host")
	w.answer = func(*pod) (Answer, error) {
		if w.asked > 0 {
			return Answer{}, down
		}
		return Answer{}, nil
	}
	d := w.leader()
	w.pass(d, time.Hour)
	if a := w.acts(); len(a) != 1 || a[0].Phase != remedy.PhaseIntended {
		t.Fatalf("%+v", a)
	}
	if w.asked < 5 || w.asked > 25 {
		t.Errorf("asked %d times in an hour", w.asked)
	}
	w.answer = nil
	w.pass(d, 10*time.Minute)
	if a := w.acts(); len(a) != 1 || a[0].Phase != remedy.PhaseEvicted || len(w.evicted) != 1 {
		t.Errorf("%+v", a)
	}
}

// TestLostAnswer: the pod was evicted, and the answer lost; it is gone when the
// same leader looks, and that leader knows why.
func TestLostAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		tried bool
		want  string
	}{"our own": {true, remedy.PhaseEvicted}, "somebody else's": {false, remedy.PhaseGone}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deployment("shop", "web", 2)
			d := w.leader()
			for len(w.acts()) == 0 {
				w.turnWithoutWork(d)
				w.now = w.now.Add(30 * time.Second)
			}
			for _, p := range w.pods {
				if p.uid == w.acts()[0].UID {
					p.ends = w.now
				}
			}
			d.memory.tried[w.acts()[0].UID] = test.tried
			w.turn(d)
			w.turn(d)
			if a := w.acts(); len(a) != 1 || a[0].Phase != test.want || w.asked != 0 {
				t.Errorf("asked %d: %+v", w.asked, a)
			}
		})
	}
}
