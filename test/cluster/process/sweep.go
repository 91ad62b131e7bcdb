package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/initguard/initguard/test/cluster/internal/filelock"
)

const (
	// keepLogs is how long the logs of a failed group stay.
	keepLogs = 24 * time.Hour
	pollGone = 10 * time.Millisecond
)

// sweep kills the processes and removes the folders of groups under root whose
// owner is gone. The caller holds the root lock.
func sweep(ctx context.Context, root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		dir := filepath.Join(root, entry.Name())
		if err := sweepGroup(ctx, dir); err != nil {
			return fmt.Errorf("clean up after a killed run: %w; end what runs in %s and remove it", err, dir)
		}
	}
	return nil
}

func sweepGroup(ctx context.Context, dir string) (err error) {
	owner, err := filelock.TryExisting(filepath.Join(dir, ownerLock))
	switch {
	case errors.Is(err, filelock.ErrHeld):
		return nil // The owner lives.
	case errors.Is(err, os.ErrNotExist):
		return nil // Not a group's folder, or its owner is removing it.
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, owner.Release()) }()
	s, err := readState(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // The same.
	}
	if err != nil {
		return err
	}
	for _, c := range s.Processes {
		if err := c.kill(ctx); err != nil {
			return err
		}
	}
	if err := removeCgroups(s.Cgroups); err != nil {
		return err
	}
	if s.Failed {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < keepLogs {
			return err
		}
	}
	return os.RemoveAll(dir)
}

// kill ends the process on record, unless it is gone or its pid belongs to
// another process by now.
func (c child) kill(ctx context.Context) error {
	// On Linux this holds a pidfd: what is signalled below is the process
	// whose start time is compared here, or nothing.
	process, err := os.FindProcess(c.PID)
	if err != nil {
		return fmt.Errorf("%s (pid %d): %w", c.Name, c.PID, err)
	}
	defer func() { _ = process.Release() }()
	runs, err := c.runs()
	if err != nil || !runs {
		return err
	}
	err = process.Signal(syscall.SIGKILL)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s (pid %d): %w", c.Name, c.PID, err)
	}
	return c.waitGone(ctx)
}

func (c child) waitGone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, killGrace)
	defer cancel()
	ticker := time.NewTicker(pollGone)
	defer ticker.Stop()
	for {
		runs, err := c.runs()
		if err != nil || !runs {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s (pid %d) still runs after SIGKILL: %w", c.Name, c.PID, ctx.Err())
		case <-ticker.C:
		}
	}
}

// runs reports whether the process on record still runs.
func (c child) runs() (bool, error) {
	started, err := identify(c.PID)
	if errors.Is(err, errGone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s (pid %d): %w", c.Name, c.PID, err)
	}
	return started == c.Started, nil
}
