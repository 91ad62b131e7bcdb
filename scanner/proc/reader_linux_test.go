package proc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/initguard/initguard/scanner"
)

// The control groups of one container in each setup; the zombie's is its own.
type setup struct{ name, container, sandbox, shim, zombie string }

func setups() []setup {
	v2 := func(path string) string { return "0::" + path + "\n" }
	v1 := func(path string) string {
		return "9:name=systemd:" + path + "\n8:pids:" + path + "\n4:memory:" + path + "\n1:cpu,cpuacct:" + path + "\n"
	}
	slice := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + under + ".slice/"
	folder := "/kubepods/burstable/pod" + uid + "/"
	relative := "/../../kubepods-burstable-pod" + under + ".slice/"
	return []setup{
		{"v2, systemd, containerd", v2(slice + "cri-containerd-" + id + ".scope"), v2(slice + "cri-containerd-" + other + ".scope"), v2("/system.slice/containerd.service"), ""},
		{"v2, systemd, CRI-O", v2(slice + "crio-" + id + ".scope"), v2(slice + "crio-" + other + ".scope"), v2(slice + "crio-conmon-" + id + ".scope"), ""},
		{"v2, systemd, crun", v2(slice + "crio-" + id + ".scope/container"), v2(slice + "crio-" + other + ".scope/container"), v2(slice + "crio-conmon-" + id + ".scope"), ""},
		{"v2, cgroupfs, containerd", v2(folder + id), v2(folder + other), v2("/system.slice/containerd.service"), ""},
		{"v2, removed", v2(folder + id + " (deleted)"), v2(folder + other), v2("/"), ""},
		{"v2, relative", v2(relative + "crio-" + id + ".scope"), v2(relative + "crio-" + other + ".scope"), v2("/../../../system.slice/crio.service"), ""},
		{"v1, cgroupfs", v1(folder + id), v1(folder + other), v1("/system.slice/containerd.service"), v1("/")},
		{"v1, systemd", v1(slice + "docker-" + id + ".scope"), v1(slice + "docker-" + other + ".scope"), v1("/system.slice/docker.service"), v1("/")},
		{"hybrid", v1(folder+id) + v2("/"), v1(folder+other) + v2("/"), v1("/") + v2("/system.slice/containerd.service"), v1("/") + v2("/")},
	}
}

// below is a control group that the container made inside of its own.
func below(groups string) string {
	if strings.Contains(groups, "(deleted)") {
		return strings.ReplaceAll(groups, " (deleted)\n", "/worker (deleted)\n")
	}
	return strings.ReplaceAll(groups, "\n", "/worker\n")
}

// TestSetups finds the same container and the same causes in every setup.
func TestSetups(t *testing.T) {
	for _, s := range setups() {
		t.Run(s.name, func(t *testing.T) {
			zombie := func(pid, parent, session int) process {
				group := s.zombie
				if group == "" {
					group = s.container
				}
				return process{pid: pid, parent: parent, session: session, comm: "sh", state: "Z", inside: []int{pid, pid - 300}, cgroup: group}
			}
			r := open(t, tree(t,
				process{pid: 50, parent: 1, session: 50, comm: "containerd-shim", cgroup: s.shim},
				process{pid: 90, parent: 50, session: 90, comm: "pause", inside: []int{90, 1}, cgroup: s.sandbox},
				process{pid: 100, parent: 50, session: 100, comm: "sleep", inside: []int{100, 1}, cgroup: s.container},
				process{pid: 110, parent: 100, session: 100, comm: "python3", inside: []int{110, 7}, cgroup: below(s.container)},
				zombie(400, 100, 390), zombie(401, 100, 391), zombie(402, 110, 100), zombie(403, 100, 100), zombie(404, 50, 404),
			))
			var tracker scanner.Tracker
			tracker.Add(once(t, r))
			report := tracker.Add(once(t, r))
			if len(report.Containers) != 1 {
				t.Fatalf("containers %+v, want one", report.Containers)
			}
			c := report.Containers[0]
			if c.Container.Pod != uid || c.Container.ID != id {
				t.Errorf("container %+v, want %s in %s", c.Container, id, uid)
			}
			got := make(map[scanner.Cause]string)
			for _, g := range c.Groups {
				got[g.Cause] = fmt.Sprintf("%d below %s (%d, %d)", g.Zombies, g.Parent.Comm, g.Parent.PID, g.Parent.Inside)
			}
			want := map[scanner.Cause]string{
				scanner.PID1NotReaping: "2 below sleep (100, 1)", scanner.ParentNotWaiting: "1 below python3 (110, 7)",
				scanner.PID1Ambiguous: "1 below sleep (100, 1)",
			}
			if diff := cmp.Diff(want, got); diff != "" || report.Ignored.Runtime != 1 {
				t.Errorf("causes (-want +got):\n%s, %d of the runtime", diff, report.Ignored.Runtime)
			}
		})
	}
}

