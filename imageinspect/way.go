package imageinspect

import (
	"path"
	"slices"
	"strings"
)

// Way is over what a path, or several that are tried in turn, leads to a file:
// what a volume has to be mounted at, or above, to put another file in its
// place. The paths themselves, as they were asked for, are left out.
type Way struct {
	// Over are places, absolute and without links: each link that was followed,
	// and where the way ends, there or not.
	Over []string
	// Links are the image's other links, as far as it was read, that lead to a
	// place on the way or to a folder above one: a runtime that mounts at such a
	// link mounts where it leads.
	Links []Link
	// Crowded is true where more links than are kept may lead there.
	Crowded bool
}

// Link is where a symlink lies and where it leads in the end, both without
// links. With Any it stands for many links in the folder From.
type Link struct {
	From, To string
	Any      bool
}

// Bounds of a Way.
const (
	// maxWayLinks is how many links it keeps.
	maxWayLinks = 64
	// manyLinks is from how many links in one folder that lead to one place on
	// they are kept as one: busybox has hundreds of them.
	manyLinks = 8
	// maxMountedAt is at how many places one mount may end up.
	maxMountedAt = 64
)

// NewWay makes the way of paths that were asked for, over some places. from
// gives where the links lie that lead to a place.
func NewWay(asked, over []string, from func(place string) []string) Way {
	var w Way
	for _, p := range over {
		if !slices.Contains(asked, p) && !slices.Contains(w.Over, p) {
			w.Over = append(w.Over, p)
		}
	}
	queue := slices.Concat(asked, w.Over)
	seen := map[string]bool{}
	for len(queue) > 0 && !w.Crowded {
		at := queue[0]
		queue = queue[1:]
		for ; !seen[at]; at = path.Dir(at) {
			seen[at] = true
			links := merge(from(at), at)
			for _, l := range links {
				queue = append(queue, l.From)
			}
			w.Links = append(w.Links, links...)
			w.Crowded = w.Crowded || len(w.Links) > maxWayLinks
		}
	}
	if w.Crowded {
		w.Links = nil
	}
	slices.SortFunc(w.Links, func(a, b Link) int { return strings.Compare(a.From, b.From) })
	return w
}

// merge makes links of places that lead to one; of many in one folder it makes
// one.
func merge(from []string, to string) []Link {
	dirs := map[string]int{}
	for _, f := range from {
		dirs[path.Dir(f)]++
	}
	var out []Link
	for _, f := range from {
		switch dir := path.Dir(f); {
		case dirs[dir] < manyLinks:
			out = append(out, Link{From: f, To: to})
		case dirs[dir] > 0 && !slices.Contains(out, Link{From: dir, To: to, Any: true}):
			out = append(out, Link{From: dir, To: to, Any: true})
		}
	}
	return out
}

// Trivial is true for a way that says no more than the paths themselves.
func (w Way) Trivial() bool { return len(w.Over) == 0 && len(w.Links) == 0 && !w.Crowded }

// mountedAt are the places at which a runtime may mount what the pod wants at a
// path: it follows links on the way to there. All that it may come across count;
// false where that is too much.
//
// Source: runc's createOpenMountpoint, containerd's WithMounts and orderedMounts.
func (w Way) mountedAt(mount string) ([]string, bool) {
	out := []string{path.Clean("/" + mount)}
	for i := 0; i < len(out); i++ {
		for _, l := range w.Links {
			if next, ok := l.follow(out[i]); ok && !slices.Contains(out, next) {
				out = append(out, next)
			}
		}
		if len(out) > maxMountedAt {
			return nil, false
		}
	}
	return out, true
}

// follow puts where the link leads in place of the link.
func (l Link) follow(at string) (string, bool) {
	below, ok := strings.CutPrefix(at, strings.TrimSuffix(l.From, "/"))
	if !ok || below != "" && below[0] != '/' {
		return "", false
	}
	if l.Any {
		name, rest, _ := strings.Cut(strings.TrimPrefix(below, "/"), "/")
		if name == "" {
			return "", false
		}
		below = rest
	}
	return path.Join(l.To, below), true
}

// mounted returns the volume that may supply what lies at the end of a way, or
// a part of the way to it; places are the paths that were asked for.
func (w Way) mounted(mounts []Mount, places ...string) (string, bool) {
	for _, m := range mounts {
		at, ok := w.mountedAt(m.Path)
		if !ok || w.Crowded {
			return m.Volume, true
		}
		for _, p := range slices.Concat(places, w.Over) {
			for _, a := range at {
				if within(p, a) || within(path.Clean(p), a) {
					return m.Volume, true
				}
			}
		}
	}
	return "", false
}

// Tidy is a path as an absolute one, without what leads nowhere. A ".." behind a
// name stays: where the name is a link, it is the link's end that has a parent.
func Tidy(name string) string {
	if !strings.Contains(name, "..") {
		return path.Clean("/" + name)
	}
	var out []string
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." && (part != ".." || len(out) > 0) {
			out = append(out, part)
		}
	}
	return "/" + strings.Join(out, "/")
}

// within is true for a place at or below another, as far as the folders of
// programs are one.
func within(file, at string) bool {
	file, at = merged(file), merged(at)
	return at == "/" || file == at || strings.HasPrefix(file, at+"/")
}
