package mirror

import (
	"maps"
	"slices"
)

// Set is one entry of an object that lists mirrors of a source, such as
// OpenShift's ImageDigestMirrorSet.
type Set struct {
	Source string
	// Mirrors are locations, the first choice first.
	Mirrors []string
	Pull    Pull
	Never   bool
}

// Merge makes Sources of the sets of several objects, whose order says nothing.
// For each source and kind of pull the mirrors of all its sets are joined so
// that each set's order is kept where they agree; one set that forbids to ask
// the source forbids it. Mirrors for digests stand before those for tags.
//
// Nodes must come to the same order. Source: EditRegistriesConfig in
// https://github.com/openshift/runtime-utils/tree/master/pkg/registries, which
// the machine-config operator writes registries.conf with.
func Merge(sets []Set) []Source {
	bySource := map[string]map[Pull][][]string{}
	never := map[string]bool{}
	for _, s := range sets {
		other := func(m string) bool { return m != s.Source }
		if !slices.ContainsFunc(s.Mirrors, other) {
			continue // the source alone is no mirror
		}
		if bySource[s.Source] == nil {
			bySource[s.Source] = map[Pull][][]string{}
		}
		bySource[s.Source][s.Pull] = append(bySource[s.Source][s.Pull], s.Mirrors)
		never[s.Source] = never[s.Source] || s.Never
	}
	var out []Source
	for _, name := range slices.Sorted(maps.Keys(bySource)) {
		source := Source{Prefix: name, Never: never[name]}
		for _, pull := range []Pull{DigestOnly, TagOnly, All} {
			for _, location := range ordered(name, bySource[name][pull]) {
				source.Mirrors = append(source.Mirrors, Mirror{Location: location, Pull: pull})
			}
		}
		out = append(out, source)
	}
	return out
}

// ordered joins lists into one that keeps the order of each where it can. The
// source comes after all mirrors of a list that doesn't hold it, and is left
// out at the end, where it is asked anyway.
func ordered(source string, lists [][]string) []string {
	if len(lists) == 0 {
		return nil
	}
	g := graph{}
	for _, list := range lists {
		for i := range len(list) - 1 {
			g.edge(list[i], list[i+1])
		}
		if !slices.Contains(list, source) {
			g.edge(list[len(list)-1], source)
		}
	}
	sorted := g.sorted()
	if sorted[len(sorted)-1] == source {
		sorted = sorted[:len(sorted)-1]
	}
	return sorted
}

// graph holds for each node those that come after it.
type graph map[string]map[string]bool

func (g graph) edge(from, to string) {
	for _, n := range []string{from, to} {
		if g[n] == nil {
			g[n] = map[string]bool{}
		}
	}
	g[from][to] = true
}

// sorted orders the nodes: first those that come after none, in the order of
// the alphabet, then what each of them sets free. Where all that is left goes
// in circles, the first of the alphabet breaks it.
func (g graph) sorted() []string {
	before := map[string]int{}
	for _, after := range g {
		for n := range after {
			before[n]++
		}
	}
	all := slices.Sorted(maps.Keys(g))
	var queue, out []string
	for _, n := range all {
		if before[n] == 0 {
			queue = append(queue, n)
		}
	}
	done := map[string]bool{}
	for len(out) < len(all) {
		if len(queue) == 0 {
			i := slices.IndexFunc(all, func(n string) bool { return !done[n] })
			queue = append(queue, all[i])
		}
		n := queue[0]
		queue = queue[1:]
		done[n] = true
		out = append(out, n)
		for _, next := range slices.Sorted(maps.Keys(g[n])) {
			if before[next]--; before[next] == 0 && !done[next] {
				queue = append(queue, next)
			}
		}
	}
	return out
}