// TestWhatIsNoZombie reads a /proc of processes that have no memory, or pretend
// to be a zombie, or have live threads.
func TestWhatIsNoZombie(t *testing.T) {
	r := open(t, tree(t,
		process{pid: 2, comm: "kthreadd", state: "I", session: 0},
		process{pid: 10, parent: 1, session: 10, comm: "a) Z 1 ("},
		process{pid: 11, parent: 1, session: 11, comm: "x\n11 (x) Z 1 11\n"},
		process{pid: 12, parent: 1, session: 12, comm: "leader", state: "Z", threads: 5},
		process{pid: 13, parent: 1, session: 13, comm: "exiting", state: "X", statm: "0 0 0 0 0 0 0\n"},
		process{pid: 14, parent: 1, session: 14, comm: "small", statm: "01 0 0 0 0 0 0\n"},
		process{pid: 20, parent: 10, session: 10, comm: "c) S 1 (", state: "Z"},
	))
	s := once(t, r)
	if s.Processes != 8 || s.Leaders != 1 {
		t.Errorf("%d processes, %d leaders, want 8, 1", s.Processes, s.Leaders)
	}
	if len(s.Zombies) != 1 || s.Zombies[0].PID != 20 || s.Zombies[0].Comm != "c) S 1 (" {
		t.Errorf("zombies %+v, want process 20 alone", s.Zombies)
	}
	if got := slices.Sorted(maps.Keys(s.Living)); !slices.Equal(got, []int{1, 10}) {
		t.Errorf("ancestors %v, want 1 and 10", got)
	}
	if s.Living[10].Comm != "a) Z 1 (" || s.At != time.Hour {
		t.Errorf("parent %+v at %v", s.Living[10], s.At)
	}
}

// TestVanished has processes go between one read and the next.
func TestVanished(t *testing.T) {
	zombie := process{parent: 10, session: 5, comm: "z", state: "Z"}
	with := func(change func(*process)) process {
		p := zombie
		p.pid = 100
		change(&p)
		return p
	}
	parent := process{pid: 10, parent: 1, session: 10, comm: "parent"}
	tests := []struct {
		name   string
		all    []process
		zombie bool
	}{
		{"nothing", []process{parent, with(func(*process) {})}, true},
		{"statm", []process{parent, with(func(p *process) { p.without = []string{"statm"} })}, false},
		{"stat", []process{parent, with(func(p *process) { p.without = []string{"stat"} })}, false},
		{"status", []process{parent, with(func(p *process) { p.without = []string{"status"} })}, false},
		{"cgroup", []process{parent, with(func(p *process) { p.without = []string{"cgroup"} })}, false},
		{"the parent", []process{with(func(*process) {})}, false},
		{"half of the parent", []process{{pid: 10, parent: 1, comm: "parent", without: []string{"status"}}, with(func(*process) {})}, false},
		{"the parent, its PID is another's", []process{{pid: 10, parent: 1, comm: "new", start: 5000}, with(func(*process) {})}, false},
		{"the parent's parent", []process{{pid: 10, parent: 9, comm: "parent"}, with(func(*process) {})}, true},
		{"a parent that nobody sees", []process{with(func(p *process) { p.parent = 0 })}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := once(t, open(t, tree(t, test.all...)))
			if got := len(s.Zombies) == 1; got != test.zombie {
				t.Errorf("zombies %+v, want one: %v", s.Zombies, test.zombie)
			}
		})
	}
}

