package cluster

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestKilledOwner kills -9 a process that owns a cluster: the next Start, and
// on Linux the kernel before it, removes what it left.
func TestKilledOwner(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	owner, dir := startOwner(t, root)
	pids := runningIn(t, dir)
	if len(pids) != 2 {
		t.Errorf("%d processes run, want etcd and kube-apiserver", len(pids))
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // It was killed, which Wait reports.
	mustStart(t, Options{Root: root})
	for _, pid := range pids {
		if running(t, pid) {
			t.Errorf("process %d is left", pid)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

// startOwner starts a process that owns a cluster and returns the cluster's folder.
func startOwner(t *testing.T, root string) (owner *exec.Cmd, dir string) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	owner = exec.Command(path)
	owner.Env = append(os.Environ(), rootVariable+"="+root)
	owner.Stderr = os.Stderr
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the owner named no folder: %v; it ended with %v", err, owner.Wait())
	}
	return owner, strings.TrimSpace(line)
}

// runningIn returns the processes whose command line names the folder.
func runningIn(t *testing.T, dir string) []int {
	t.Helper()
	var pids []int
	for _, line := range processes(t) {
		fields := bytes.Fields(line)
		if !bytes.Contains(line, []byte(dir)) || bytes.HasPrefix(fields[1], []byte("Z")) {
			continue
		}
		pids = append(pids, pidOf(t, fields[0]))
	}
	return pids
}

// running reports whether the process runs; a zombie has ended.
func running(t *testing.T, pid int) bool {
	t.Helper()
	for _, line := range processes(t) {
		fields := bytes.Fields(line)
		if pidOf(t, fields[0]) == pid {
			return !bytes.HasPrefix(fields[1], []byte("Z"))
		}
	}
	return false
}

func processes(t *testing.T) [][]byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-A", "-ww", "-o", "pid=,stat=,args=").Output()
	if err != nil {
		t.Fatalf("ps: %v", err)
	}
	return bytes.Split(bytes.TrimSpace(out), []byte("\n"))
}

func pidOf(t *testing.T, field []byte) int {
	t.Helper()
	pid, err := strconv.Atoi(string(field))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
