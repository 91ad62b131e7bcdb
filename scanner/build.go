package scanner

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// builder makes a report out of zombies, one at a time.
type builder struct {
	scan       Scan
	ignored    Ignored
	containers map[Container]map[groupKey]*tally
}

// groupKey keeps workers of one program together, however many there are.
type groupKey struct {
	cause  Cause
	parent string
}

// tally collects the zombies of a group.
type tally struct {
	zombies  int
	children map[string]int
	since    []time.Duration
	parents  map[int]*parentTally
}

type parentTally struct {
	parent  Parent
	zombies int
}

func newBuilder(s Scan) *builder {
	return &builder{
		scan: s, ignored: Ignored{Leaders: s.Leaders}, containers: make(map[Container]map[groupKey]*tally),
	}
}

// add takes a zombie; again says that the scan before had it too.
func (b *builder) add(z Process, since time.Duration, again bool) {
	if !again {
		b.ignored.Young++
		return
	}
	if _, ok := b.scan.Living[z.Parent]; !ok && z.Parent != 0 {
		return // it is between two parents: the next scan knows the new one
	}
	j := judge(z, b.scan.Living)
	if j.cause == RuntimeReaper {
		b.ignored.Runtime++
		return
	}
	groups := b.containers[j.container]
	if groups == nil {
		groups = make(map[groupKey]*tally)
		b.containers[j.container] = groups
	}
	parent := Parent{Comm: valid(j.parent.Comm), PID: j.parent.PID}
	if n := j.parent.depth(); n > 0 {
		parent.Inside = j.parent.Inside[n-1]
	}
	key := groupKey{j.cause, parent.Comm}
	if groups[key] == nil {
		groups[key] = &tally{children: make(map[string]int), parents: make(map[int]*parentTally)}
	}
	groups[key].add(parent, valid(z.Comm), since)
}

func (t *tally) add(parent Parent, comm string, since time.Duration) {
	t.zombies++
	t.children[comm]++
	t.since = append(t.since, since)
	if t.parents[parent.PID] == nil {
		t.parents[parent.PID] = &parentTally{parent: parent}
	}
	t.parents[parent.PID].zombies++
}

// valid makes a name valid UTF-8, before it is counted: two names that are the
// same as JSON are one.
func valid(comm string) string { return strings.ToValidUTF8(comm, "\uFFFD") }

func (b *builder) report() Report {
	r := Report{At: b.scan.At, Processes: b.scan.Processes, Unreadable: b.scan.Unreadable, Ignored: b.ignored}
	for container, groups := range b.containers {
		r.Containers = append(r.Containers, b.findings(container, groups))
	}
	slices.SortFunc(r.Containers, func(x, y Findings) int {
		return cmp.Or(cmp.Compare(y.Zombies, x.Zombies),
			cmp.Compare(x.Container.Pod, y.Container.Pod), cmp.Compare(x.Container.ID, y.Container.ID))
	})
	return r
}

func (b *builder) findings(container Container, groups map[groupKey]*tally) Findings {
	f := Findings{Container: container}
	all := make(map[string]int)
	var since []time.Duration
	for key, t := range groups {
		f.Zombies += t.zombies
		since = append(since, t.since...)
		for comm, n := range t.children {
			all[comm] += n
		}
		f.Groups = append(f.Groups, b.group(key, t))
	}
	f.Children = children(all)
	f.Oldest, f.PerHour = b.times(since)
	slices.SortFunc(f.Groups, func(x, y Group) int {
		return cmp.Or(cmp.Compare(y.Zombies, x.Zombies), cmp.Compare(x.Cause.rank(), y.Cause.rank()), cmp.Compare(x.Parent.Comm, y.Parent.Comm))
	})
	for len(f.Groups) > maxGroups {
		last := len(f.Groups) - 1
		f.Others += f.Groups[last].Zombies
		f.Groups = f.Groups[:last]
	}
	return f
}

func (b *builder) group(key groupKey, t *tally) Group {
	g := Group{Cause: key.cause, Parents: len(t.parents), Zombies: t.zombies, Children: children(t.children)}
	most := 0
	for pid, p := range t.parents {
		if p.zombies > most || p.zombies == most && pid < g.Parent.PID {
			most, g.Parent = p.zombies, p.parent
		}
	}
	g.Oldest, g.PerHour = b.times(t.since)
	return g
}

// times says how old the oldest zombie is and how fast they come.
func (b *builder) times(since []time.Duration) (oldest time.Duration, perHour *float64) {
	oldest = max(b.scan.At-slices.Min(since), 0)
	if rate, known := Rate(since, b.scan.At); known {
		perHour = &rate
	}
	return oldest, perHour
}

// children keeps the most frequent names.
func children(counts map[string]int) Children {
	var c Children
	for comm, n := range counts {
		c.Names = append(c.Names, Name{comm, n})
	}
	slices.SortFunc(c.Names, func(x, y Name) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Comm, y.Comm))
	})
	for len(c.Names) > maxNames {
		last := len(c.Names) - 1
		c.Others += c.Names[last].Count
		c.Names = c.Names[:last]
	}
	return c
}