// TestBroken shows that what can't be understood is an error, not an answer.
func TestBroken(t *testing.T) {
	zombie := process{pid: 100, parent: 1, session: 5, comm: "z", state: "Z"}
	for name, text := range map[string]string{"stat": "100 (z Z 1", "status": "Name:\tz\n"} {
		root := tree(t, zombie)
		write(t, filepath.Join(root, "100", name), text)
		if s, err := open(t, root).Scan(t.Context()); err == nil || !strings.Contains(err.Error(), "process 100") {
			t.Errorf("%s: %+v, %v, want an error that names the process", name, s, err)
		}
	}
}

// TestLongFile reads a status of 65,536 groups, and refuses one without end.
func TestLongFile(t *testing.T) {
	zombie := process{pid: 100, parent: 1, session: 5, comm: "z", state: "Z"}
	root := tree(t, zombie)
	status := filepath.Join(root, "100", "status")
	write(t, status, "Name:\tz\nGroups:\t"+strings.Repeat("4294967294 ", 1<<16)+"\nNSpid:\t100\t7\n")
	r := open(t, root)
	if s := once(t, r); len(s.Zombies) != 1 || !slices.Equal(s.Zombies[0].Inside, []int{100, 7}) {
		t.Errorf("zombies %+v", s.Zombies)
	}
	if len(r.text) != textSize {
		t.Errorf("%d bytes are kept after the scan", len(r.text))
	}
	write(t, status, strings.Repeat("x", textMost+1))
	if _, err := open(t, root).Scan(t.Context()); err == nil {
		t.Error("a file without end is read")
	}
}

// TestKnown shows that of a zombie of the scan before only stat is read again,
// as long as it is the same one.
func TestKnown(t *testing.T) {
	zombie := process{pid: 100, parent: 1, session: 5, comm: "z", state: "Z", inside: []int{100, 7}}
	root := tree(t, zombie)
	r := open(t, root)
	first := once(t, r)
	zombie.inside = []int{100, 8}
	zombie.write(t, root)
	if again := once(t, r); !cmp.Equal(again.Zombies, first.Zombies) {
		t.Errorf("read again: %+v", again.Zombies)
	}
	zombie.start = 3000
	zombie.write(t, root)
	if another := once(t, r); !slices.Equal(another.Zombies[0].Inside, []int{100, 8}) {
		t.Errorf("another process with that PID: %+v", another.Zombies)
	}
}

func TestOpenRefuses(t *testing.T) {
	empty, hidden := t.TempDir(), t.TempDir()
	write(t, filepath.Join(hidden, "self/mountinfo"), "23 22 0:21 / "+hidden+" rw - proc proc rw,gid=4,hidepid=invisible\n")
	tests := []struct{ name, root, want string }{
		{"missing", filepath.Join(empty, "x"), "no such file"},
		{"no proc", empty, "does not show PID 1"},
		{"hidden", hidden, "hidepid=invisible"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Open(Options{Root: test.root}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestHides(t *testing.T) {
	root := tree(t)
	write(t, filepath.Join(root, "self/mountinfo"), "23 22 0:21 / "+root+" rw - proc proc rw,hidepid=2\n")
	if got := open(t, root).Hides(); got != "2" {
		t.Errorf("hides %q, want 2", got)
	}
}

func TestScanEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, tree(t)).Scan(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}

// TestNoAllocations keeps the walk over living processes free of garbage.
func TestNoAllocations(t *testing.T) {
	r, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var s scanner.Scan
	ctx := t.Context()
	per := testing.AllocsPerRun(5, func() {
		r.suspect = r.suspect[:0]
		if err := r.walk(ctx, &s); err != nil {
			t.Error(err)
		}
	})
	if per > 2 { // suspect may grow
		t.Errorf("%v allocations a walk over %d processes", per, s.Processes/6)
	}
}
