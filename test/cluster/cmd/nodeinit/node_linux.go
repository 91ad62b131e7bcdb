package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/initguard/initguard/test/cluster/nodeplan"
)

const (
	poll = 20 * time.Millisecond
	// planMost bounds the wait for the plan, which is written once the network
	// of the node is known.
	planMost = time.Minute
)

// node is the running node.
type node struct {
	mu         sync.Mutex
	components map[int]nodeplan.Component // by pid
	failed     chan error
	// dir is the plan's folder, where it is asked for a component's restart.
	dir string
}

func runNode(file string) error {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT)
	if !await(file, planMost) {
		return fmt.Errorf("%s is missing after %v", file, planMost)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var plan nodeplan.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := setUp(plan); err != nil {
		return err
	}
	n := &node{components: make(map[int]nodeplan.Component), failed: make(chan error, 1), dir: filepath.Dir(file)}
	for _, c := range plan.Components {
		go n.launch(c)
	}
	for {
		select {
		case err := <-n.failed:
			return err
		case s := <-signals:
			if s != syscall.SIGCHLD {
				// All that is here ends with this process. The link goes first: the
				// kernel may take long to remove the networks of many pods.
				return command(plan.End)
			}
			n.reap()
		}
	}
}

// await polls until a file is there.
func await(file string, most time.Duration) bool {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for deadline := time.Now().Add(most); time.Now().Before(deadline); <-ticker.C {
		if _, err := os.Stat(file); err == nil {
			return true
		}
	}
	return false
}

// setUp makes the node's own view of the machine.
func setUp(plan nodeplan.Plan) error {
	// Nothing of what is mounted here may show outside.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	for _, b := range plan.Binds {
		if err := syscall.Mount(b.Source, b.Target, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s on %s: %w", b.Source, b.Target, err)
		}
	}
	// As on a real node, so that volumes can propagate into containers.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts: %w", err)
	}
	for name, value := range plan.Sysctls {
		if err := os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0); err != nil {
			return err
		}
	}
	for _, argv := range plan.Commands {
		if err := command(argv); err != nil {
			return err
		}
	}
	return nil
}

// command runs a command to its end, which is the node's at the latest.
func command(argv []string) error {
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput() //nolint:noctx // see above
	if err != nil {
		return fmt.Errorf("%q: %w: %s", argv, err, out)
	}
	return nil
}

// launch starts a component once what it needs is there.
func (n *node) launch(c nodeplan.Component) {
	for _, file := range c.After {
		if !await(file, c.AfterMost) {
			n.fail(fmt.Errorf("%s was not started: %s is missing after %v", c.Name, file, c.AfterMost))
			return
		}
	}
	n.mu.Lock() // Its end must not be seen before it is known.
	defer n.mu.Unlock()
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		n.fail(err)
		return
	}
	defer log.Close() //nolint:errcheck // the component has it
	process, err := os.StartProcess(c.Path, append([]string{c.Path}, c.Args...), &os.ProcAttr{
		Dir: c.Dir, Env: c.Env, Files: []*os.File{nil, log, log},
	})
	if err != nil {
		n.fail(fmt.Errorf("start %s: %w", c.Name, err))
		return
	}
	n.components[process.Pid] = c
}

func (n *node) fail(err error) {
	select {
	case n.failed <- err:
	default:
	}
}

// reap waits for what has ended: shims and other orphans, which is fine, or a
// component, which ends the node unless somebody asked for its restart.
func (n *node) reap() {
	n.mu.Lock()
	defer n.mu.Unlock()
	reap(func(pid int, status syscall.WaitStatus) {
		c, ok := n.components[pid]
		if !ok {
			return
		}
		delete(n.components, pid)
		if os.Remove(filepath.Join(n.dir, nodeplan.RestartFile(c.Name))) == nil {
			go n.launch(c)
			return
		}
		how := "exit status " + strconv.Itoa(status.ExitStatus())
		if status.Signaled() {
			how = status.Signal().String()
		}
		n.fail(fmt.Errorf("%s ended: %s; see %s", c.Name, how, c.Log))
	})
}
