//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// This file reads /proc as plainly as possible: it is what initguard's own
// scanner is checked against, so it shares nothing with it.

// process is what /proc says of one process.
type process struct {
	pid, parent int
	state       string
	// inside is the PID in the innermost namespace.
	inside int
}

// processes reads all processes of this machine. Those that end meanwhile are
// left out.
func processes() (map[int]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	all := make(map[int]process)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		p := process{pid: pid}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			fields := strings.Fields(value)
			if len(fields) == 0 {
				continue
			}
			switch name {
			case "State":
				p.state = fields[0]
			case "PPid":
				p.parent, _ = strconv.Atoi(fields[0])
			case "NSpid":
				p.inside, _ = strconv.Atoi(fields[len(fields)-1])
			}
		}
		all[pid] = p
	}
	return all, nil
}

// containerProcess returns some living process of a container, by the container
// id in its control group.
func containerProcess(all map[int]process, id string) (process, bool) {
	for _, p := range all {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", p.pid))
		if err == nil && p.state != "Z" && strings.Contains(string(text), "/"+id) {
			return p, true
		}
	}
	return process{}, false
}

// pid1 returns the first process of another one's PID namespace.
func pid1(all map[int]process, of process) (process, bool) {
	space := namespace(of.pid)
	for _, p := range all {
		if p.inside == 1 && p.state != "Z" && space != "" && namespace(p.pid) == space {
			return p, true
		}
	}
	return process{}, false
}

func namespace(pid int) string {
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		return ""
	}
	return link
}

// zombies counts those that a process should have waited for.
func zombies(all map[int]process, parent process) int {
	n := 0
	for _, p := range all {
		if p.state == "Z" && p.parent == parent.pid {
			n++
		}
	}
	return n
}
