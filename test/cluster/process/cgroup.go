package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// cgroupGrace is how long a control group may stay busy after its processes
// were killed: the kernel takes them out late.
const cgroupGrace = 10 * time.Second

// removeCgroups removes control groups with all below them.
func removeCgroups(dirs []string) error {
	deadline := time.Now().Add(cgroupGrace)
	var errs []error
	for _, dir := range dirs {
		errs = append(errs, removeCgroup(dir, deadline))
	}
	return errors.Join(errs...)
}

// removeCgroup removes one, deepest first; what lies in them are the kernel's
// files, which can't be removed and go by themselves.
func removeCgroup(dir string, deadline time.Time) error {
	ticker := time.NewTicker(pollGone)
	defer ticker.Stop()
	for {
		err := removeTree(dir)
		if err == nil || !errors.Is(err, syscall.EBUSY) && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("control group: %w: end what runs in it and remove it", err)
		}
		<-ticker.C
	}
}

func removeTree(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(dirs) {
		if err := syscall.Rmdir(d); err != nil && !errors.Is(err, syscall.ENOENT) {
			return &os.PathError{Op: "rmdir", Path: d, Err: err}
		}
	}
	return nil
}
