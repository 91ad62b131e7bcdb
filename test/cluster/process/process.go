package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// killGrace is how long a process may take to end after SIGKILL; it is long
// because a process in uninterruptible I/O ends only after that.
const killGrace = 10 * time.Second

// A Spec says what to start.
type Spec struct {
	// Name is what messages and the log file call the process. Processes of a
	// group that run at the same time have different names.
	Name string
	// Path is the executable, Args its arguments without the program's name.
	Path string
	Args []string
	// Env is the whole environment; nothing is inherited.
	Env []string
	// Grace is the time between SIGTERM and SIGKILL.
	Grace time.Duration
	// Isolated starts the process as PID 1 of PID, mount, network, IPC and host
	// name namespaces of its own. Whatever it starts, mounts or configures there
	// is gone when it ends, however it ends. It takes Linux and root.
	Isolated bool
}

// A Process is one running program of a group.
type Process struct {
	name   string
	log    string
	grace  time.Duration
	cmd    *exec.Cmd
	record child

	// stopping is closed when the process is asked to end, done when it was
	// waited for; exit is written before that.
	stop     sync.Once
	stopping chan struct{}
	done     chan struct{}
	exit     error
}

// An ExitError says that a process ended without having been asked to.
type ExitError struct {
	// Name is the process's, Log the path of its log.
	Name string
	Log  string
	// Tail holds the last lines of the log.
	Tail string
	// Err is how it ended, nil after exit status 0.
	Err error
}

func (e *ExitError) Error() string {
	how := "exit status 0"
	if e.Err != nil {
		how = e.Err.Error()
	}
	return fmt.Sprintf("%s ended: %s; last lines of %s:\n%s", e.Name, how, e.Log, e.Tail)
}

// Unwrap returns how the process ended.
func (e *ExitError) Unwrap() error {
	return e.Err
}

func (g *Group) start(spec Spec) (*Process, error) {
	p := &Process{
		name:     spec.Name,
		log:      filepath.Join(g.Dir, logFolder, spec.Name+".log"),
		grace:    spec.Grace,
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	p.cmd = exec.Command(spec.Path, spec.Args...) //nolint:noctx // It runs until Stop, not until a context ends.
	p.cmd.Dir = g.Dir
	p.cmd.Env = append([]string{}, spec.Env...) // Nil would inherit.
	p.cmd.Stdout = log
	p.cmd.Stderr = log
	if p.cmd.SysProcAttr, err = attributes(spec.Isolated); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	g.starter.do(func() { err = p.cmd.Start() })
	if err := errors.Join(err, log.Close()); err != nil {
		return nil, err
	}
	// A process that has ended already has no identity, and needs no sweeping.
	started, err := identify(p.cmd.Process.Pid)
	if errors.Is(err, errGone) {
		err = nil
	}
	p.record = child{Name: p.name, PID: p.cmd.Process.Pid, Started: started}
	go p.wait()
	if err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Process) wait() {
	err := p.cmd.Wait()
	select {
	case <-p.stopping:
	default:
		p.exit = &ExitError{Name: p.name, Log: p.log, Tail: tailFile(p.log, tailLines), Err: err}
	}
	close(p.done)
}

// PID returns the process's id, which may be another process's once Done is closed.
func (p *Process) PID() int {
	return p.record.PID
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} {
	return p.done
}

// Err returns an [*ExitError] when the process has ended without having been
// asked to, otherwise nil.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.exit
	default:
		return nil
	}
}

// Logs returns the last lines of the process's log.
func (p *Process) Logs(lines int) string {
	return tailFile(p.log, lines)
}

// Stop ends the process: SIGTERM, and SIGKILL after its grace. It returns when
// the process is gone and was waited for.
func (p *Process) Stop() error {
	p.stop.Do(func() { close(p.stopping) })
	if p.endWith(syscall.SIGTERM, p.grace) || p.endWith(syscall.SIGKILL, killGrace) {
		return nil
	}
	return fmt.Errorf("%s (pid %d) still runs %v after SIGKILL", p.name, p.record.PID, killGrace)
}

// endWith reports whether the process ended within d of being sent the signal.
func (p *Process) endWith(signal os.Signal, d time.Duration) bool {
	// An error means that the process has ended already, which done tells too.
	_ = p.cmd.Process.Signal(signal)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}
