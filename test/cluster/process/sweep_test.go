package process

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSweepKillsRecorded(t *testing.T) {
	root := t.TempDir()
	pid, ended := startStranger(t)
	started, err := identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	dir := abandon(t, root, state{Processes: []child{{Name: "left", PID: pid, Started: started}}})
	newTestGroup(t, root)
	<-ended
	if exists(t, dir) {
		t.Errorf("%s is left", dir)
	}
}

func TestSweepSparesLaterProcess(t *testing.T) {
	root := t.TempDir()
	pid, ended := startStranger(t)
	dir := abandon(t, root, state{Processes: []child{{Name: "left", PID: pid, Started: "another boot/1"}}})
	newTestGroup(t, root)
	if exists(t, dir) {
		t.Errorf("%s is left", dir)
	}
	select {
	case <-ended:
		t.Error("a process with another start time was killed")
	default:
		if _, err := identify(pid); err != nil {
			t.Errorf("a process with another start time: %v", err)
		}
	}
}

func TestSweepSparesLiving(t *testing.T) {
	root := t.TempDir()
	group := newTestGroup(t, root)
	p := mustStart(t, group, spec("serve"))
	foreign := filepath.Join(root, "photos")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	newTestGroup(t, root)
	if _, err := identify(p.PID()); err != nil {
		t.Errorf("the process of a living owner: %v", err)
	}
	if !exists(t, group.Dir) {
		t.Error("the folder of a living owner was removed")
	}
	if !exists(t, foreign) {
		t.Error("a folder that is not a group's was removed")
	}
}

func TestSweepBrokenState(t *testing.T) {
	root := t.TempDir()
	dir := abandon(t, root, state{})
	if err := os.WriteFile(filepath.Join(dir, stateFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := New(t.Context(), root, "test")
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want one that names %s", err, dir)
	}
}

func TestKilledOwner(t *testing.T) {
	root := t.TempDir()
	dir, kill := startOwner(t, root)
	s, err := readState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Processes) != 1 {
		t.Fatalf("recorded processes %+v, want one", s.Processes)
	}
	left := s.Processes[0]
	if runs, err := left.runs(); err != nil || !runs {
		t.Fatalf("before the kill the process runs: %v, %v", runs, err)
	}
	kill()
	if runtime.GOOS == "linux" {
		eventually(t, "the process ends together with its owner", func() bool {
			runs, err := left.runs()
			return err == nil && !runs
		})
	}
	newTestGroup(t, root)
	if runs, err := left.runs(); err != nil || runs {
		t.Errorf("after the sweep the process runs: %v, %v", runs, err)
	}
	if exists(t, dir) {
		t.Errorf("%s is left", dir)
	}
}

// startOwner starts a program that owns a group, and returns the group's folder
// and how to kill the program.
func startOwner(t *testing.T, root string) (dir string, kill func()) {
	t.Helper()
	s := spec("own")
	cmd := exec.Command(s.Path, root)
	cmd.Env = s.Env
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if err != nil {
		kill()
		t.Fatalf("the owner said nothing: %v", err)
	}
	return strings.TrimSpace(line), kill
}
