//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/test/e2e/podproc"
)

// watchFor is how long a pod with a probe that leaves orphans is left alone
// before its zombies are counted.
const watchFor = time.Minute

// containerSeen is what was seen of one container.
type containerSeen struct {
	// facts are what /proc says of the program, by what it is; none when the
	// program ended before it was looked at.
	facts map[string]string
	// zombies and orphans are those at the end, in its whole PID namespace.
	zombies, orphans int
	exit             int32
	log              string
}

// watch lets a pod run for its time and looks at its programs and zombies.
func (in *injection) watch(t *testing.T, c injectCase, pod *corev1.Pod, v variant) map[string]containerSeen {
	t.Helper()
	since := time.Now()
	seen := make(map[string]containerSeen)
	for _, name := range running(&pod.Spec) {
		status, _ := statusOf(pod, name)
		_, id, _ := strings.Cut(status.ContainerID, "://")
		var s containerSeen
		awaitEvery(t, pollPods, watchFor+orphansMost, "orphans of "+name, func() (bool, string) {
			if time.Since(since) < watchFor {
				return false, "its time isn't over"
			}
			all, err := podproc.Read()
			if err != nil {
				return false, err.Error()
			}
			s.orphans = all.Orphans(id)
			return s.orphans >= enough, fmt.Sprintf("%d orphans", s.orphans)
		})
		awaitEvery(t, pollPods, reapMost, fmt.Sprintf("zombies in %s (%s)", name, v), func() (bool, string) {
			all, err := podproc.Read()
			if err != nil {
				return false, err.Error()
			}
			member, ok := all.InContainer(id)
			if !ok {
				return false, "no process"
			}
			s.zombies = all.ZombiesIn(member)
			stay := v == original && !c.reaps
			return stay && s.zombies >= enough || !stay && s.zombies == 0, fmt.Sprintf("%d zombies, %d orphans", s.zombies, s.orphans)
		})
		s.facts = programFacts(t, id, v)
		seen[name] = s
	}
	return seen
}

// programFacts are what /proc says of a container's program: below the injected
// init where there is one.
func programFacts(t *testing.T, id string, v variant) map[string]string {
	t.Helper()
	all, err := podproc.Read()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := all.Started(id)
	if !ok {
		t.Fatalf("no process in container %s", id)
	}
	switch v {
	case wrapped:
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID))
		if p.Inside != 1 || filepath.Base(exe) != "tini" {
			t.Fatalf("%d in the container is %s (%v), not tini as PID 1", p.Inside, exe, err)
		}
		if p, ok = all.Child(p); !ok {
			t.Fatal("tini has no child")
		}
	case sharing:
		if first, ok := all.First(p); !ok || first.Name != "pause" || p.Inside == 1 {
			t.Fatalf("PID 1 is %q, the container's is %d, %v: PID namespace not shared", first.Name, p.Inside, ok)
		}
	}
	facts, err := factsOf(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// shown are lines of /proc/PID/status that must stay the same.
var shown = [...]string{"Uid", "Gid", "Groups", "SigIgn", "SigCgt", "NoNewPrivs", "Seccomp", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "Umask"}

// inode is what differs between two pipes or files.
var inode = regexp.MustCompile(`\[\d+\]$`)

func factsOf(pid int) (map[string]string, error) {
	facts := make(map[string]string)
	folder := fmt.Sprintf("/proc/%d/", pid)
	argv, err := os.ReadFile(folder + "cmdline")
	if err != nil {
		return nil, err
	}
	facts["argv"] = fmt.Sprintf("%q", strings.Split(string(argv), "\x00"))
	environ, err := os.ReadFile(folder + "environ")
	if err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(strings.Split(string(environ), "\x00"), func(v string) bool { return v == "" || strings.HasPrefix(v, "HOSTNAME=") })
	slices.Sort(env)
	facts["environment"] = fmt.Sprintf("%q", env)
	for name, link := range map[string]string{"folder": "cwd", "program": "exe", "input": "fd/0", "output": "fd/1", "errors": "fd/2"} {
		target, err := os.Readlink(folder + link)
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		facts[name] = inode.ReplaceAllString(target, "")
	}
	status, err := os.ReadFile(folder + "status")
	if err != nil {
		return nil, err
	}
	all := make(map[string]string)
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		all[name] = strings.Join(strings.Fields(value), " ")
	}
	for _, name := range shown {
		facts[name] = all[name]
	}
	if all["Threads"] == "1" {
		// Of several threads any may be the one that takes signals.
		facts["SigBlk"] = all["SigBlk"]
	}
	return facts, nil
}

// compareSeen holds an injected pod against the original: whatever differs is an
// error, but for signals that a PID 1 without a handler would have ignored.
// It returns how it ends at SIGTERM where that is another way.
func compareSeen(t *testing.T, c injectCase, was, is map[string]containerSeen) (ends string) {
	t.Helper()
	if a, b := slices.Sorted(maps.Keys(was)), slices.Sorted(maps.Keys(is)); !slices.Equal(a, b) {
		t.Fatalf("containers %q, were %q", b, a)
	}
	for name, before := range was {
		after := is[name]
		for _, fact := range slices.Sorted(maps.Keys(before.facts)) {
			if fact == "SigBlk" && c.harm != "" {
				continue // it blocks some while it restarts its processes
			}
			if before.facts[fact] != after.facts[fact] {
				t.Errorf("%s: %s\n is %s\nwas %s", name, fact, after.facts[fact], before.facts[fact])
			}
		}
		if c.harm != "" {
			// It was ended in the middle of a restart, or not.
			if after.exit != 0 {
				t.Errorf("%s: exit status %d, want 0", name, after.exit)
			}
			continue
		}
		switch {
		case before.exit == after.exit:
		case !c.ends && before.exit == killed && after.exit == terminated:
			ends = "ends at SIGTERM, had to be killed"
		case c.raises != 0 && before.exit == c.raises && after.exit == terminated:
			ends = fmt.Sprintf("exit status %d at SIGTERM, was %d", after.exit, before.exit)
		default:
			t.Errorf("%s: exit status %d, was %d", name, after.exit, before.exit)
		}
		compareLogs(t, c, name, before.log, after.log)
	}
	return ends
}

// compareLogs wants the same lines.
func compareLogs(t *testing.T, c injectCase, name, before, after string) {
	t.Helper()
	was, is := lines(before, c), lines(after, c)
	more := slices.DeleteFunc(slices.Clone(is), func(line string) bool { return slices.Contains(was, line) })
	fewer := slices.DeleteFunc(was, func(line string) bool { return slices.Contains(is, line) })
	if len(more)+len(fewer) > 0 {
		t.Errorf("%s: logs differ\nmore: %q\nfewer: %q", name, more, fewer)
	}
}

// Exit statuses of programs that a signal ended.
const (
	killed     = 128 + 9
	terminated = 128 + 15
)

// varying are the parts of a line that differ from one start to the next:
// numbers of processes, times, addresses, names of pods.
var varying = regexp.MustCompile(`0x[0-9a-f]+|\d+|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b`)

// lines are what a log says, each line once, without what varies.
func lines(log string, c injectCase) []string {
	found := make(map[string]bool)
	for line := range strings.Lines(log) {
		if c.exact {
			found[strings.TrimSpace(line)] = true
			continue
		}
		found[strings.TrimSpace(varying.ReplaceAllString(line, "#"))] = true
	}
	return slices.Sorted(maps.Keys(found))
}
