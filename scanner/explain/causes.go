package explain

import (
	"slices"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
)

// CauseOf is a cause and the program that should have waited.
type CauseOf struct {
	Cause     scanner.Cause `json:"cause"`
	Parent    string        `json:"parent"`
	InitHelps scanner.Help  `json:"initHelps"`
}

// Causes are those of one container, each once.
type Causes []CauseOf

// Container is a container of a workload in which there are zombies, in one pod
// or several.
type Container struct {
	Name   string
	Causes Causes
}

// Containers are those with zombies; of a report without any, those that had
// some: what is remembered of them still says what mends them.
func Containers(s *v1alpha1.ZombieReportStatus) []Container {
	var out []Container
	for _, p := range s.Pods {
		for _, c := range p.Containers {
			for _, g := range c.Causes {
				out = add(out, c.Name, scanner.Cause(g.Cause), g.Parent)
			}
		}
	}
	if len(s.Pods) > 0 {
		return out
	}
	for _, o := range s.Observations {
		out = add(out, o.Container, scanner.Cause(o.Cause), o.Parent)
	}
	return out
}

func add(to []Container, name string, cause scanner.Cause, parent string) []Container {
	at := slices.IndexFunc(to, func(c Container) bool { return c.Name == name })
	if at < 0 {
		at = len(to)
		to = append(to, Container{Name: name})
	}
	of := CauseOf{Cause: cause, Parent: parent, InitHelps: cause.InitHelps()}
	if c := &to[at]; !slices.Contains(c.Causes, of) {
		c.Causes = append(c.Causes, of)
	}
	return to
}

// Has says whether a cause was seen.
func (c Causes) Has(cause scanner.Cause) bool {
	return slices.ContainsFunc(c, func(o CauseOf) bool { return o.Cause == cause })
}

// Orphans says whether PID 1 was seen not to reap.
func (c Causes) Orphans() bool { return c.Has(scanner.PID1NotReaping) }

// OwnParent is the program that does not wait, or may not have waited, for what
// it started itself; empty for none.
func (c Causes) OwnParent() string {
	for _, cause := range []scanner.Cause{scanner.ParentNotWaiting, scanner.PID1Ambiguous} {
		for _, o := range c {
			if o.Cause == cause {
				return o.Parent
			}
		}
	}
	return ""
}

// Situations are those to ask advice for, in this order: an init for orphans,
// the program itself for its own children, both where it can't be told. s is
// what is known of the container beside the zombies.
func (c Causes) Situations(s advice.Situation) []advice.Situation {
	orphans, own := s, s
	if orphans.Problem != advice.HarmedByOrphans {
		orphans.Problem = advice.LeavesOrphans
	}
	own.Problem, own.Parent = advice.KeepsChildren, c.OwnParent()
	switch {
	case c.Orphans() && own.Parent != "":
		return []advice.Situation{orphans, own}
	case c.Orphans():
		return []advice.Situation{orphans}
	case c.Has(scanner.PID1Ambiguous):
		return []advice.Situation{own, orphans}
	default:
		return []advice.Situation{own}
	}
}
