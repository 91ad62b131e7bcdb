package proc

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTasks counts the threads of pods in every setup: those of all containers,
// of what the runtime keeps in the pod's group and of a leader that left, but
// no zombies and no other pod's.
func TestTasks(t *testing.T) {
	const second = "aaaaaaaa-2222-3333-4444-555555555555"
	for _, s := range setups() {
		t.Run(s.name, func(t *testing.T) {
			group := s.zombie
			if group == "" {
				group = s.container
			}
			foreign := strings.NewReplacer(uid, second, under, strings.ReplaceAll(second, "-", "_")).Replace(s.container)
			r := open(t, tree(t,
				process{pid: 50, parent: 1, comm: "containerd-shim", threads: 12, cgroup: "0::/system.slice/containerd.service\n"},
				process{pid: 90, parent: 50, comm: "pause", cgroup: s.sandbox},
				process{pid: 100, parent: 50, comm: "a) Z 1 (", threads: 30, cgroup: s.container},
				process{pid: 110, parent: 100, comm: "python3", threads: 3, cgroup: below(s.container)},
				process{pid: 120, parent: 100, comm: "leader", state: "Z", threads: 5, cgroup: s.container},
				process{pid: 130, parent: 100, comm: "gone", threads: 7, cgroup: s.container, without: []string{"stat"}},
				process{pid: 131, parent: 100, comm: "gone", threads: 7, without: []string{"cgroup"}},
				process{pid: 200, parent: 50, comm: "other", threads: 9, cgroup: foreign},
				process{pid: 400, parent: 100, comm: "sh", state: "Z", cgroup: group},
			))
			for range 2 { // what is remembered in one count must not change the next
				got, err := r.Tasks(t.Context(), []string{uid, "not-there"})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]int{uid: 1 + 30 + 3 + 5, "not-there": 0}, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestTasksErrors(t *testing.T) {
	root := tree(t, process{pid: 100, parent: 1, comm: "x", cgroup: "0::/kubepods/pod" + uid + "/" + id + "\n"})
	write(t, filepath.Join(root, "100", "stat"), "100 (x S 1")
	r := open(t, root)
	if got, err := r.Tasks(t.Context(), []string{uid}); err == nil || !strings.Contains(err.Error(), "100/stat") {
		t.Errorf("%v, %v, want an error that names the file", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Tasks(ctx, []string{uid}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}

// TestTasksKeepsNoPath: one that makes groups without end costs no memory.
func TestTasksKeepsNoPath(t *testing.T) {
	c := census{counts: map[string]int{uid: 0}, pods: make(map[string]string)}
	text := []byte("0::/kubepods/pod" + uid + "/" + id + "/          \n")
	for i := range maxGroups + 100 {
		for at := len(text) - 2; at > len(text)-8; at-- {
			text[at] = byte('a' + i%16)
			i /= 16
		}
		if got := c.pod(text); got != uid {
			t.Fatalf("%q is in pod %q", text, got)
		}
	}
	if len(c.pods) != maxGroups {
		t.Errorf("%d groups are remembered, want %d", len(c.pods), maxGroups)
	}
}

// TestTasksLive counts real threads, in a control group made up over the real
// stat of a process.
func TestTasksLive(t *testing.T) {
	cmd := helper(t, "leader")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	}()
	root := tree(t)
	folder := filepath.Join(root, "100")
	write(t, filepath.Join(folder, "cgroup"), "0::/kubepods/pod"+uid+"/"+id+"\n")
	folderOf := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid))
	if err := os.Symlink(filepath.Join(folderOf, "stat"), filepath.Join(folder, "stat")); err != nil {
		t.Fatal(err)
	}
	r := open(t, root)
	await(t, func() bool {
		got, err := r.Tasks(t.Context(), []string{uid})
		if err != nil {
			t.Fatal(err)
		}
		return got[uid] > 1 && got[uid] == threadsOf(t, folderOf)
	})
}

// threadsOf is the line Threads of status, which is made otherwise than stat.
func threadsOf(t *testing.T, folder string) int {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, "status"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "Threads:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("status has no line Threads")
	return 0
}
