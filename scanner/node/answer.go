package node

import (
	"time"

	"github.com/initguard/initguard/scanner"
)

// Version is that of Answer. A reader refuses versions that it doesn't know.
const Version = 1

// maxContainers bounds an answer. A kubelet runs 500 pods at most by its own
// documentation.
const maxContainers = 1000

// MaxAnswer is more than any answer has, in bytes: a reader stops there. One
// container with zombies takes some 500.
const MaxAnswer = 32 << 20

// MaxElements is more than the containers and groups of any answer together,
// MaxKeys more than the names of its fields, children and pods: an empty one
// takes two bytes of an answer and a hundred of a reader's memory.
const (
	MaxElements = 10 * maxContainers
	MaxKeys     = 30 * MaxElements
)

// Answer is what a node serves, as JSON.
type Answer struct {
	Version int `json:"version"`
	// AgeSeconds is how long ago the scan was, IntervalSeconds how long it is
	// from one scan to the next.
	AgeSeconds      float64 `json:"ageSeconds"`
	IntervalSeconds float64 `json:"intervalSeconds"`
	Processes       int     `json:"processes"`
	// Unreadable is how many processes could not be looked at.
	Unreadable int             `json:"unreadable"`
	Ignored    scanner.Ignored `json:"ignored"`
	// Containers are those with zombies, the most zombies first, and
	// OtherContainers how many there are beyond them.
	Containers      []Container `json:"containers"`
	OtherContainers int         `json:"otherContainers"`
	// Pods are those of the containers, by UID, as far as their PIDs were
	// counted: a pod that is new waits for up to five scans.
	Pods map[string]Pod `json:"pods,omitempty"`
}

// Pod is how many PIDs a pod takes.
type Pod struct {
	// PIDsUsed are threads and zombies of all containers: what the kernel holds
	// against the pod's PID limit. Threads are counted every twenty scans.
	PIDsUsed int `json:"pidsUsed"`
	// PIDsPerHour is how many more there will be in an hour, 0 when they don't
	// grow in number; missing as long as it can't be told. PIDsEarly says that it
	// rests on less than ten minutes.
	PIDsPerHour *float64 `json:"pidsPerHour,omitempty"`
	PIDsEarly   bool     `json:"pidsEarly,omitempty"`
}

// PIDs is the pod's use as the scanner's rules take it.
func (p Pod) PIDs() scanner.PIDs {
	return scanner.PIDs{Used: p.PIDsUsed, PerHour: p.PIDsPerHour, Early: p.PIDsEarly}
}

// Container is a container with zombies; one without id is the host.
type Container struct {
	Pod     string  `json:"pod,omitempty"`
	ID      string  `json:"id,omitempty"`
	Zombies int     `json:"zombies"`
	Groups  []Group `json:"groups"`
	// Others is how many zombies are in no group.
	Others int `json:"others,omitempty"`
}

// Group are zombies of one cause, below parents of one name.
type Group struct {
	Cause     scanner.Cause `json:"cause"`
	Parent    string        `json:"parent"`
	ParentPID int           `json:"parentPID"`
	// InsidePID is the parent's PID in its own PID namespace.
	InsidePID     int            `json:"insidePID"`
	Parents       int            `json:"parents"`
	Zombies       int            `json:"zombies"`
	Children      map[string]int `json:"children"`
	OtherChildren int            `json:"otherChildren,omitempty"`
	OldestSeconds float64        `json:"oldestSeconds"`
	// PerHour is missing as long as it can't be told.
	PerHour *float64 `json:"perHour,omitempty"`
}

// NewAnswer puts a report into what is served.
func NewAnswer(r scanner.Report, age, interval time.Duration) Answer {
	a := Answer{
		Version: Version, AgeSeconds: age.Seconds(), IntervalSeconds: interval.Seconds(), Processes: r.Processes,
		Unreadable: r.Unreadable, Ignored: r.Ignored, Containers: make([]Container, 0, min(len(r.Containers), maxContainers)),
		Pods: make(map[string]Pod),
	}
	for i, f := range r.Containers {
		if i == maxContainers {
			a.OtherContainers = len(r.Containers) - maxContainers
			break
		}
		c := Container{Pod: f.Container.Pod, ID: f.Container.ID, Zombies: f.Zombies, Others: f.Others}
		for _, g := range f.Groups {
			c.Groups = append(c.Groups, newGroup(g))
		}
		if p, ok := r.Pods[c.Pod]; ok {
			a.Pods[c.Pod] = Pod{PIDsUsed: p.Used, PIDsPerHour: p.PerHour, PIDsEarly: p.Early}
		}
		a.Containers = append(a.Containers, c)
	}
	return a
}

func newGroup(g scanner.Group) Group {
	out := Group{
		Cause: g.Cause, Parent: g.Parent.Comm, ParentPID: g.Parent.PID, InsidePID: g.Parent.Inside, Parents: g.Parents,
		Zombies: g.Zombies, Children: make(map[string]int, len(g.Children.Names)), OtherChildren: g.Children.Others,
		OldestSeconds: g.Oldest.Seconds(), PerHour: g.PerHour,
	}
	for _, n := range g.Children.Names {
		out.Children[n.Comm] = n.Count
	}
	return out
}
