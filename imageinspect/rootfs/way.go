package rootfs

import (
	"path"

	"github.com/initguard/initguard/imageinspect"
)

// maxTraced is how many names are looked at to find out where all links of an
// image lead. Beyond that any link may lead anywhere.
const maxTraced = 500_000

// ends is where the known links lead.
type ends struct {
	// from are the links by where they lead.
	from map[string][]string
	// reading is the one that they were known after.
	reading int
	// crowded is true where they were too many to follow.
	crowded bool
}

// way is over what an answer was found.
func (im *Image) way(q question, r result) imageinspect.Way {
	var over []string
	paths := q.paths
	for i, p := range paths {
		over = append(over, im.trace(p, new(int))...)
		if r.err == nil && p == r.file.Asked {
			paths = paths[:i+1]
			break
		}
	}
	known := im.linkEnds()
	w := imageinspect.NewWay(paths, over, func(place string) []string { return known.from[place] })
	w.Crowded = w.Crowded || known.crowded
	return w
}

// linkEnds follows every link that is known, once a reading.
func (im *Image) linkEnds() *ends {
	if im.ends != nil && im.ends.reading == im.readings {
		return im.ends
	}
	im.ends = &ends{from: map[string][]string{}, reading: im.readings}
	traced := 0
	for i, l := range im.layers {
		for at := range l.index.links {
			if traced > maxTraced {
				im.ends.from, im.ends.crowded = nil, true
				return im.ends
			}
			if target, ok := im.linkAt(im.see(at), at); !ok || target != l.index.links[at] || im.uppermost(at) != i {
				continue
			}
			passed := im.trace(at, &traced)
			end := passed[len(passed)-1]
			im.ends.from[end] = append(im.ends.from[end], at)
		}
	}
	return im.ends
}

// linkAt is the target of the link that lies at a path, or that lies there
// unless what was not read of the layers above says otherwise.
func (im *Image) linkAt(s sighting, at string) (string, bool) {
	switch {
	case s.kind == isLink:
		return im.layers[s.layer].index.links[at], true
	case s.blocked:
		if i := im.uppermost(at); i >= s.layer {
			return im.layers[i].index.links[at], true
		}
	}
	return "", false
}

// uppermost is the uppermost layer that has ever listed a link at a path; -1
// for none.
func (im *Image) uppermost(at string) int {
	for i, l := range im.layers {
		if _, ok := l.index.links[at]; ok {
			return i
		}
	}
	return -1
}

// trace gives the links on the way to a path, the folders that it leaves again,
// and its end. What is not there, or not known, is taken for a folder. steps
// counts the names that were looked at.
func (im *Image) trace(goal string, steps *int) []string {
	var over []string
	at, rest, links := "/", goal, 0
	for name, more := next(rest); name != ""; name, more = next(rest) {
		*steps++
		rest = more
		if name == ".." {
			over = append(over, at)
			at = path.Dir(at)
			continue
		}
		here := path.Join(at, name)
		target, ok := im.linkAt(im.see(here), here)
		if !ok {
			at = here
			continue
		}
		over = append(over, here)
		if links++; links > im.budget.bounds.Links || len(target)+len(rest) > maxPath || target == "" {
			return over // nothing can lie there
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = target + "/" + rest
	}
	return append(over, at)
}

// next cuts the first name off a path, empty at its end.
func next(p string) (name, rest string) {
	for i := 0; i < len(p); {
		for i < len(p) && p[i] == '/' {
			i++
		}
		j := i
		for j < len(p) && p[j] != '/' {
			j++
		}
		if name = p[i:j]; name != "" && name != "." {
			return name, p[j:]
		}
		i = j
	}
	return "", ""
}
