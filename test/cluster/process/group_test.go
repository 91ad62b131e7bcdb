package process

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestStop(t *testing.T) {
	group := newTestGroup(t, t.TempDir())
	p := mustStart(t, group, spec("serve"))
	if err := group.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := identify(p.PID()); !errors.Is(err, errGone) {
		t.Errorf("after Stop identify says %v, want errGone", err)
	}
	if exists(t, group.Dir) {
		t.Errorf("%s is left", group.Dir)
	}
	if err := p.Err(); err != nil {
		t.Errorf("a process that was stopped has error %v", err)
	}
	if err := group.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if _, err := group.Start(spec("serve")); err == nil {
		t.Error("a stopped group started a process")
	}
}

func TestStopKills(t *testing.T) {
	group := newTestGroup(t, t.TempDir())
	s := spec("stubborn")
	s.Grace = time.Millisecond
	p := mustStart(t, group, s)
	eventually(t, "the program ignores SIGTERM", func() bool { return p.Logs(1) == "ready" })
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := identify(p.PID()); !errors.Is(err, errGone) {
		t.Errorf("after Stop identify says %v, want errGone", err)
	}
}

func TestExit(t *testing.T) {
	group := newTestGroup(t, t.TempDir())
	p := mustStart(t, group, spec("fail"))
	<-p.Done()
	var exit *ExitError
	if !errors.As(p.Err(), &exit) {
		t.Fatalf("error %v, want an ExitError", p.Err())
	}
	want := "fail ended: exit status 3; last lines of " + filepath.Join(group.Dir, "logs", "fail.log") + ":\nfirst\nsecond"
	if exit.Error() != want {
		t.Errorf("error\n%s\nwant\n%s", exit, want)
	}
	if logs := group.Logs(1); !strings.HasSuffix(logs, "\nsecond\n") || strings.Contains(logs, "first") {
		t.Errorf("one line of the logs is %q", logs)
	}
}

func TestStartAgain(t *testing.T) {
	group := newTestGroup(t, t.TempDir())
	first := mustStart(t, group, spec("fail"))
	<-first.Done()
	again := spec("serve")
	again.Name = "fail"
	second := mustStart(t, group, again)
	s, err := readState(group.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Processes) != 1 || s.Processes[0].PID != second.PID() {
		t.Errorf("recorded processes %+v, want pid %d alone", s.Processes, second.PID())
	}
	eventually(t, "the log is the second program's", func() bool { return second.Logs(9) == "ready" })
}

func TestStartMissingProgram(t *testing.T) {
	group := newTestGroup(t, t.TempDir())
	_, err := group.Start(Spec{Name: "ghost", Path: filepath.Join(group.Dir, "ghost")})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "start ghost") {
		t.Errorf("error %v, want one that names ghost", err)
	}
}

// A death signal comes when the thread that forked ends: processes must outlive
// the thread that asked for them.
func TestStartOutlivesThread(t *testing.T) {
	group := newTestGroup(t, t.TempDir())
	started := make(chan *Process)
	go func() {
		runtime.LockOSThread() // Never unlocked, so the thread ends here.
		p, err := group.Start(spec("serve"))
		if err != nil {
			t.Error(err)
		}
		started <- p
	}()
	p := <-started
	eventually(t, "the program runs", func() bool { return p.Logs(1) == "ready" })
	select {
	case <-p.Done():
		t.Fatal("the program ended together with the thread that started it")
	case <-time.After(50 * time.Millisecond):
	}
}

func TestFailKeepsLogs(t *testing.T) {
	root := t.TempDir()
	group := newTestGroup(t, root)
	p := mustStart(t, group, spec("serve"))
	eventually(t, "the program runs", func() bool { return p.Logs(1) == "ready" })
	data := filepath.Join(group.Dir, "data")
	if err := os.WriteFile(data, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := group.Fail(); err != nil {
		t.Fatal(err)
	}
	if exists(t, data) {
		t.Error("Fail kept more than logs")
	}
	newTestGroup(t, root)
	if p.Logs(1) != "ready" {
		t.Errorf("the next sweep left %q of the log", p.Logs(1))
	}
	old := time.Now().Add(-keepLogs - time.Minute)
	if err := os.Chtimes(group.Dir, old, old); err != nil {
		t.Fatal(err)
	}
	newTestGroup(t, root)
	if exists(t, group.Dir) {
		t.Error("logs older than a day were kept")
	}
}
