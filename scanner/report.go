package scanner

import "time"

// A Report is what two scans tell.
type Report struct {
	// At is when the later scan was made, since boot.
	At time.Duration
	// Processes is how many there were, Unreadable how many of them could not
	// be looked at.
	Processes, Unreadable int
	// Containers are those with zombies, the most zombies first.
	Containers []Findings
	// Pods is how many PIDs the pods of those containers take, by UID, as far as
	// it was counted.
	Pods map[string]PIDs
	// Ignored are zombies that don't count.
	Ignored Ignored
}

// Ignored are the zombies that a report leaves out, by why.
type Ignored struct {
	// Young ones were not there in the scan before.
	Young int `json:"young"`
	// Leaders are processes whose first thread ended before the others.
	Leaders int `json:"leaders"`
	// Runtime ones are the container runtime's to reap.
	Runtime int `json:"runtime"`
}

// Zombies is how many there are in all containers.
func (r Report) Zombies() int {
	n := 0
	for _, c := range r.Containers {
		n += c.Zombies
	}
	return n
}

// Findings are the zombies of one container, or of the host.
type Findings struct {
	Container Container
	Zombies   int
	// Children are the zombies by their name, the most first.
	Children Children
	// Oldest is how long the oldest one has been a zombie, at most: it may have
	// run for a part of that time before the first scan.
	Oldest time.Duration
	// PerHour is how many come in an hour; nil when that can't be told yet.
	PerHour *float64
	// Groups are the zombies by cause and parent, the most first, at least one.
	Groups []Group
	// Others is how many zombies have a cause or parent beyond those groups.
	Others int
}

// Main is the group with the most zombies.
func (f Findings) Main() Group { return f.Groups[0] }

// Group are zombies of one cause and of parents with one name.
type Group struct {
	Cause Cause
	// Parent is the parent, the one with the most zombies where several have
	// its name; Parents is how many there are.
	Parent   Parent
	Parents  int
	Zombies  int
	Children Children
	Oldest   time.Duration
	PerHour  *float64
}

// Parent is a process that should have waited.
type Parent struct {
	// Comm is its name, valid UTF-8, whatever it is called.
	Comm string
	// PID is as the scanner sees it, Inside as its own PID namespace does.
	PID, Inside int
}

// Children counts zombies by name.
type Children struct {
	// Names are the most frequent ones, the most first, valid UTF-8.
	Names []Name
	// Others is how many zombies have another name.
	Others int
}

// Name is how many zombies have a name.
type Name struct {
	Comm  string
	Count int
}

// The bounds of a report: a container can make up as many names as it has
// processes.
const (
	maxGroups = 8
	maxNames  = 16
)
