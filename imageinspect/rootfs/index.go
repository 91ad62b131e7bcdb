package rootfs

import (
	"bytes"
	"hash/maphash"
	"path"
	"strings"
)

// flags are what an index knows of a path: what lies there in this layer (one
// of the kinds, or nothing) and what it hides in lower layers.
type flags uint8

const (
	isDir flags = 1 << iota
	isFile
	isLink
	isOther // a device, a pipe
	// whiteout hides the path and all below it in lower layers.
	whiteout
	// opaque hides what lower layers have below the path.
	opaque
	// wasDir marks what was a folder before the layer listed it as something
	// else.
	wasDir
	// twice marks a file whose path the layer listed before.
	twice

	kinds = isDir | isFile | isLink | isOther
)

// index is the names of a layer as far as it was read. It holds a hash of each
// path instead of the path: names are the larger part of what a hostile layer
// can make us keep. The hash is seeded, so that nobody can aim for collisions.
type index struct {
	seed  maphash.Seed
	names map[uint64]flags
	// links are the targets of symlinks, hard the files that hard links stand
	// for, by path.
	links, hard map[string]string
	linkBytes   int
	// rawDir was placed at placedDir, the last folder that was asked for.
	rawDir, placedDir string
}

func newIndex(seed maphash.Seed) *index {
	return &index{seed: seed, names: map[uint64]flags{}, links: map[string]string{}, hard: map[string]string{}, rawDir: "/", placedDir: "/"}
}

// rootHash is the hash of "/".
const rootHash = 0x9e3779b97f4a7c15

// child is the hash of a name in a folder.
func child(seed maphash.Seed, parent uint64, name string) uint64 {
	return (parent<<25|parent>>39)*rootHash ^ maphash.String(seed, name)
}

// hashes are the hashes of "/", of each folder on the way and of the path.
func hashes(seed maphash.Seed, clean string) []uint64 {
	out := []uint64{rootHash}
	for name := range components(clean) {
		out = append(out, child(seed, out[len(out)-1], name))
	}
	return out
}

func hashOf(seed maphash.Seed, clean string) uint64 {
	h := uint64(rootHash)
	for name := range components(clean) {
		h = child(seed, h, name)
	}
	return h
}

// components are the names in a path but for empty ones and ".".
func components(p string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range strings.SplitSeq(p, "/") {
			if name != "" && name != "." && !yield(name) {
				return
			}
		}
	}
}

// at is what is known of a path.
func (x *index) at(clean string) flags { return x.names[hashOf(x.seed, clean)] }

// set puts a kind at a path, in place of what was there.
func (x *index) set(clean string, kind flags) *Error {
	if kind != isDir {
		x.rawDir, x.placedDir = "/", "/" // it may have been on the way
	}
	return x.replace(hashOf(x.seed, clean), kind)
}

// replace puts a kind at the path with this hash. What is listed in a folder
// goes with it, so that it can't become one again: its names are still in the
// index.
func (x *index) replace(h uint64, kind flags) *Error {
	f := x.names[h]
	switch {
	case kind == isDir && f&wasDir != 0:
		return contradiction("a layer lists a folder, a file and a folder again at one path")
	case kind != isDir && f&kinds == isDir:
		f |= wasDir
	}
	x.names[h] = f&^kinds | kind
	return nil
}

// mark adds what is to be known of a path beside its kind.
func (x *index) mark(clean string, how flags) { x.names[hashOf(x.seed, clean)] |= how }

// place finds the folder that a runtime would unpack into: symlinks of this
// very layer are followed, and folders without an entry are made. Lower layers
// play no part, since each is unpacked by itself.
// Source: containerd's archive.applyNaive and fs.RootPath; moby's UnpackLayer.
func (x *index) place(dir string, maxLinks int) (string, *Error) {
	if dir == x.rawDir {
		return x.placedDir, nil
	}
	at, h, links := []byte(nil), uint64(rootHash), 0
	for rest := dir; rest != ""; {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			at = at[:max(bytes.LastIndexByte(at, '/'), 0)]
			h = hashOf(x.seed, string(at))
			continue
		}
		next := child(x.seed, h, name)
		f := x.names[next]
		if f&kinds == isLink {
			if links++; links > maxLinks {
				return "", tooManyLinks(maxLinks)
			}
			target := x.links[string(at)+"/"+name]
			if path.IsAbs(target) {
				at, h = at[:0], rootHash
			}
			if rest = target + "/" + rest; len(rest) > maxPath {
				return "", tooLong()
			}
			continue
		}
		if f&kinds != isDir {
			if err := x.replace(next, isDir); err != nil {
				return "", err
			}
		}
		at, h = append(append(at, '/'), name...), next
	}
	x.rawDir, x.placedDir = dir, "/"+strings.TrimPrefix(string(at), "/")
	return x.placedDir, nil
}

func tooLong() *Error { return bound("a path is longer than %d bytes", maxPath) }

func tooManyLinks(most int) *Error { return bound("more than %d symlinks on the way to a file", most) }
