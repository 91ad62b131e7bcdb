package proc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/initguard/initguard/scanner"
)

// helperVariable makes the test binary something else: a program that scans, or
// one that leaves zombies.
const helperVariable = "INITGUARD_PROC_TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperVariable) {
	case "":
		os.Exit(m.Run())
	case "scan":
		os.Exit(scanHelper())
	case "leader":
		leaderHelper()
	}
}

// scanHelper scans what it can see, and says with which capabilities.
func scanHelper() int {
	r, err := Open(Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s, err := r.Scan(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = json.NewEncoder(os.Stdout).Encode(struct {
		Scan   scanner.Scan
		Status string
		UID    int
	}{s, string(text), os.Getuid()})
	return 0
}

// leaderHelper ends its first thread while others go on, as a program does that
// calls pthread_exit in main.
func leaderHelper() {
	runtime.LockOSThread() // so that what follows is another thread
	started := make(chan struct{})
	go func() {
		close(started)
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
		os.Exit(0)
	}()
	<-started
	_, _, _ = unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
}

// helper is this test binary as another program.
func helper(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), helperVariable+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// leave starts a child that ends at once and is not waited for before the test
// ends: a zombie of this process.
func leave(t *testing.T) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	pid := cmd.Process.Pid
	await(t, func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && bytes.Contains(text, []byte(") Z "))
	})
	return pid
}

// await polls with a deadline.
func await(t *testing.T, ask func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !ask() {
		select {
		case <-ctx.Done():
			t.Fatal("not within 20s")
		case <-ticker.C:
		}
	}
}

func find(s scanner.Scan, pid int) (scanner.Process, bool) {
	i := slices.IndexFunc(s.Zombies, func(z scanner.Process) bool { return z.PID == pid })
	if i < 0 {
		return scanner.Process{}, false
	}
	return s.Zombies[i], true
}

func live(t *testing.T) *Reader {
	t.Helper()
	r, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestLive reads the real /proc.
func TestLive(t *testing.T) {
	pid := leave(t)
	s := once(t, live(t))
	z, ok := find(s, pid)
	if !ok || z.Parent != os.Getpid() || z.Comm != "true" || !slices.Contains(z.Inside, pid) {
		t.Fatalf("zombie %d is read as %+v, %v", pid, z, ok)
	}
	self, ok := s.Living[os.Getpid()]
	if !ok || self.Start > z.Start || self.Session != z.Session {
		t.Errorf("its parent, this test, is read as %+v, %v", self, ok)
	}
	if age := s.At - z.Start; age < 0 || age > time.Minute {
		t.Errorf("it was started %v ago, just now", age)
	}
	if init, ok := s.Living[1]; !ok || init.Parent != 0 || s.Processes < 2 {
		t.Errorf("PID 1 is read as %+v, %v, among %d processes", init, ok, s.Processes)
	}
}

// TestUnprivileged scans as another user without any capability.
func TestUnprivileged(t *testing.T) {
	pid := leave(t)
	cmd := helper(t, "scan")
	const nobody = 65534
	user := os.Getuid()
	if user == 0 { // else the other users' processes are root's
		user = nobody
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Scan   scanner.Scan
		Status string
		UID    int
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if got.UID != user || !strings.Contains(got.Status, "\nCapEff:\t0000000000000000\n") {
		t.Errorf("it ran as %d, want %d without capabilities:\n%s", got.UID, user, got.Status)
	}
	z, ok := find(got.Scan, pid)
	if !ok || z.Parent != os.Getpid() || got.Scan.Unreadable != 0 {
		t.Errorf("zombie %d of another user is read as %+v, %v; %d can't be read", pid, z, ok, got.Scan.Unreadable)
	}
	if _, ok := got.Scan.Living[1]; !ok {
		t.Error("PID 1 is not among its ancestors")
	}
}

// TestLeader has a real process whose first thread is gone.
func TestLeader(t *testing.T) {
	cmd := helper(t, "leader")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
		return err == nil && bytes.Contains(text, []byte(") Z "))
	})
	s := once(t, live(t))
	if _, counted := find(s, cmd.Process.Pid); counted || s.Leaders < 1 {
		t.Errorf("counted as a zombie: %v; %d leaders", counted, s.Leaders)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it still ran: %v", err)
	}
}

// TestChurn scans while processes come and go, and must neither fail nor lose
// the zombie that stays.
func TestChurn(t *testing.T) {
	pid := leave(t)
	r := live(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				// A child that outlives its parent for a moment.
				_ = exec.CommandContext(ctx, "sh", "-c", "sh -c 'true & true' & exit").Run()
			}
		})
	}
	for i := range 20 {
		if _, ok := find(once(t, r), pid); !ok {
			t.Fatalf("scan %d has lost zombie %d", i, pid)
		}
	}
}
