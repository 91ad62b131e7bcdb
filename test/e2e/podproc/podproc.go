// Package podproc counts the zombies of containers in /proc as plainly as
// possible. It is what initguard's own scanner is checked against, so it shares
// nothing with it. It needs root and Linux.
package podproc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Process is what /proc/PID/status says of one process.
type Process struct {
	// PID and Parent are as this machine sees them.
	PID, Parent int
	Name        string
	Zombie      bool
	// Inside is the PID in the innermost namespace, depth how many namespaces
	// it is seen from: this machine's, the node's and the container's.
	Inside, depth int
}

// inContainer is the depth of processes in containers. The runtime's own, on
// their way into one, are not there yet.
const inContainer = 3

// Processes are all processes of this machine, by PID.
type Processes map[int]Process

// Read reads all processes. Those that end meanwhile are left out.
func Read() (Processes, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	all := make(Processes)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		all[pid] = parse(pid, string(text))
	}
	return all, nil
}

// parse reads the lines that matter; see proc_pid_status(5).
func parse(pid int, text string) Process {
	p := Process{PID: pid}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch name {
		case "Name":
			p.Name = fields[0]
		case "State":
			p.Zombie = fields[0] == "Z"
		case "PPid":
			p.Parent, _ = strconv.Atoi(fields[0])
		case "NSpid":
			p.Inside, _ = strconv.Atoi(fields[len(fields)-1])
			p.depth = len(fields)
		}
	}
	return p
}

// InContainer returns some living process of a container, by the container id
// in its control group. It may be a probe's, and gone in a moment.
func (all Processes) InContainer(id string) (Process, bool) {
	for _, p := range all {
		if all.isIn(p, id) {
			return p, true
		}
	}
	return Process{}, false
}

func (Processes) isIn(p Process, id string) bool {
	if p.Zombie || p.depth < inContainer {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", p.PID))
	return err == nil && strings.Contains(string(text), "/"+id)
}

// Started returns the process as which the runtime started a container, what it
// exec'd included. In a PID namespace of its own that is PID 1; in a pod's, it is
// the container's oldest process that is no child of another.
func (all Processes) Started(id string) (Process, bool) {
	var oldest Process
	for _, p := range all {
		if !all.isIn(p, id) || oldest.PID != 0 && oldest.Inside < p.Inside {
			continue
		}
		if parent, ok := all[p.Parent]; !ok || !all.isIn(parent, id) {
			oldest = p
		}
	}
	return oldest, oldest.PID != 0
}

// Child returns a process's oldest living child.
func (all Processes) Child(of Process) (Process, bool) {
	var oldest Process
	for _, p := range all {
		if p.Parent == of.PID && !p.Zombie && p.depth == of.depth && (oldest.PID == 0 || p.Inside < oldest.Inside) {
			oldest = p
		}
	}
	return oldest, oldest.PID != 0
}

// ZombiesIn counts all zombies of a process's PID namespace, whoever should have
// waited for them.
func (all Processes) ZombiesIn(of Process) int {
	n, space := 0, namespace(of.PID)
	for _, p := range all {
		if p.Zombie && space != "" && namespace(p.PID) == space {
			n++
		}
	}
	return n
}

// First returns PID 1 of another process's PID namespace.
func (all Processes) First(of Process) (Process, bool) {
	space := namespace(of.PID)
	for _, p := range all {
		if p.Inside == 1 && !p.Zombie && space != "" && namespace(p.PID) == space {
			return p, true
		}
	}
	return Process{}, false
}

func namespace(pid int) string {
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err != nil {
		return ""
	}
	return link
}

// Zombies counts those that a process should have waited for.
func (all Processes) Zombies(parent Process) int {
	n := 0
	for _, p := range all {
		if p.Zombie && p.Parent == parent.PID {
			n++
		}
	}
	return n
}

// Orphans is how many orphans the program test/programs/orphan has left in a
// container, as it counts them itself in the container's file system.
func (all Processes) Orphans(id string) int {
	member, ok := all.InContainer(id)
	if !ok {
		return 0
	}
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(member.PID), "root/tmp/orphans"))
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "\n")
}
