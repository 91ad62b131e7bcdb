package rootfs

import (
	"archive/tar"
	"path"
	"strings"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// modelNode is a file of the model: layers are unpacked each by itself and
// then laid over each other, as runtimes do with overlayfs. It holds all files
// in memory and knows the whole of each layer, so that it can be simple.
type modelNode struct {
	kind     byte // tar's types; 0 for a whiteout alone
	text     string
	target   string
	children map[string]*modelNode
	whiteout bool
	opaque   bool
}

func modelDir() *modelNode {
	return &modelNode{kind: tar.TypeDir, children: map[string]*modelNode{}}
}

// unpackModel unpacks one layer. It is false for a layer that no runtime takes.
func unpackModel(entries []imagetest.Entry) (*modelNode, bool) {
	root := modelDir()
	for _, e := range entries {
		dir, base := path.Split(path.Clean("/" + e.Name))
		parent := root.make(root, dir, 0)
		if parent == nil {
			return nil, false
		}
		if base == "" {
			continue
		}
		if hidden, ok := strings.CutPrefix(base, ".wh."); ok {
			parent.hide(hidden)
			continue
		}
		if !parent.put(root, base, e) {
			return nil, false
		}
	}
	return root, true
}

func (n *modelNode) hide(name string) {
	switch {
	case name == ".wh..opq":
		n.opaque = true
	case n.children[name] == nil:
		n.children[name] = &modelNode{whiteout: true}
	default:
		n.children[name].whiteout = true
	}
}

func (n *modelNode) put(root *modelNode, base string, e imagetest.Entry) bool {
	old := n.children[base]
	if old != nil && old.kind == tar.TypeDir && e.Typeflag == tar.TypeDir {
		return true
	}
	fresh := &modelNode{kind: e.Typeflag, text: e.Content, target: e.Linkname, children: map[string]*modelNode{}}
	if e.Typeflag == tar.TypeLink {
		dir, name := path.Split(path.Clean("/" + e.Linkname))
		parent := root.make(root, dir, 0)
		if parent == nil || parent.children[name] == nil || parent.children[name].kind == tar.TypeDir || parent.children[name].kind == 0 {
			return false
		}
		same := *parent.children[name]
		fresh, fresh.whiteout = &same, false
	}
	fresh.whiteout = old != nil && old.whiteout
	n.children[base] = fresh
	return true
}

// make finds a folder in this layer, following its symlinks, or makes it.
func (n *modelNode) make(root *modelNode, dir string, links int) *modelNode {
	at, way := root, []*modelNode{root}
	parts := strings.Split(dir, "/")
	for i, name := range parts {
		switch name {
		case "", ".":
			continue
		case "..":
			way = way[:max(len(way)-1, 1)]
			at = way[len(way)-1]
			continue
		}
		next := at.children[name]
		switch {
		case next != nil && next.kind == tar.TypeSymlink:
			if links > 40 {
				return nil
			}
			here := pathOf(root, at)
			rest := strings.Join(parts[i+1:], "/")
			if path.IsAbs(next.target) {
				here = ""
			}
			return root.make(root, here+"/"+next.target+"/"+rest, links+1)
		case next == nil || next.kind != tar.TypeDir:
			made := modelDir()
			made.whiteout = next != nil && next.whiteout
			at.children[name] = made
			next = made
		}
		at, way = next, append(way, next)
	}
	return at
}

// pathOf searches a node's path.
func pathOf(from, want *modelNode) string {
	for name, child := range from.children {
		if child == want {
			return "/" + name
		}
		if child.kind == tar.TypeDir {
			if below := pathOf(child, want); below != "" {
				return "/" + name + below
			}
		}
	}
	return ""
}

// over lays an unpacked layer over what is below, which may be nil.
func (n *modelNode) over(lower *modelNode) *modelNode {
	if n.kind != tar.TypeDir {
		return n
	}
	out := modelDir()
	if lower != nil && lower.kind == tar.TypeDir && !n.opaque {
		for name, child := range lower.children {
			out.children[name] = child
		}
	}
	for name, child := range n.children {
		below := out.children[name]
		if child.whiteout {
			below = nil
		}
		delete(out.children, name)
		if child.kind != 0 {
			out.children[name] = child.over(below)
		}
	}
	return out
}

// model lays layers over each other, lowest first.
func model(layers [][]imagetest.Entry) (*modelNode, bool) {
	all := modelDir()
	for _, entries := range layers {
		one, ok := unpackModel(entries)
		if !ok {
			return nil, false
		}
		all = one.over(all)
	}
	return all, true
}

// lookup resolves a path as said does.
func (n *modelNode) lookup(goal string) string {
	at, way, rest, links := n, []string{}, strings.Split(goal, "/"), 0
	walk := func() *modelNode {
		found := n
		for _, name := range way {
			found = found.children[name]
		}
		return found
	}
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			way = way[:max(len(way)-1, 0)]
			at = walk()
			continue
		}
		next := at.children[name]
		switch {
		case next == nil:
			return "none"
		case next.kind == tar.TypeDir:
			way, at = append(way, name), next
		case next.kind == tar.TypeSymlink && next.target == "":
			return "none"
		case next.kind == tar.TypeSymlink:
			if links++; links > 40 {
				return "loop"
			}
			if path.IsAbs(next.target) {
				way, at = nil, n
			}
			rest = append(strings.Split(next.target, "/"), rest...)
		case strings.Trim(strings.Join(rest, "/"), "/.") != "":
			return "none"
		default:
			return "/" + strings.Join(append(way, name), "/") + "=" + next.text
		}
	}
	return "/" + strings.Join(way, "/") + "/"
}
