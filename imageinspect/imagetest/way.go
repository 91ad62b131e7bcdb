package imagetest

import (
	"path"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// Way is over what the paths lead, as imageinspect.File has it.
func (t Tree) Way(paths ...string) imageinspect.Way {
	var over []string
	for _, p := range paths {
		over = append(over, t.trace(p)...)
	}
	ends := map[string][]string{}
	for name, text := range t {
		if strings.HasPrefix(text, "-> ") {
			passed := t.trace(name)
			end := passed[len(passed)-1]
			ends[end] = append(ends[end], name)
		}
	}
	return imageinspect.NewWay(paths, over, func(place string) []string { return ends[place] })
}

// trace gives the links on the way to a path, and its end, there or not.
func (t Tree) trace(name string) []string {
	var over []string
	at, rest := "/", name
	for len(over) < 40 && rest != "" {
		var next string
		next, rest, _ = strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		if next == ".." {
			over = append(over, at)
		}
		next = path.Join(at, next)
		target, link := strings.CutPrefix(t[next], "-> ")
		if !link {
			at = next
			continue
		}
		over = append(over, next)
		if path.IsAbs(target) {
			at = "/"
		}
		rest = target + "/" + rest
	}
	return append(over, at)
}
