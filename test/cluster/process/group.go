package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/initguard/initguard/test/cluster/internal/filelock"
)

const (
	// rootLock serialises sweeping and creating folders, so that no sweep
	// meets a folder whose owner has not locked it yet.
	rootLock = "lock"
	// ownerLock is held by a group's owner for as long as it lives.
	ownerLock = "owner.lock"
	logFolder = "logs"
)

// A Group is a folder and the processes that work in it.
type Group struct {
	// Dir is the folder: absolute, readable by its owner alone. It is the
	// working directory of every process.
	Dir string

	owner   *filelock.Lock
	starter *thread

	mu        sync.Mutex
	processes []*Process
	cgroups   []string
	ended     bool
}

// New removes what owners that no longer live left under root, and makes a
// group in a new folder there. Root is created when it is missing; folders in
// it that are not a group's are left alone. The name is the start of the
// folder's name.
func New(ctx context.Context, root, name string) (group *Group, err error) {
	root, err = filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(root, rootLock), nil)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if err := sweep(ctx, root); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(root, name+"-")
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	group, err = newGroup(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return group, nil
}

func newGroup(dir string) (*Group, error) {
	owner, err := filelock.Try(filepath.Join(dir, ownerLock))
	if err != nil {
		return nil, err
	}
	err = os.Mkdir(filepath.Join(dir, logFolder), 0o700)
	if err == nil {
		err = state{Owner: os.Getpid()}.write(dir)
	}
	if err != nil {
		return nil, errors.Join(err, owner.Release())
	}
	return &Group{Dir: dir, owner: owner, starter: newThread()}, nil
}

// Start starts a process and records it. Its output goes to a new file
// logs/NAME.log in the group's folder. A process that ended makes room for one
// of the same name.
func (g *Group) Start(spec Spec) (*Process, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return nil, fmt.Errorf("start %s: its group was stopped", spec.Name)
	}
	p, err := g.start(spec)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	g.processes = slices.DeleteFunc(g.processes, func(old *Process) bool { return old.name == spec.Name })
	g.processes = append(g.processes, p)
	if err := g.record(); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, errors.Join(err, p.Stop()))
	}
	return p, nil
}

// Own makes control groups that go away with the group, with all below them.
// They are on record before they exist, so that a sweep finds them. The paths
// are those of folders in a cgroup file system.
func (g *Group) Own(cgroups ...string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cgroups = append(g.cgroups, cgroups...)
	if err := g.record(); err != nil {
		return err
	}
	for _, dir := range cgroups {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("control group: %w", err)
		}
	}
	return nil
}

// record writes down which processes a sweep would have to end. Between the
// start of a process and its record only the death signal guards it.
func (g *Group) record() error {
	s := state{Owner: os.Getpid(), Cgroups: g.cgroups}
	for _, p := range g.processes {
		s.Processes = append(s.Processes, p.record)
	}
	return s.write(g.Dir)
}

// Stop ends every process, last started first, and removes the folder. Calling
// it again does nothing.
func (g *Group) Stop() error {
	return g.end(func() error {
		// The marks go last: a removal that is cut short is completed by a sweep.
		if err := removeAllBut(g.Dir, stateFile, ownerLock); err != nil {
			return err
		}
		return os.RemoveAll(g.Dir)
	})
}

// Fail ends every process like [Group.Stop] but keeps the logs, until a [New]
// that runs a day later or more.
func (g *Group) Fail() error {
	return g.end(func() error {
		if err := (state{Owner: os.Getpid(), Failed: true}).write(g.Dir); err != nil {
			return err
		}
		return removeAllBut(g.Dir, logFolder, stateFile, ownerLock)
	})
}

func (g *Group) end(remove func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return nil
	}
	g.ended = true
	var errs []error
	for _, p := range slices.Backward(g.processes) {
		errs = append(errs, p.Stop())
	}
	g.starter.end()
	err := errors.Join(errs...)
	if err == nil {
		err = removeCgroups(g.cgroups)
	}
	if err == nil {
		err = remove()
	} // Otherwise the folder stays: it tells the next sweep what still runs.
	return errors.Join(err, g.owner.Release())
}

// Logs returns the last lines of every log in the folder, each under its name:
// those of the processes, and of what they started in turn.
func (g *Group) Logs(lines int) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all strings.Builder
	logs, err := filepath.Glob(filepath.Join(g.Dir, logFolder, "*.log"))
	if err != nil {
		return err.Error()
	}
	for _, log := range logs {
		name := strings.TrimSuffix(filepath.Base(log), ".log")
		fmt.Fprintf(&all, "==> %s, last lines of %s\n%s\n", name, log, tailFile(log, lines))
	}
	return all.String()
}

func removeAllBut(dir string, keep ...string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if !slices.Contains(keep, entry.Name()) {
			errs = append(errs, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return errors.Join(errs...)
}
