package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/initguard/initguard/cmd/initguard/app"
)

// programVariable makes the test binary the program itself.
const programVariable = "INITGUARD_APP_TEST_PROGRAM"

// asProgram runs the command line of this process, as main does, where the test
// binary was started for that.
func asProgram() (code int, asked bool) {
	if os.Getenv(programVariable) == "" {
		return 0, false
	}
	return app.Run(context.Background(), os.Args, app.Terminal(os.Stdin, os.Stdout, os.Stderr)), true
}

// zombieJSON is what other programs rely on.
type zombieJSON struct {
	Pod, Container, Cause, InitHelps, Reason string
	Zombies                                  int
	Parent                                   struct {
		Name              string
		PID, ContainerPID int
	}
	Children      map[string]int
	OldestSeconds int
	Causes        []struct {
		Cause, InitHelps string
		Zombies          int
		Parent           struct{ PID int }
		Children         map[string]int
	}
}

// leaveZombies starts children that end at once and are waited for only when
// the test ends.
func leaveZombies(t *testing.T, n int) {
	t.Helper()
	for range n {
		cmd := exec.CommandContext(t.Context(), "true")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Wait() })
		awaitZombie(t, cmd.Process.Pid)
	}
}

func awaitZombie(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && bytes.Contains(text, []byte(") Z ")) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("process %d is no zombie: %s, %v", pid, text, err)
		case <-ticker.C:
		}
	}
}

// checkOwn looks for the zombies of this process in what the scanner printed.
func checkOwn(t *testing.T, text string, want int) {
	t.Helper()
	var list []zombieJSON
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, entry := range list {
		for _, cause := range entry.Causes {
			if cause.Parent.PID != os.Getpid() {
				continue
			}
			if cause.Cause != "ParentNotWaiting" || cause.InitHelps != "No" || cause.Zombies != want || cause.Children["true"] != want {
				t.Errorf("own zombies are told as %+v, want %d called true that an init would not help with", cause, want)
			}
			if entry.Container == "" || entry.Cause == "" || entry.Reason == "" || entry.Zombies < want || entry.Parent.Name == "" || len(entry.Children) == 0 {
				t.Errorf("entry %+v lacks something", entry)
			}
			return
		}
	}
	t.Errorf("no zombies below process %d in %s", os.Getpid(), text)
}

func TestScannerOnce(t *testing.T) {
	leaveZombies(t, 3)
	got := run(t, "", "initguard", "scanner", "--once", "--interval", "20ms", "-o", "json")
	if got.code != 0 || got.err != "" {
		t.Fatalf("exit code %d, stderr %q", got.code, got.err)
	}
	checkOwn(t, got.out, 3)
	got = run(t, "", "initguard", "scanner", "--once", "--interval", "20ms")
	if got.code != 0 || !strings.HasPrefix(got.out, "POD ") || !strings.Contains(got.out, "\nParentNotWaiting: ") {
		t.Errorf("exit code %d, table\n%s", got.code, got.out)
	}
}

// TestScannerUnprivileged runs the whole program as another user: it must see
// the zombies of this one.
func TestScannerUnprivileged(t *testing.T) {
	leaveZombies(t, 2)
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "scanner", "--once", "--interval", "20ms", "-o", "json")
	cmd.Env = []string{programVariable + "=1"}
	if os.Getuid() == 0 { // else there is nothing to drop
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil || errOut.Len() > 0 {
		t.Fatalf("%v: %s", err, errOut.String())
	}
	checkOwn(t, string(out), 2)
}

func TestScannerCannotScan(t *testing.T) {
	hidden := t.TempDir()
	writeFile(t, hidden, "self/mountinfo", "23 22 0:21 / "+hidden+" rw - proc proc rw,hidepid=invisible\n")
	tests := []struct{ name, dir, want string }{
		{"no folder", filepath.Join(hidden, "x"), "no such file"},
		{"no proc", t.TempDir(), "does not show PID 1"},
		{"hidden", hidden, "hidepid=invisible"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, "", "initguard", "scanner", "--once", "--proc", test.dir)
			if got.code != 2 || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, stdout %q, stderr %q, want 2 and %q", got.code, got.out, got.err, test.want)
			}
		})
	}
}

// TestScannerWarns tells that some may be missing where that can't be seen.
func TestScannerWarns(t *testing.T) {
	root := t.TempDir()
	writeFile(t, root, "self/mountinfo", "23 22 0:21 / "+root+" rw - proc proc rw,hidepid=2\n")
	writeFile(t, root, "1/stat", "1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 2 0 0\n")
	writeFile(t, root, "1/statm", "10 5 5 1 0 1 0\n")
	got := run(t, "", "initguard", "scanner", "--once", "--interval", "20ms", "--proc", root, "-o", "json")
	if got.code != 0 || strings.TrimSpace(got.out) != "[]" || !strings.Contains(got.err, "hidepid=2") {
		t.Errorf("exit code %d, stdout %q, stderr %q, want 0, an empty list and a warning", got.code, got.out, got.err)
	}
}

// TestScannerEndsWhenAsked interrupts the wait between the scans.
func TestScannerEndsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut bytes.Buffer
	code := app.Run(ctx, []string{"initguard", "scanner", "--once", "--interval", "1h"}, app.Streams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut})
	if code != 2 || out.Len() > 0 || !strings.Contains(errOut.String(), "canceled") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out.String(), errOut.String())
	}
}
