package policy

import (
	"fmt"
	"time"

	"github.com/initguard/initguard/imageinspect"
)

// Observation says that zombies were seen in a container: of this very
// workload, with this argv and image, and with a cause that an init mends.
type Observation struct {
	// Zombies is the highest number in one pod, 0 where it is not known.
	Zombies int
	// Parent is the name of the PID 1 that left them, empty where it is not known.
	Parent string
	// First and Last are when zombies were seen.
	First, Last time.Time
}

// String is what people are told of it.
func (o Observation) String() string {
	count := "zombies"
	switch {
	case o.Zombies == 1:
		count = "1 zombie"
	case o.Zombies > 1:
		count = fmt.Sprintf("%d zombies", o.Zombies)
	}
	return fmt.Sprintf("observed: %s since %s", count, o.First.UTC().Format(time.DateOnly))
}

// With is two observations of one container in one.
func (o Observation) With(other Observation) Observation {
	if other.Last.After(o.Last) {
		o.Last, o.Parent = other.Last, other.Parent
	}
	if other.First.Before(o.First) {
		o.First = other.First
	}
	o.Zombies = max(o.Zombies, other.Zombies)
	return o
}

// Observe enters what was seen in a container into its assessment.
//
// The verdict stays what it is. Where PID 1 does not reap, the risk becomes
// Observed. Where nobody knows who is PID 1, the risk stays none, so that no
// mode acts on a guess; that zombies were seen is said all the same. Where PID 1
// reaps by the verdict, the two contradict each other.
func (a Assessment) Observe(o Observation) Assessment {
	a.Observed = &o
	if a.Problem == DoesNotReap {
		a.Risk = Observed
	}
	return a
}

// Contradicted is true where zombies were seen that the verdict says PID 1
// reaps.
func (a Assessment) Contradicted() bool {
	return a.Observed != nil && a.Result.Verdict.Outcome == imageinspect.Reaps
}

// Unjudged is true where zombies were seen in a container whose PID 1 nobody
// knows.
func (a Assessment) Unjudged() bool { return a.Observed != nil && a.Problem == Undecided }
