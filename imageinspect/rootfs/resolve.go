package rootfs

import (
	"errors"
	"path"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// sighting is what the layers together say of one path whose folders are all
// known to be folders.
type sighting struct {
	kind flags // 0: nothing lies there
	// layer is where it was seen; or which layer has to be read first.
	layer   int
	blocked bool
}

// see asks the layers from the top.
func (im *Image) see(clean string) sighting {
	way := hashes(im.seed, clean)
	self, folders := way[len(way)-1], way[:len(way)-1]
	for i, l := range im.layers {
		f := l.index.names[self]
		hidden, replaced := l.index.below(folders)
		switch {
		case f&kinds != 0 && !replaced:
			return sighting{kind: f & kinds, layer: i}
		case !l.whole:
			return sighting{layer: i, blocked: true}
		case f&whiteout != 0 || hidden:
			return sighting{}
		}
	}
	return sighting{}
}

// below says of the folders on the way to a path whether one of them hides what
// lower layers have in it, and whether one is no folder in this layer: that
// hides lower layers too, and what this layer listed in it before.
func (x *index) below(folders []uint64) (hidden, replaced bool) {
	for _, h := range folders {
		f := x.names[h]
		replaced = replaced || f&kinds != 0 && f&isDir == 0
		hidden = hidden || replaced || f&(whiteout|opaque) != 0
	}
	return hidden, replaced
}

// need is what has to be read before there is an answer.
type need struct {
	layer int
	// paths are those whose entries, or whose folders' entries, may answer.
	paths []string
	// contents are the paths in that layer whose content is missing.
	contents []string
}

// result is an answer, or what is needed for one.
type result struct {
	file imageinspect.File
	err  error
	need *need
}

// resolve follows a path as far as the layers are known.
func (im *Image) resolve(goal string) result {
	at, rest, links := "/", goal, 0
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, name)
		s := im.see(next)
		switch {
		case s.blocked && im.layers[s.layer].failed != nil:
			return result{err: im.layers[s.layer].failed}
		case s.blocked:
			return result{need: &need{layer: s.layer, paths: []string{next, path.Join(next, rest)}}}
		case s.kind == 0:
			return result{err: imageinspect.ErrNoFile}
		case s.kind == isDir:
			at = next
		case s.kind == isLink:
			if links++; links > im.budget.bounds.Links {
				return result{err: tooManyLinks(im.budget.bounds.Links)}
			}
			target := im.layers[s.layer].index.links[next]
			if target == "" {
				return result{err: imageinspect.ErrNoFile}
			}
			if path.IsAbs(target) {
				at = "/"
			}
			if rest = target + "/" + rest; len(rest) > maxPath {
				return result{err: tooLong()}
			}
		case len(strings.Trim(rest, "/.")) > 0:
			return result{err: imageinspect.ErrNoFile} // no folder
		default:
			return im.found(s, next)
		}
	}
	return result{file: imageinspect.File{Path: at, Dir: true}}
}

// found gives what lies at the end of the way.
func (im *Image) found(s sighting, at string) result {
	if s.kind == isOther {
		return result{file: imageinspect.File{Path: at}}
	}
	l, content := im.layers[s.layer], at
	if target, ok := l.index.hard[at]; ok {
		if content = target; l.index.at(target)&twice != 0 {
			// The link may be to the one that was replaced.
			return result{err: contradiction("a hard link leads to a file that its layer lists twice")}
		}
	}
	k, ok := l.kept[content]
	switch {
	case ok && k.err != nil:
		return result{err: k.err}
	case ok:
		k.file.Path = at
		return result{file: k.file}
	case l.failed != nil:
		return result{err: l.failed}
	}
	return result{need: &need{layer: s.layer, paths: []string{content}, contents: []string{content}}}
}

// question is what is asked: what lies at a path, or the first of several at
// which a program lies.
type question struct {
	paths   []string
	program bool
	// passes counts how often each layer was read for this question.
	passes map[int]int
}

// decide answers by what is known.
func (im *Image) decide(q question) result {
	if !q.program {
		r := im.resolve(q.paths[0])
		r.file.Asked = q.paths[0]
		return r
	}
	var missing *need
	err := imageinspect.ErrNoFile
	for _, p := range q.paths {
		r := im.resolve(p)
		switch {
		case r.need != nil && (missing == nil || r.need.layer < missing.layer):
			missing = r.need
		case r.need != nil && r.need.layer == missing.layer:
			missing.paths = append(missing.paths, r.need.paths...)
			missing.contents = append(missing.contents, r.need.contents...)
		case r.need != nil:
		case r.err == nil && r.file.Executable && !r.file.Dir:
			r.file.Asked = p
			return r
		case r.err != nil && errors.Is(err, imageinspect.ErrNoFile):
			err = r.err
		}
	}
	if missing != nil {
		return result{need: missing}
	}
	return result{err: err}
}

// concerns is true when an entry at a path may change what is needed: it is
// one of the paths or a folder on the way.
func (n *need) concerns(at string) bool {
	for _, p := range n.paths {
		if p == at || strings.HasPrefix(p, at) && p[len(at)] == '/' {
			return true
		}
	}
	return false
}
