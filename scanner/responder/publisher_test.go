package responder

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// office is a publisher with its state, its store and a clock.
type office struct {
	*Publisher
	t     *testing.T
	state *State
	store *memory
	now   time.Time
}

func newOffice(t *testing.T, store *memory, now time.Time) *office {
	t.Helper()
	state := NewState()
	o := &office{Publisher: NewPublisher(store, state, Desks{}, counts(t), 2*time.Minute, quiet()), t: t, state: state, store: store, now: now}
	if err := o.Load(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	return o
}

// pass lets time pass as Responder does.
func (o *office) pass(d time.Duration) {
	o.t.Helper()
	for end := o.now.Add(d); o.now.Before(end); o.now = o.now.Add(planEvery) {
		o.Plan(o.now)
		for at := time.Duration(0); at < planEvery; at += Pace {
			o.Step(o.t.Context(), o.now.Add(at))
		}
	}
}

func (o *office) report(name string) *v1alpha1.ZombieReport {
	o.t.Helper()
	r, err := o.store.Get(o.t.Context(), Key{"shop", name})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

// TestLifeOfAReport goes from the first zombie to the end of the report, a month
// after the last one.
func TestLifeOfAReport(t *testing.T) {
	o := newOffice(t, newMemory(), epoch())
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, o.now)))
	o.pass(time.Minute)
	r := o.report("deployment-web")
	if r.Status.Summary.Zombies != 5 || !r.Status.FirstSeen.Time.Equal(epoch()) || r.Status.Summary.PerHour != "5" {
		t.Fatalf("%+v", r.Status)
	}
	o.state.Set("n1", outcome(o.now))
	o.pass(time.Minute)
	gone := o.report("deployment-web").Status
	if gone.Summary.Zombies != 0 || len(gone.Pods) != 0 || gone.Summary.Cause != "PID1NotReaping" || gone.Summary.PerHour != "-" ||
		len(gone.History) != 1 || gone.History[0].To == nil || gone.History[0].MostZombies != 5 {
		t.Fatalf("%+v", gone)
	}
	o.now = o.now.Add(10 * 24 * time.Hour)
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "2", "n1", 3, o.now)))
	o.pass(time.Minute)
	again := o.report("deployment-web").Status
	if len(again.History) != 2 || again.History[0].To != nil || !again.FirstSeen.Time.Equal(epoch()) || len(again.Observations) != 1 {
		t.Fatalf("%+v", again)
	}
	o.state.Set("n1", outcome(o.now))
	o.pass(time.Minute)
	last := o.report("deployment-web").Status.LastSeen.Time
	o.now = last.Add(kept - time.Minute)
	o.pass(30 * time.Second)
	o.report("deployment-web")
	o.now = last.Add(kept)
	o.pass(30 * time.Second)
	if reports, _ := o.store.List(t.Context()); len(reports) != 0 {
		t.Errorf("still there: %+v", reports)
	}
}

// TestWhatIsWritten: what is material at once, what little changes later, what
// didn't change not at all.
func TestWhatIsWritten(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *Sighting)
		soon   int // writes within 30 s
		later  int // within ten minutes
	}{
		{"nothing", func(*Sighting) {}, 0, 0},
		{"few more", func(s *Sighting) { s.Pod.Zombies += 5 }, 0, 1},
		{"a fifth more", func(s *Sighting) { s.Pod.Zombies += 20 }, 1, 1},
		{"another pod", func(s *Sighting) { s.Pod.UID = "2" }, 1, 1},
		{"another cause", func(s *Sighting) { s.Pod.Containers[0].Causes[0].Cause = "ParentNotWaiting" }, 1, 1},
		{"the limit comes near", func(s *Sighting) {
			s.Pod.LimitAt = new(s.Pod.OldestSince)
			s.Pod.LimitAt.Time = epoch().Add(3*time.Hour + 30*time.Minute)
		}, 1, 1},
		{"an age that wobbles", func(s *Sighting) { s.Pod.OldestSince.Time = s.Pod.OldestSince.Add(time.Minute) }, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := newOffice(t, newMemory(), epoch())
			o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 100, epoch())))
			o.pass(time.Minute)
			s := sighted("shop", "web", "1", "n1", 100, epoch())
			test.change(&s)
			o.state.Set("n1", outcome(o.now, s))
			before := o.store.writes
			o.pass(30 * time.Second)
			soon := o.store.writes - before
			o.pass(10 * time.Minute)
			if later := o.store.writes - before; soon != test.soon || later != test.later {
				t.Errorf("%d writes soon, %d later; want %d and %d", soon, later, test.soon, test.later)
			}
		})
	}
}

// TestSteadyReportIsTouched: once an hour, so that lastSeen stays true.
func TestSteadyReportIsTouched(t *testing.T) {
	o := newOffice(t, newMemory(), epoch())
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 100, epoch())))
	o.pass(time.Minute)
	before := o.store.writes
	o.pass(5*time.Hour + time.Minute)
	if writes := o.store.writes - before; writes != 5 {
		t.Errorf("%d writes in five hours", writes)
	}
}

