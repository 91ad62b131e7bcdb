package responder

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

// A Matcher tells which exec probe or hook of a pod starts the zombies of a
// group in a container; nil when none seems to.
type Matcher func(pod *Pod, container string, g node.Group) *v1alpha1.Starter

// sight makes a sighting out of what a node says of a pod's containers. The
// answer is a node's word: what is out of bounds is cut, and a cause that
// nobody knows is counted and not named.
func sight(pod *Pod, said []node.Container, scanned time.Time, match Matcher) Sighting {
	s := Sighting{Namespace: pod.Namespace, Workload: pod.Workload}
	s.Pod = v1alpha1.Pod{Name: pod.Name, UID: pod.UID, Node: pod.Node, Containers: []v1alpha1.Container{}}
	for _, c := range said {
		entry, rate := container(pod, c, scanned, match)
		if entry.Zombies == 0 {
			continue
		}
		s.Pod.Zombies = sum(s.Pod.Zombies, entry.Zombies)
		s.Pod.OldestSince = older(s.Pod.OldestSince, entry.OldestSince)
		s.PerHour = plus(s.PerHour, rate)
		s.Pod.Containers = append(s.Pod.Containers, entry)
	}
	slices.SortFunc(s.Pod.Containers, func(a, b v1alpha1.Container) int {
		return cmp.Or(cmp.Compare(b.Zombies, a.Zombies), cmp.Compare(a.Name, b.Name))
	})
	if over := len(s.Pod.Containers) - v1alpha1.MaxContainers; over > 0 {
		s.Pod.OtherContainers = count(over)
		s.Pod.Containers = s.Pod.Containers[:v1alpha1.MaxContainers]
	}
	s.Pod.PerHour = rounded(s.PerHour)
	return s
}

func container(pod *Pod, said node.Container, scanned time.Time, match Matcher) (v1alpha1.Container, *float64) {
	known := pod.Containers[said.ID]
	c := v1alpha1.Container{
		Name: known.Name, ImageID: cut(known.ImageID, v1alpha1.MaxImageID), ArgvHash: known.ArgvHash, ExecHash: known.ExecHash,
		Zombies: count(said.Zombies), OldestSince: metav1.NewTime(scanned.Truncate(time.Second)), Causes: []v1alpha1.Cause{},
	}
	var rate *float64
	listed := int32(0)
	for _, g := range said.Groups {
		entry := cause(g, scanned)
		rate = plus(rate, g.PerHour)
		c.OldestSince = older(c.OldestSince, entry.OldestSince)
		if !named(g.Cause) || entry.Zombies == 0 || len(c.Causes) == v1alpha1.MaxCauses {
			continue
		}
		if match != nil {
			entry.StartedBy = match(pod, known.Name, g)
		}
		listed = sum(listed, entry.Zombies)
		c.Causes = append(c.Causes, entry)
	}
	c.Zombies = max(c.Zombies, listed)
	c.OtherZombies = c.Zombies - listed
	c.PerHour = rounded(rate)
	return c, rate
}

func cause(g node.Group, scanned time.Time) v1alpha1.Cause {
	age := time.Duration(min(max(g.OldestSeconds, 0), maxAge.Seconds()) * float64(time.Second))
	c := v1alpha1.Cause{
		Cause: string(g.Cause), Parent: text(g.Parent), ParentPID: count(g.InsidePID), Parents: count(g.Parents),
		Zombies: count(g.Zombies), OldestSince: metav1.NewTime(scanned.Add(-age).Truncate(time.Second)), PerHour: rounded(g.PerHour),
		Children: []v1alpha1.Children{}, OtherChildren: count(g.OtherChildren),
	}
	for name, n := range g.Children {
		c.Children = append(c.Children, v1alpha1.Children{Name: text(name), Count: count(n)})
	}
	slices.SortFunc(c.Children, func(a, b v1alpha1.Children) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	for len(c.Children) > v1alpha1.MaxChildren {
		last := len(c.Children) - 1
		c.OtherChildren = sum(c.OtherChildren, c.Children[last].Count)
		c.Children = c.Children[:last]
	}
	return c
}

// maxAge is longer than any node runs, so that no date is out of range.
const maxAge = 20 * 365 * 24 * time.Hour

// named are the causes that a report has.
func named(c scanner.Cause) bool {
	return c == scanner.PID1NotReaping || c == scanner.ParentNotWaiting || c == scanner.PID1Ambiguous
}

// count is a number of processes, whatever a node says.
func count(n int) int32 { return int32(min(max(n, 0), math.MaxInt32)) }

func sum(a, b int32) int32 { return count(int(a) + int(b)) }

// plus adds rates of which either may be unknown: then the other one is at
// least a part of it.
func plus(a, b *float64) *float64 {
	switch {
	case b == nil || math.IsNaN(*b) || math.IsInf(*b, 0) || *b < 0:
		return a
	case a == nil:
		rate := *b
		return &rate
	}
	rate := *a + *b
	return &rate
}

// rounded is a rate in whole zombies, rounded up: a slow one is not none.
func rounded(rate *float64) *int32 {
	if rate == nil {
		return nil
	}
	n := count(int(math.Ceil(min(max(*rate, 0), math.MaxInt32))))
	return &n
}

// older is the earlier time; zero is none.
func older(a, b metav1.Time) metav1.Time {
	if a.IsZero() || !b.IsZero() && b.Before(&a) {
		return b
	}
	return a
}

// text is a process's name as people may see it: no control characters, and not
// without end.
func text(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
	return cut(name, v1alpha1.MaxText)
}

// cut cuts a text between two characters. The API server counts characters, so
// that a length in bytes is within its bound.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

func mostZombies(a, b Sighting) int {
	return cmp.Or(cmp.Compare(b.Pod.Zombies, a.Pod.Zombies), cmp.Compare(a.Pod.Name, b.Pod.Name), cmp.Compare(a.Pod.UID, b.Pod.UID))
}
