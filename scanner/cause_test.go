package scanner

import (
	"maps"
	"testing"
	"time"
)

// The cast. A container's processes are seen in two PID namespaces.
var (
	app     = Container{Pod: "11111111-2222-3333-4444-555555555555", ID: "app", Runtime: "cri-containerd"}
	sandbox = Container{Pod: app.Pod, ID: "sandbox", Runtime: "cri-containerd"}
	conmon  = Container{Pod: app.Pod}
)

func cast() map[int]Process {
	living := make(map[int]Process)
	for _, p := range []Process{
		{PID: 1, Session: 1, Comm: "systemd", Inside: []int{1}},
		{PID: 50, Parent: 1, Session: 50, Comm: "containerd-shim", Inside: []int{50}},
		{PID: 60, Parent: 1, Session: 60, Comm: "conmon", Inside: []int{60}, Container: conmon},
		{PID: 70, Parent: 1, Session: 70, Comm: "sshd", Inside: []int{70}},
		{PID: 100, Parent: 50, Session: 100, Comm: "sleep", Inside: []int{100, 1}, Container: app},
		{PID: 110, Parent: 100, Session: 100, Comm: "python3", Inside: []int{110, 7}, Container: app},
		{PID: 120, Parent: 110, Session: 120, Comm: "bwrap", Inside: []int{120, 8}, Container: app},
		{PID: 130, Parent: 120, Session: 130, Comm: "inner", Inside: []int{130, 9, 1}, Container: app},
		{PID: 140, Parent: 100, Session: 100, Comm: "conmon", Inside: []int{140, 10}, Container: app},
		{PID: 150, Parent: 50, Session: 150, Comm: "unshare", Inside: []int{150, 11}, Container: app},
		{PID: 160, Parent: 150, Session: 160, Comm: "inner", Inside: []int{160, 12, 1}, Container: app},
		{PID: 200, Parent: 50, Session: 200, Comm: "pause", Inside: []int{200, 1}, Container: sandbox},
		{PID: 300, Parent: 70, Session: 300, Comm: "lxc", Inside: []int{300, 1}},
	} {
		p.State, p.Threads = 'S', 1
		living[p.PID] = p
	}
	return living
}

// dead makes a zombie below a parent. Its last PID is 999 where it is not given.
func dead(parent, session int, in Container, inside ...int) Process {
	return Process{PID: 900, Parent: parent, Session: session, Comm: "sh", State: 'Z', Threads: 1, Inside: inside, Container: in}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name   string
		zombie Process
		want   Cause
		in     Container
	}{
		{"orphan of a probe", dead(100, 800, app, 900, 20), PID1NotReaping, app},
		{"orphan, control groups v1", dead(100, 800, Container{}, 900, 20), PID1NotReaping, app},
		{"of PID 1's own session", dead(100, 100, app, 900, 20), PID1Ambiguous, app},
		{"leads its own session", dead(100, 900, app, 900, 20), PID1Ambiguous, app},
		{"is just being reaped", dead(100, -1, app, 900, 20), PID1Ambiguous, app},
		{"session outside of the scanner's namespace", dead(100, 0, app, 900, 20), PID1NotReaping, app},
		{"child of another program", dead(110, 100, app, 900, 20), ParentNotWaiting, app},
		{"child of another program, v1", dead(110, 100, Container{}, 900, 20), ParentNotWaiting, app},
		{"orphan in a nested PID namespace", dead(130, 800, app, 900, 21, 2), ParentNotWaiting, app},
		{"orphan in one that an exec made", dead(160, 800, app, 900, 21, 2), ParentNotWaiting, app},
		{"PID 1 of a nested namespace, below its maker", dead(120, 900, app, 900, 21, 1), ParentNotWaiting, app},
		{"PID 1 of a nested namespace, its maker gone", dead(100, 800, app, 900, 21, 1), PID1NotReaping, app},
		{"child of a pretended runtime", dead(140, 100, app, 900, 20), ParentNotWaiting, app},
		{"exec'd process below the shim", dead(50, 900, app, 900, 20), RuntimeReaper, app},
		{"exec'd process below the shim, v1", dead(50, 900, Container{}, 900, 20), RuntimeReaper, Container{}},
		{"exec'd process below conmon", dead(60, 900, app, 900, 20), RuntimeReaper, app},
		{"exec'd process below anything outside", dead(70, 900, app, 900, 20), RuntimeReaper, app},
		{"the shim's own child", dead(50, 50, Container{}, 900), RuntimeReaper, Container{}},
		{"parent outside of all we see", dead(0, 900, app, 900, 20), RuntimeReaper, app},
		{"orphan below an old pause", dead(200, 800, app, 900, 20), PID1NotReaping, app},
		{"orphan below an old pause, v1", dead(200, 800, Container{}, 900, 20), PID1NotReaping, sandbox},
		{"on the host", dead(70, 70, Container{}, 900), ParentNotWaiting, Container{}},
		{"below the host's PID 1", dead(1, 800, Container{}, 900), PID1NotReaping, Container{}},
		{"in a PID namespace that nobody names", dead(300, 800, Container{}, 900, 20), PID1NotReaping, Container{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := judge(test.zombie, cast())
			if got.cause != test.want || got.container != test.in {
				t.Errorf("%s in %+v, want %s in %+v", got.cause, got.container, test.want, test.in)
			}
			if got.parent.PID != test.zombie.Parent {
				t.Errorf("parent %d, want %d", got.parent.PID, test.zombie.Parent)
			}
		})
	}
}

