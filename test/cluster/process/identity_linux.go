package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// attributes puts a child into a process group of its own, so that Ctrl-C in a
// terminal reaches only the owner, which ends its children in order; and lets
// it be killed together with its owner.
func attributes(isolated bool) (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if isolated {
		a.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	}
	return a, nil
}

// identify returns the identity of a running process, or errGone.
func identify(pid int) (identity, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/stat"
	data, err := os.ReadFile(path)
	// ESRCH: the process ended between open and read.
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return "", errGone
	}
	if err != nil {
		return "", err
	}
	processState, ticks, err := parseStat(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if processState == 'Z' || processState == 'X' {
		return "", errGone
	}
	// Start times count from boot. Where the kernel tells no boot id, a record
	// from before a reboot is told apart by its start time alone.
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return identity(string(bytes.TrimSpace(boot)) + "/" + ticks), nil
}

// parseStat reads the state and the start time, in clock ticks since boot, out
// of /proc/PID/stat: fields 3 and 22 of proc_pid_stat(5). Field 2 is the
// command's name in parentheses and may hold anything, parentheses included.
func parseStat(data []byte) (state byte, ticks string, err error) {
	end := bytes.LastIndexByte(data, ')')
	if end < 0 {
		return 0, "", errors.New("no command name")
	}
	fields := bytes.Fields(data[end+1:])
	const afterName, stateField, startField = 3, 3, 22
	if len(fields) <= startField-afterName {
		return 0, "", fmt.Errorf("%d fields after the command name, too few", len(fields))
	}
	ticks = string(fields[startField-afterName])
	if _, err := strconv.ParseUint(ticks, 10, 64); err != nil {
		return 0, "", fmt.Errorf("start time: %w", err)
	}
	return fields[stateField-afterName][0], ticks, nil
}
