//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// podGroup is the end of a control group's path as that of a container in a
// pod: with it the scanner counts the pod's threads, too.
const podGroup = "pod11111111-2222-3333-4444-555555555555/" +
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// group makes a control group below this process's own, named as that of a
// container, in the first hierarchy that allows it.
func group() (string, error) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	errs := []error{errors.New("no control group can be made")}
	for line := range strings.Lines(string(mounts)) {
		before, after, ok := strings.Cut(line, " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(kind) < 3 || !strings.HasPrefix(kind[0], "cgroup") {
			continue
		}
		dir := filepath.Join(fields[4], path(string(own), kind[0], kind[2]), podGroup)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			errs = append(errs, err)
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil && !strings.Contains(kind[2], "cpuset") {
			return dir, nil
		}
		errs = append(errs, ungroup(dir))
	}
	return "", errors.Join(errs...)
}

// path is this process's group in a hierarchy.
func path(own, kind, options string) string {
	for line := range strings.Lines(own) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		if kind == "cgroup2" && fields[1] == "" || kind == "cgroup" && fields[1] != "" && strings.HasSuffix(options, fields[1]) {
			return fields[2]
		}
	}
	return "/"
}

// enter moves this process into a group.
func enter(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0o600); err != nil {
		return fmt.Errorf("enter the control group: %w", err)
	}
	return nil
}

// ungroup removes what group made.
func ungroup(dir string) error { return errors.Join(os.Remove(dir), os.Remove(filepath.Dir(dir))) }
