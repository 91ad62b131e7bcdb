//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
)

// scanned is what `initguard scanner --once -o json` says of a container.
type scanned struct {
	Pod, Container, Cause, InitHelps string
	Zombies                          int
	Parent                           struct {
		Name              string
		PID, ContainerPID int
	}
	Children map[string]int
	Causes   []json.RawMessage
}

// scannerCase is one pod, and what the scanner has to say of it.
type scannerCase struct {
	name     string
	packages []string
	argv     []string
	// probe leaves an orphan every second.
	probe, share bool
	// cause is empty where there must be no zombies.
	cause, initHelps, parent string
	// zombies is how many there are; 0 where a probe makes ever more.
	zombies int
	child   string
}

// unwaiting is a Python program that never waits for its own three children.
const unwaiting = "import os, time\n" +
	"for i in range(3):\n" +
	"  if os.fork() == 0:\n" +
	"    %s\n" +
	"    os._exit(0)\n" +
	"time.sleep(1e6)\n"

func scannerCases() []scannerCase {
	sleep := []string{"sleep", "infinity"}
	tini := []string{"tini", "--"}
	python := []string{"python3-minimal"}
	below := []string{"python3", "-c", fmt.Sprintf(unwaiting, "pass")}
	apart := []string{"python3", "-c", fmt.Sprintf(unwaiting, "os.setsid()")}
	return []scannerCase{
		{
			name: "scan-orphans", argv: sleep, probe: true,
			cause: "PID1NotReaping", initHelps: "Yes", parent: "sleep", child: "orphan",
		},
		{
			name: "scan-parent", packages: append(python, "tini"), argv: append(tini, below...),
			cause: "ParentNotWaiting", initHelps: "No", parent: "python3", zombies: 3, child: "python3",
		},
		{name: "scan-healthy", packages: []string{"tini"}, argv: append(tini, sleep...), probe: true},
		{name: "scan-shared", argv: sleep, probe: true, share: true},
		{
			name: "scan-own", packages: python, argv: below,
			cause: "PID1Ambiguous", initHelps: "Unknown", parent: "python3", zombies: 3, child: "python3",
		},
		{
			name: "scan-sessions", packages: python, argv: apart,
			cause: "PID1Ambiguous", initHelps: "Unknown", parent: "python3", zombies: 3, child: "python3",
		},
	}
}

// TestScanner holds `initguard scanner --once`, run by a user without any
// privilege, against what the test counts itself.
func TestScanner(t *testing.T) {
	t.Parallel()
	scanner := program(t)
	for _, c := range scannerCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			image := shared.push(t, c.name+":1", images.Spec{
				Packages: c.packages, Programs: []string{"orphan"}, Config: imagetest.Spec{Entrypoint: c.argv},
			})
			p := pod{name: c.name, image: image, share: c.share}
			if c.probe {
				p.probe = []string{images.ProgramFolder + "/orphan"}
			}
			shared.create(t, p)
			id := shared.running(t, c.name)
			first := firstProcess(t, id)
			await(t, orphansMost, "zombies or orphans are there", func() (bool, string) {
				all, err := podproc.Read()
				if err != nil {
					return false, err.Error()
				}
				zombies, orphans := below(all, first), all.Orphans(id)
				ready := c.probe && orphans >= enough && (c.cause == "" || zombies >= enough) || !c.probe && zombies == c.zombies
				return ready, fmt.Sprintf("%d zombies, %d orphans", zombies, orphans)
			})
			c.check(t, scanner, id, first)
		})
	}
}

// check compares one run of the scanner with what is counted before and after.
func (c scannerCase) check(t *testing.T, program, id string, first podproc.Process) {
	t.Helper()
	before := count(t, first)
	got, found := scan(t, program, id)
	after := count(t, first)
	if c.cause == "" {
		if found {
			t.Errorf("%+v, want no zombies", got)
		}
		return
	}
	if !found {
		t.Fatalf("not in the list, %d zombies were there before and %d after", before, after)
	}
	if got.Zombies < before || got.Zombies > after || c.zombies > 0 && got.Zombies != c.zombies {
		t.Errorf("%d zombies, %d were there before and %d after", got.Zombies, before, after)
	}
	if got.Cause != c.cause || got.InitHelps != c.initHelps || got.Parent.Name != c.parent || len(got.Causes) != 1 {
		t.Errorf("%s below %s, an init helps: %s, in %d groups; want %s below %s, %s, in one",
			got.Cause, got.Parent.Name, got.InitHelps, len(got.Causes), c.cause, c.parent, c.initHelps)
	}
	if got.Children[c.child] != got.Zombies {
		t.Errorf("children %v, want all of them called %s", got.Children, c.child)
	}
	out, err := shared.cluster.Kubectl(t.Context(), "get", "pod", c.name, "-o", "jsonpath={.metadata.uid}").Output()
	if err != nil || got.Pod != string(out) {
		t.Errorf("pod %q, want %q; %v", got.Pod, out, err)
	}
}

// count is how many zombies a container's processes have below themselves.
func count(t *testing.T, first podproc.Process) int {
	t.Helper()
	all, err := podproc.Read()
	if err != nil {
		t.Fatal(err)
	}
	return below(all, first)
}

// below counts those of PID 1 and of its children.
func below(all podproc.Processes, first podproc.Process) int {
	n := all.Zombies(first)
	for _, p := range all {
		if p.Parent == first.PID && !p.Zombie {
			n += all.Zombies(p)
		}
	}
	return n
}

// program builds initguard where every user can run it.
func program(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path, err := binaries.Own(t.Context(), "cmd/initguard", dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// scan runs the scanner as nobody and returns what it says of a container.
func scan(t *testing.T, program, id string) (scanned, bool) {
	t.Helper()
	const nobody = 65534
	cmd := exec.CommandContext(t.Context(), program, "scanner", "--once", "--interval", "200ms", "-o", "json")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil || errOut.Len() > 0 {
		t.Fatalf("%v: %s", err, errOut.String())
	}
	var list []scanned
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	for _, s := range list {
		if strings.EqualFold(s.Container, id) {
			return s, true
		}
	}
	return scanned{}, false
}