// TestNewLeader: another process goes on where the first one ended, and a node
// that doesn't answer it keeps its pods.
func TestNewLeader(t *testing.T) {
	store := newMemory()
	first := newOffice(t, store, epoch())
	first.state.Set("n1", outcome(first.now, sighted("shop", "web", "1", "n1", 5, epoch())))
	first.state.Set("n2", outcome(first.now, sighted("shop", "web", "2", "n2", 7, epoch())))
	first.pass(time.Minute)

	second := newOffice(t, store, epoch().Add(time.Hour))
	before := store.writes
	second.pass(time.Minute)
	if store.writes != before {
		t.Errorf("%d writes before any node answered", store.writes-before)
	}
	second.state.Set("n1", outcome(second.now, sighted("shop", "web", "1", "n1", 50, epoch())))
	second.pass(time.Minute)
	s := second.report("deployment-web").Status
	if s.Summary.Pods != 2 || s.Summary.Zombies != 57 || !s.FirstSeen.Time.Equal(epoch()) || len(s.History) != 1 {
		t.Errorf("%+v", s)
	}
	// The node answers at last, without zombies.
	second.state.Set("n2", outcome(second.now))
	second.pass(time.Minute)
	if s := second.report("deployment-web").Status.Summary; s.Pods != 1 || s.Zombies != 50 {
		t.Errorf("%+v", s)
	}
}

// TestOthersWrite: who deletes or changes a report has it put right; the former
// leader can't overwrite what the new one wrote.
func TestOthersWrite(t *testing.T) {
	store := newMemory()
	old, o := newOffice(t, store, epoch()), newOffice(t, store, epoch())
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 5, epoch())))
	o.pass(time.Minute)
	old.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 500, epoch())))
	old.Plan(old.now)
	old.Step(t.Context(), old.now)
	if s := o.report("deployment-web").Status.Summary; s.Zombies != 5 {
		t.Errorf("the former leader wrote %+v", s)
	}
	store.drop(Key{"shop", "deployment-web"})
	o.state.Set("n1", outcome(o.now, sighted("shop", "web", "1", "n1", 100, epoch())))
	o.pass(time.Minute)
	if s := o.report("deployment-web").Status.Summary; s.Zombies != 100 {
		t.Errorf("%+v", s)
	}
	store.drop(Key{"shop", "deployment-web"})
	if err := o.Reload(t.Context(), o.now); err != nil {
		t.Fatal(err)
	}
	o.pass(time.Minute)
	o.report("deployment-web")
}

// TestAPIServerIsAway: nothing is lost, and it is not asked again and again.
func TestAPIServerIsAway(t *testing.T) {
	o := newOffice(t, newMemory(), epoch())
	o.store.fail = errors.New("connection refused")
	for i := range 100 {
		o.state.Set(fmt.Sprint("n", i), outcome(o.now, sighted("shop", fmt.Sprint("web", i), "1", fmt.Sprint("n", i), 5, epoch())))
	}
	o.pass(10 * time.Minute)
	if o.store.writes > 1000 {
		t.Errorf("%d attempts for 100 reports in ten minutes", o.store.writes)
	}
	o.store.fail = nil
	o.pass(11 * time.Minute)
	if reports, _ := o.store.List(t.Context()); len(reports) != 100 {
		t.Errorf("%d reports", len(reports))
	}
}

// TestManyEnded: a namespace that makes workloads without end doesn't fill the
// API server.
func TestManyEnded(t *testing.T) {
	o := newOffice(t, newMemory(), epoch())
	for i := range maxEnded + 50 {
		o.state.Set("n1", outcome(o.now, sighted("shop", fmt.Sprint("run", i), "1", "n1", 5, o.now)))
		o.pass(planEvery)
	}
	o.state.Set("n1", outcome(o.now))
	o.pass(5 * time.Minute)
	reports, _ := o.store.List(t.Context())
	if len(reports) != maxEnded {
		t.Errorf("%d reports", len(reports))
	}
	o.report(fmt.Sprintf("deployment-run%d", maxEnded+49))
}

// TestPace: pods that all change all the time have fewer than five writes in any
// second, and none is forgotten. 2,000 of them go to a real API server in
// test/responder.
func TestPace(t *testing.T) {
	o := newOffice(t, newMemory(), epoch())
	worst := 0
	for round := range int32(4) {
		for i := range 300 {
			node := fmt.Sprint("n", i)
			o.state.Set(node, outcome(o.now, sighted("shop", fmt.Sprint("web", i), "1", node, 10+10*round, epoch())))
		}
		for range 12 {
			before := o.store.writes
			o.pass(planEvery)
			worst = max(worst, o.store.writes-before)
		}
	}
	if worst > 20 {
		t.Errorf("%d writes in five seconds", worst)
	}
	if reports, _ := o.store.List(t.Context()); len(reports) != 300 {
		t.Errorf("%d reports", len(reports))
	}
}
