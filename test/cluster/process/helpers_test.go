package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The test binary is also the programs that the tests start: the variable says
// which of them it is.
const roleVariable = "INITGUARD_PROCESS_TEST"

const patience = 20 * time.Second

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "serve":
		fmt.Println("ready")
		linger()
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		linger()
	case "fail":
		fmt.Println("first\nsecond")
		os.Exit(3)
	case "own":
		own(os.Args[1])
	}
}

// linger waits to be killed, but not for ever.
func linger() {
	<-time.After(5 * patience)
}

// own is a program that owns a group and never cleans up.
func own(root string) {
	group, err := New(context.Background(), root, "crash")
	if err == nil {
		_, err = group.Start(spec("serve"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(group.Dir)
	linger()
}

// spec is one of the programs above, under the name of its role.
func spec(role string) Spec {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Spec{Name: role, Path: path, Env: []string{roleVariable + "=" + role}, Grace: patience}
}

func newTestGroup(t *testing.T, root string) *Group {
	t.Helper()
	group, err := New(t.Context(), root, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Stop(); err != nil {
			t.Error(err)
		}
	})
	return group
}

func mustStart(t *testing.T, group *Group, s Spec) *Process {
	t.Helper()
	p, err := group.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// startStranger starts a program that no group owns. It is waited for when it
// ends, so that it does not stay behind as a zombie.
func startStranger(t *testing.T) (pid int, ended <-chan struct{}) {
	t.Helper()
	s := spec("serve")
	cmd := exec.Command(s.Path)
	cmd.Env = s.Env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	return cmd.Process.Pid, done
}

// abandon makes the folder of a group whose owner is gone.
func abandon(t *testing.T, root string, s state) string {
	t.Helper()
	dir := filepath.Join(root, "abandoned-1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ownerLock), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return err == nil
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", patience, what)
		case <-ticker.C:
		}
	}
}