// TestCircle shows that parents read at different times can't hang a scan.
func TestCircle(t *testing.T) {
	living := map[int]Process{
		10: {PID: 10, Parent: 11, Comm: "a", Inside: []int{10}},
		11: {PID: 11, Parent: 10, Comm: "b", Inside: []int{11}},
	}
	if got := judge(dead(10, 5, Container{}, 900), maps.Clone(living)); got.cause != ParentNotWaiting {
		t.Errorf("%s, want %s", got.cause, ParentNotWaiting)
	}
}

func TestExited(t *testing.T) {
	tests := []struct {
		name string
		p    Process
		want bool
	}{
		{"zombie", Process{State: 'Z', Threads: 1}, true},
		{"zombie whose threads are gone", Process{State: 'Z'}, true},
		{"leader of live threads", Process{State: 'Z', Threads: 2}, false},
		{"sleeping", Process{State: 'S', Threads: 1}, false},
		{"dead", Process{State: 'X', Threads: 1}, false},
	}
	for _, test := range tests {
		if got := test.p.Exited(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestCausesAreExplained(t *testing.T) {
	help := map[Cause]Help{
		PID1NotReaping: HelpYes, ParentNotWaiting: HelpNo, PID1Ambiguous: HelpUnknown, RuntimeReaper: HelpNo,
	}
	for cause, want := range help {
		if cause.Explain() == "" || cause.InitHelps() != want {
			t.Errorf("%s: %q, an init helps: %s, want %s", cause, cause.Explain(), cause.InitHelps(), want)
		}
	}
	if got := Cause("").Explain(); got != "" {
		t.Errorf("no cause is explained as %q", got)
	}
}

func TestRate(t *testing.T) {
	const now = 10 * time.Hour
	ago := func(minutes ...int) []time.Duration {
		var out []time.Duration
		for _, m := range minutes {
			out = append(out, now-time.Duration(m)*time.Minute)
		}
		return out
	}
	tests := []struct {
		name  string
		since []time.Duration
		want  float64
		known bool
	}{
		{"none", nil, 0, false},
		{"two are chance", ago(30, 10), 0, false},
		{"three in half an hour", ago(30, 20, 10), 4, true},
		{"three at once", ago(0, 0, 0), 0, false},
		{"four when it started, minutes ago", ago(5, 5, 5, 5), 0, false},
		{"ten in some minutes", ago(5, 5, 4, 4, 3, 3, 2, 2, 1, 0), 108, true},
		{"a burst that ended", ago(30, 30, 30), 4, true},
		{"the last hour counts", ago(300, 200, 100, 50, 40), 2, true},
		{"none for an hour", ago(300), 0, true},
		{"one every minute", ago(10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), 60, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, known := Rate(test.since, now)
			if known != test.known || got < test.want-1e-9 || got > test.want+1e-9 {
				t.Errorf("%v an hour, known %v, want %v, %v", got, known, test.want, test.known)
			}
		})
	}
}
