package rootfs

import (
	"archive/tar"
	"path"
	"strings"
)

// Names that hide what lower layers hold.
// Source: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
const (
	whiteoutPrefix = ".wh."
	// whiteoutMeta begins names that AUFS needs for itself.
	whiteoutMeta   = ".wh..wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// add enters one entry of the archive and returns where it lies, or nothing
// for one that is no file: a whiteout, the root, a header without a name.
func (x *index) add(h *tar.Header, maxLinks int) (string, *Error) {
	if len(h.Name) > maxPath || len(h.Linkname) > maxPath {
		return "", tooLong()
	}
	dir, base := path.Split(path.Clean("/" + h.Name))
	dir, err := x.place(dir, maxLinks)
	if err != nil {
		return "", err
	}
	switch {
	case base == "":
		return "", nil
	case base == whiteoutOpaque:
		x.mark(dir, opaque)
		return "", nil
	case strings.HasPrefix(base, whiteoutMeta):
		return "", nil
	case strings.HasPrefix(base, whiteoutPrefix):
		if base = base[len(whiteoutPrefix):]; base != "" && base != "." && base != ".." {
			x.mark(path.Join(dir, base), whiteout)
		}
		return "", nil
	}
	at := path.Join(dir, base)
	switch h.Typeflag {
	case tar.TypeDir:
		return at, x.set(at, isDir)
	case tar.TypeReg, tar.TypeGNUSparse:
		delete(x.hard, at)
		if x.at(at)&kinds != 0 {
			x.mark(at, twice)
		}
		return at, x.set(at, isFile)
	case tar.TypeSymlink:
		return at, x.link(at, h.Linkname)
	case tar.TypeLink:
		return at, x.hardLink(at, h.Linkname, maxLinks)
	case tar.TypeXGlobalHeader:
		return "", nil
	default:
		return at, x.set(at, isOther)
	}
}

// isFileEntry is true for an entry with a content.
func isFileEntry(h *tar.Header) bool {
	return h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeGNUSparse
}

// link enters a symlink.
func (x *index) link(at, target string) *Error {
	x.links[at] = target
	x.spend(at, target)
	return x.set(at, isLink)
}

// hardLink enters another name of a file of this layer, which has to have come
// before.
func (x *index) hardLink(at, target string, maxLinks int) *Error {
	dir, base := path.Split(path.Clean("/" + target))
	dir, err := x.place(dir, maxLinks)
	if err != nil {
		return err
	}
	target = path.Join(dir, base)
	if known, ok := x.hard[target]; ok {
		target = known
	}
	switch x.at(target) & kinds {
	case isLink:
		return x.link(at, x.links[target])
	case isOther:
		return x.set(at, isOther)
	}
	if at != target {
		x.hard[at] = target
		x.spend(at, target)
	}
	return x.set(at, isFile)
}

// spend counts about how many bytes a link takes.
func (x *index) spend(at, target string) {
	const overhead = 64
	x.linkBytes += len(at) + len(target) + overhead
}
