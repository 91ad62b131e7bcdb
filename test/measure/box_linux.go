package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/initguard/initguard/imageinspect/identity"
)

// box is a program that runs as PID 1 of namespaces of its own.
type box struct {
	cmd   *exec.Cmd
	pid   int      // of the program, as the host sees it
	proc  *os.File // the namespace's own /proc
	dir   string   // shared with the program as /.initguard
	stdin io.Closer
	exit  chan struct{} // closed when the program has ended
	log   string
	// program is what the file says of itself that was started.
	program identity.Identity
}

// boxSpec is what the helper inside of the namespaces has to set up.
type boxSpec struct {
	Root, Work, Shared string
	Argv, Env          []string
	Setup              string
	UID                int
}

// specVariable is the environment variable that carries a boxSpec.
const specVariable = "INITGUARD_BOX"

// start brings a program up, x filled in, and waits until it runs.
func start(root string, f form, x string) (*box, error) {
	dir, err := os.MkdirTemp("", "initguard-measure-")
	if err != nil {
		return nil, err
	}
	b := &box{dir: filepath.Join(dir, "shared"), log: filepath.Join(dir, "log"), exit: make(chan struct{})}
	if err := b.launch(dir, root, f, x); err != nil {
		b.close()
		return nil, err
	}
	if err := b.awaitExec(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *box) launch(dir, root string, f form, x string) error {
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	if err := shareProbe(dir, b.dir); err != nil {
		return err
	}
	spec, err := json.Marshal(boxSpec{
		Root: root, Work: work, Shared: b.dir, Argv: f.argv(x), Setup: f.setup(x), UID: f.UID,
		Env: append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"}, f.Env...),
	})
	if err != nil {
		return err
	}
	logFile, err := os.Create(b.log)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	in, hold, err := os.Pipe() // a stdin that never ends
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	b.stdin = hold
	cmd := exec.Command("/proc/self/exe", modeInit) //nolint:noctx // ended by close
	cmd.Env = []string{specVariable + "=" + string(spec)}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, logFile, logFile
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// A session of its own: a PID 1 that signals its process group must
		// not reach this one.
		Setsid: true,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET |
			syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	b.cmd, b.pid = cmd, cmd.Process.Pid
	go func() {
		_ = cmd.Wait()
		close(b.exit)
	}()
	return nil
}

// shareProbe makes the directory that the program sees as /.initguard.
func shareProbe(dir, shared string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(shared, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(shared, 0o777); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	probe := filepath.Join(shared, "probe")
	if os.Link(self, probe) == nil {
		return os.Chmod(probe, 0o755)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	return os.WriteFile(probe, text, 0o755)
}

// setupTime bounds the preparation of a root.
const setupTime = 2 * time.Minute

// awaitExec waits until the helper has become the program.
func (b *box) awaitExec() error {
	started := filepath.Join(b.dir, "exec")
	ok := poll(setupTime, func() bool {
		if !b.alive() {
			return true
		}
		_, err := os.Stat(started)
		return err == nil && !b.isHelper()
	})
	if !ok || !b.alive() {
		return fmt.Errorf("the program did not start: %s", b.tail())
	}
	text, err := os.ReadFile(started)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &b.program); err != nil {
		return err
	}
	proc, err := os.Open(fmt.Sprintf("/proc/%d/root/proc", b.pid))
	if err != nil {
		return fmt.Errorf("the program ended at once: %w: %s", err, b.tail())
	}
	b.proc = proc
	return nil
}

// isHelper is true until the helper has exec'ed the program.
func (b *box) isHelper() bool {
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", b.pid))
	return err == nil && string(cmdline) == "/proc/self/exe\x00"+modeInit+"\x00"
}

func (b *box) alive() bool {
	select {
	case <-b.exit:
		return false
	default:
		return true
	}
}

// tail is the end of what the program printed.
func (b *box) tail() string {
	text, err := os.ReadFile(b.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-600):])
}

// close ends the program, and with it its namespaces.
func (b *box) close() {
	if b.cmd != nil {
		_ = b.cmd.Process.Kill()
		<-b.exit
	}
	if b.proc != nil {
		_ = b.proc.Close()
	}
	if b.stdin != nil {
		_ = b.stdin.Close()
	}
	_ = os.RemoveAll(filepath.Dir(b.dir))
}

// poll asks until the answer is yes or the time is over.
func poll(limit time.Duration, done func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(limit)
	for {
		if done() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		<-tick.C
	}
}
