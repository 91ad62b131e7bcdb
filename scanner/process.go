package scanner

import "time"

// Host is what a report calls the processes of no container.
const Host = "host"

// A Container is where a process runs, as its control group tells.
type Container struct {
	// Pod is the pod's UID as in its control group, with dashes; empty when the
	// container is in no pod, or in the scanner's own and only seen from there.
	// A static pod has the hash of its manifest here, not the UID of its mirror.
	Pod string
	// ID is the container's id, 64 hexadecimal digits. It is empty for processes
	// of the host, and for those that the runtime keeps in a pod's group.
	ID string
	// Runtime is what the control group calls the runtime, such as "crio" or
	// "cri-containerd"; empty where it doesn't say.
	Runtime string
}

// Known says whether it is a container at all.
func (c Container) Known() bool { return c.ID != "" }

// A Process is what /proc says of one process.
type Process struct {
	// PID, Parent and Session are as the scanner sees them. Parent is 0 when it
	// is outside of the scanner's PID namespace, and so is Session. A process
	// that is just going has session -1.
	PID, Parent, Session int
	// Comm is the process's name: at most 15 bytes of anything.
	Comm string
	// State is the letter of proc_pid_stat(5): Z for those that exited.
	State byte
	// Threads is how many threads it has, those that exited aside.
	Threads int
	// Start is when it was started, since boot.
	Start time.Duration
	// Inside are its PIDs from the scanner's namespace to its own.
	Inside []int
	// Container is where it runs. With control groups v1 that of a zombie is
	// never known.
	Container Container
}

// Exited says whether nothing of the process is left but its exit status. A
// leader that left while its threads go on has state Z too; nobody can wait for
// it before they end.
func (p Process) Exited() bool { return p.State == 'Z' && p.Threads <= 1 }

// First says whether it is PID 1 of its PID namespace.
func (p Process) First() bool { return len(p.Inside) > 0 && p.Inside[len(p.Inside)-1] == 1 }

// depth is how many PID namespaces it is seen in, from the scanner's on.
func (p Process) depth() int { return len(p.Inside) }

// A Scan is what one walk over /proc found.
type Scan struct {
	// At is when it was made, since boot.
	At time.Duration
	// Processes is how many there were, kernel threads included.
	Processes int
	// Zombies are those that exited, Leaders how many have state Z and live
	// threads.
	Zombies []Process
	Leaders int
	// Unreadable is how many processes this one may not look at.
	Unreadable int
	// Living are the zombies' ancestors, by PID. A zombie whose parent is not
	// there is left out.
	Living map[int]Process
}
