package render

import (
	"math"
	"time"

	"github.com/initguard/initguard/scanner"
)

// Zombies are the zombies of one container, as programs read them.
type Zombies struct {
	// Pod is the pod's UID, empty when there is none. Container is the id, or
	// "host", or empty for what the runtime keeps beside a pod's containers.
	Pod       string `json:"pod"`
	Container string `json:"container"`
	// Runtime is what the control group calls the runtime, where it does.
	Runtime string `json:"runtime,omitempty"`
	// Zombies is how many there are, Children how many of each name.
	Zombies       int            `json:"zombies"`
	Children      map[string]int `json:"children"`
	OtherChildren int            `json:"otherChildren,omitempty"`
	OldestSeconds int            `json:"oldestSeconds"`
	// PerHour is null as long as it can't be told.
	PerHour *float64 `json:"perHour"`
	// Why is that of most zombies.
	Why
	// Causes are all of them, the most frequent one first.
	Causes []ZombieCause `json:"causes"`
	// OtherZombies have causes and parents beyond those.
	OtherZombies int `json:"otherZombies,omitempty"`
}

// Why is a cause, the parent that should have waited, and whether an init would.
type Why struct {
	Cause     scanner.Cause `json:"cause"`
	Parent    ZombieParent  `json:"parent"`
	InitHelps scanner.Help  `json:"initHelps"`
	Reason    string        `json:"reason"`
}

// ZombieParent is a process that should have waited.
type ZombieParent struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// ContainerPID is its PID in its own PID namespace.
	ContainerPID int `json:"containerPID"`
}

// ZombieCause are zombies of one cause whose parents have one name.
type ZombieCause struct {
	Why
	// Parents is how many parents have that name.
	Parents       int            `json:"parents"`
	Zombies       int            `json:"zombies"`
	Children      map[string]int `json:"children"`
	OtherChildren int            `json:"otherChildren,omitempty"`
	OldestSeconds int            `json:"oldestSeconds"`
	PerHour       *float64       `json:"perHour"`
}

// NewZombies makes the list of a report's containers; it is never nil.
func NewZombies(r scanner.Report) []Zombies {
	out := make([]Zombies, 0, len(r.Containers))
	for _, f := range r.Containers {
		z := Zombies{
			Pod: f.Container.Pod, Container: containerName(f.Container), Runtime: f.Container.Runtime,
			Zombies: f.Zombies, Children: names(f.Children), OtherChildren: f.Children.Others,
			OldestSeconds: seconds(f.Oldest), PerHour: tenths(f.PerHour), Why: why(f.Main()), OtherZombies: f.Others,
		}
		for _, g := range f.Groups {
			z.Causes = append(z.Causes, ZombieCause{
				Why: why(g), Parents: g.Parents, Zombies: g.Zombies, Children: names(g.Children),
				OtherChildren: g.Children.Others, OldestSeconds: seconds(g.Oldest), PerHour: tenths(g.PerHour),
			})
		}
		out = append(out, z)
	}
	return out
}

func containerName(c scanner.Container) string {
	if !c.Known() && c.Pod == "" {
		return scanner.Host
	}
	return c.ID
}

func why(g scanner.Group) Why {
	return Why{
		Cause: g.Cause, InitHelps: g.Cause.InitHelps(), Reason: g.Cause.Explain(),
		Parent: ZombieParent{Name: g.Parent.Comm, PID: g.Parent.PID, ContainerPID: g.Parent.Inside},
	}
}

func names(c scanner.Children) map[string]int {
	out := make(map[string]int, len(c.Names))
	for _, n := range c.Names {
		out[n.Comm] = n.Count
	}
	return out
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// tenths rounds a rate: more digits would say more than is known.
func tenths(rate *float64) *float64 {
	if rate == nil {
		return nil
	}
	rounded := math.Round(*rate*10) / 10
	return &rounded
}
