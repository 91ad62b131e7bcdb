package scanner

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scan is one with some zombies of PID 100, by PID and second of their start.
func scan(at int, zombies ...[2]int) Scan {
	s := Scan{At: time.Duration(at) * time.Second, Processes: 20, Living: cast()}
	for _, z := range zombies {
		p := dead(100, 800, app, z[0], 20)
		p.PID, p.Start = z[0], time.Duration(z[1])*time.Second
		s.Zombies = append(s.Zombies, p)
	}
	return s
}

func TestTrackerCountsWhatStays(t *testing.T) {
	var tracker Tracker
	steps := []struct {
		name           string
		scan           Scan
		zombies, young int
	}{
		{"the first scan only learns", scan(100, [2]int{900, 90}, [2]int{901, 95}), 0, 2},
		{"one stayed, one came", scan(102, [2]int{900, 90}, [2]int{902, 101}), 1, 1},
		{"a PID used again is another process", scan(104, [2]int{900, 103}, [2]int{902, 101}), 1, 1},
		{"all reaped", scan(106), 0, 0},
	}
	for _, step := range steps {
		r := tracker.Add(step.scan)
		if r.Zombies() != step.zombies || r.Ignored.Young != step.young {
			t.Errorf("%s: %d zombies, %d young, want %d, %d", step.name, r.Zombies(), r.Ignored.Young, step.zombies, step.young)
		}
	}
}

// TestSince shows that a program that ran for long is not an old zombie.
func TestSince(t *testing.T) {
	var tracker Tracker
	tracker.Add(scan(100))
	tracker.Add(scan(110, [2]int{900, 1}, [2]int{901, 105}))
	r := tracker.Add(scan(120, [2]int{900, 1}, [2]int{901, 105}))
	if got := r.Containers[0].Oldest; got != 20*time.Second {
		t.Errorf("oldest is %v, want 20s: it was no zombie at 100s", got)
	}
}

func TestOldestOfAFirstLook(t *testing.T) {
	var tracker Tracker
	tracker.Add(scan(100, [2]int{900, 1}))
	r := tracker.Add(scan(102, [2]int{900, 1}))
	if got := r.Containers[0].Oldest; got != 101*time.Second {
		t.Errorf("oldest is %v, want 101s: nothing tells when it exited", got)
	}
}

// both is a report of zombies that stay.
func both(s Scan) Report {
	var tracker Tracker
	tracker.Add(s)
	s.At += 2 * time.Second
	return tracker.Add(s)
}

func TestReport(t *testing.T) {
	s := Scan{At: time.Hour, Processes: 30, Leaders: 2, Unreadable: 1, Living: cast()}
	add := func(pid, parent, session int, comm string, in Container) {
		z := dead(parent, session, in, pid, 20)
		z.PID, z.Comm, z.Start = pid, comm, time.Hour-time.Duration(1000-pid)*10*time.Second
		s.Zombies = append(s.Zombies, z)
	}
	add(900, 100, 800, "sh", app)
	add(901, 100, 801, "sh", app)
	add(902, 100, 802, "curl", app)
	add(903, 110, 100, "true", app)
	add(904, 50, 904, "sh", app)
	add(905, 70, 70, "ssh\xff", Container{})
	add(906, 4711, 70, "between two parents", Container{})
	want := Report{
		At: time.Hour + 2*time.Second, Processes: 30, Unreadable: 1, Ignored: Ignored{Leaders: 2, Runtime: 1},
		Containers: []Findings{
			{
				Container: app, Zombies: 4, Oldest: 1002 * time.Second, PerHour: per(3 * 3600.0 / 1002),
				Children: Children{Names: []Name{{"sh", 2}, {"curl", 1}, {"true", 1}}},
				Groups: []Group{
					{
						Cause: PID1NotReaping, Parent: Parent{"sleep", 100, 1}, Parents: 1, Zombies: 3,
						Children: Children{Names: []Name{{"sh", 2}, {"curl", 1}}}, Oldest: 1002 * time.Second, PerHour: per(2 * 3600.0 / 1002),
					},
					{
						Cause: ParentNotWaiting, Parent: Parent{"python3", 110, 7}, Parents: 1, Zombies: 1,
						Children: Children{Names: []Name{{"true", 1}}}, Oldest: 972 * time.Second,
					},
				},
			},
			{
				Zombies: 1, Oldest: 952 * time.Second, Children: Children{Names: []Name{{"ssh\uFFFD", 1}}},
				Groups: []Group{{
					Cause: ParentNotWaiting, Parent: Parent{"sshd", 70, 70}, Parents: 1, Zombies: 1,
					Children: Children{Names: []Name{{"ssh\uFFFD", 1}}}, Oldest: 952 * time.Second,
				}},
			},
		},
	}
	got := both(s)
	approx := cmp.Comparer(func(x, y float64) bool { return x-y < 1e-6 && y-x < 1e-6 })
	if diff := cmp.Diff(want, got, approx); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if got.Zombies() != 5 {
		t.Errorf("%d zombies, want 5", got.Zombies())
	}
}

func per(hour float64) *float64 { return &hour }

// TestWorkersAreOneGroup shows that parents of one name are told together.
func TestWorkersAreOneGroup(t *testing.T) {
	s := Scan{At: time.Hour, Living: cast()}
	for i := range 3 {
		worker := 400 + i
		s.Living[worker] = Process{PID: worker, Parent: 100, Session: 100, Comm: "worker", Inside: []int{worker, 30 + i}, Container: app}
		for n := range i + 1 {
			z := dead(worker, 100, app, 0, 20)
			z.PID = 1000 + 10*i + n
			s.Zombies = append(s.Zombies, z)
		}
	}
	groups := both(s).Containers[0].Groups
	if len(groups) != 1 || groups[0].Parents != 3 || groups[0].Zombies != 6 || groups[0].Parent.PID != 402 {
		t.Errorf("groups %+v, want one of three parents, the one with most zombies named", groups)
	}
}

// TestTies shows that what is known for sure comes first.
func TestTies(t *testing.T) {
	s := Scan{At: time.Hour, Living: cast()}
	for i, z := range []Process{dead(100, 100, app, 900, 20), dead(110, 100, app, 900, 20), dead(100, 800, app, 900, 20)} {
		z.PID += i
		s.Zombies = append(s.Zombies, z)
	}
	var got []Cause
	for _, g := range both(s).Containers[0].Groups {
		got = append(got, g.Cause)
	}
	if diff := cmp.Diff([]Cause{PID1NotReaping, ParentNotWaiting, PID1Ambiguous}, got); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
}

// TestBounds lets a container make up as many names as it can.
func TestBounds(t *testing.T) {
	const many = 500
	s := Scan{At: time.Hour, Living: cast()}
	for i := range many {
		parent := 2000 + i
		s.Living[parent] = Process{PID: parent, Parent: 100, Session: 100, Comm: fmt.Sprintf("p%d", i), Inside: []int{parent, 30}, Container: app}
		z := dead(parent, 100, app, 0, 20)
		z.PID, z.Comm = 5000+i, fmt.Sprintf("c%d", i)
		s.Zombies = append(s.Zombies, z)
	}
	f := both(s).Containers[0]
	if f.Zombies != many || len(f.Groups) != maxGroups || f.Others != many-maxGroups {
		t.Errorf("%d zombies in %d groups and %d others", f.Zombies, len(f.Groups), f.Others)
	}
	if len(f.Children.Names) != maxNames || f.Children.Others != many-maxNames {
		t.Errorf("%d names and %d others", len(f.Children.Names), f.Children.Others)
	}
}
