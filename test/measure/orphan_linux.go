package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// orphan is how an injected process ends: by exit status, or by a signal.
type orphan struct {
	Status int `json:"status,omitempty"`
	Signal int `json:"signal,omitempty"`
}

// inject makes orphans in the PID namespace of a process and returns their
// PIDs there, once all have exited. It works from outside: a helper enters the
// namespace and starts a parent, which forks the orphans and exits at once, so
// that they are given to that namespace's PID 1.
func inject(pid int, orphans []orphan) ([]int, error) {
	text, err := json.Marshal(orphans)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, modeInject, strconv.Itoa(pid), string(text)) //nolint:noctx // this program; it ends by itself
	cmd.Stderr = os.Stderr
	// The orphans hold the pipe until they exit.
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("injecting orphans: %w", err)
	}
	var pids []int
	if err := json.Unmarshal(out, &pids); err != nil {
		return nil, fmt.Errorf("injecting orphans: %w", err)
	}
	return pids, nil
}

// injector is the helper that enters the namespace.
func injector(args []string) error {
	runtime.LockOSThread() // setns is the thread's, and its children's
	fd, err := unix.Open("/proc/"+args[0]+"/ns/pid", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Setns(fd, unix.CLONE_NEWPID); err != nil {
		return fmt.Errorf("setns: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, modeParent, args[1]) //nolint:noctx // this program; it ends by itself
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// An exec probe runs in a session of its own, too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Run()
}

// parent forks the orphans, prints their PIDs and exits.
func parent(args []string) error {
	var orphans []orphan
	if err := json.Unmarshal([]byte(args[0]), &orphans); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	pids := make([]int, 0, len(orphans))
	for _, o := range orphans {
		pid, errno := forkOrphan(uintptr(o.Status), uintptr(o.Signal))
		if errno != 0 {
			return fmt.Errorf("fork: %w", errno)
		}
		pids = append(pids, pid)
	}
	return json.NewEncoder(os.Stdout).Encode(pids)
}

// forkOrphan forks without exec. The child makes system calls only, waits
// until it has become PID 1's and ends as asked; starting 200 programs instead
// would take seconds.
//
//go:norace
//go:noinline
func forkOrphan(status, signal uintptr) (int, syscall.Errno) {
	var defaultAction [4]uint64 // struct sigaction, all zero: SIG_DFL
	pause := unix.Timespec{Nsec: 2_000_000}
	self, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 || self != 0 {
		return int(self), errno
	}
	for {
		ppid, _, _ := syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0)
		if ppid == 1 {
			break
		}
		_, _, _ = syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
	}
	if signal != 0 {
		_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&defaultAction)), 0, 8, 0, 0)
		pid, _, _ := syscall.RawSyscall(syscall.SYS_GETPID, 0, 0, 0)
		_, _, _ = syscall.RawSyscall(syscall.SYS_KILL, pid, signal, 0)
	}
	for {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, status, 0, 0)
	}
}
