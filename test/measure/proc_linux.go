package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// state is the state letter of a process of the namespace: Z while it has
// exited and was not waited for, 0 once it was.
func (b *box) state(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d/%d/stat", b.proc.Fd(), pid))
	if err != nil {
		return 0
	}
	// The name in parentheses may hold anything; the state follows the last.
	after := afterLast(stat, ") ")
	if len(after) == 0 {
		return 0
	}
	return after[0]
}

// afterLast is what follows the last occurrence of sep.
func afterLast(text []byte, sep string) []byte {
	i := bytes.LastIndex(text, []byte(sep))
	if i < 0 {
		return nil
	}
	return text[i+len(sep):]
}

// left counts those of the processes that are still there, zombies all.
func (b *box) left(pids []int) int {
	n := 0
	for _, pid := range pids {
		if b.state(pid) != 0 {
			n++
		}
	}
	return n
}

// living are the PIDs of the namespace's processes that run, PID 1 aside.
func (b *box) living() map[int]bool {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/self/fd/%d", b.proc.Fd()))
	if err != nil {
		return nil
	}
	pids := make(map[int]bool)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == 1 {
			continue
		}
		if s := b.state(pid); s != 0 && s != 'Z' {
			pids[pid] = true
		}
	}
	return pids
}

// became is what PID 1 executes: the base name of its file, and for busybox
// the applet as which it runs.
func (b *box) became() string {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", b.pid))
	if err != nil {
		return ""
	}
	name := filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
	if name != "busybox" {
		return name
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", b.pid))
	if err != nil {
		return name
	}
	words := strings.Split(string(cmdline), "\x00")
	if filepath.Base(words[0]) == name && len(words) > 1 {
		words = words[1:]
	}
	return name + " " + filepath.Base(words[0])
}

// ticks is the processor time that the namespace's processes have used, in
// hundredths of a second.
func (b *box) ticks(pids map[int]bool) int {
	sum := b.ticksOf(1)
	for pid := range pids {
		sum += b.ticksOf(pid)
	}
	return sum
}

func (b *box) ticksOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d/%d/stat", b.proc.Fd(), pid))
	if err != nil {
		return 0
	}
	after := afterLast(stat, ") ")
	fields := strings.Fields(string(after))
	const utime, stime = 11, 12 // counted from the state, the third field
	if len(fields) <= stime {
		return 0
	}
	user, _ := strconv.Atoi(fields[utime])
	system, _ := strconv.Atoi(fields[stime])
	return user + system
}

// listens is true when some process of the namespace listens on a TCP port.
func (b *box) listens(port int) bool {
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", b.pid, table))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			const listening = "0A"
			if len(fields) > 3 && fields[3] == listening && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				return true
			}
		}
	}
	return false
}

// What a program is given to come up.
const (
	steadyFor  = time.Second
	idleTicks  = 2 // in that time, at most
	settleMost = 30 * time.Second
	churnMost  = 3 * time.Second
	readyMost  = time.Minute
)

// settle waits until the program is up, and until it is idle and PID 1's file
// and its children have stayed the same for a while.
func (b *box) settle(f form) error {
	started := time.Now()
	ready := func() bool {
		return !b.alive() || (f.Port == 0 || b.listens(f.Port)) && len(b.living()) >= f.Children
	}
	if !poll(readyMost, ready) {
		return fmt.Errorf("it did not come up (port %d, %d children): %s", f.Port, f.Children, b.tail())
	}
	limit := settleMost
	if f.Churns {
		limit = churnMost
	}
	since, file, children := time.Now(), b.became(), b.living()
	ticks := b.ticks(children)
	poll(limit, func() bool {
		nowFile, now := b.became(), b.living()
		nowTicks := b.ticks(now)
		if nowFile != file || !maps.Equal(now, children) || nowTicks > ticks+idleTicks {
			since, file, children, ticks = time.Now(), nowFile, now, nowTicks
		}
		return !b.alive() || time.Since(since) > steadyFor && time.Since(started) > f.Settle
	})
	if !b.alive() {
		return fmt.Errorf("the program ended by itself: %s", b.tail())
	}
	return nil
}
