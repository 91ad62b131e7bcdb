package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

// The kinds of local source, as they stand before the first colon.
const (
	kindLayout  = "oci"
	kindArchive = "docker-archive"
)

// Source is an image on disk: an OCI image layout (oci:DIR[:TAG]) or what
// `docker save` writes (docker-archive:FILE[:REF]).
type Source struct {
	kind, path, tag string
}

// IsLocal is true for a reference that names a local source, which Open takes,
// instead of an image in a registry.
func IsLocal(reference string) bool {
	kind, _, found := strings.Cut(reference, ":")
	return found && (kind == kindLayout || kind == kindArchive)
}

// Open finds the directory or file of a local source; Inspect reads it.
//
// A path may hold colons, and so may a TAG: of all the ways to split, the one
// with the longest path that exists is taken. When none exists, the last colon
// splits.
func Open(source string) (*Source, error) {
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	s, err := parseSource(source, exists)
	if err != nil {
		return nil, sourceFailure(source, err)
	}
	if err := s.check(); err != nil {
		return nil, sourceFailure(source, err)
	}
	return &s, nil
}

// parseSource splits a source into kind, path and tag.
func parseSource(source string, exists func(path string) bool) (Source, error) {
	kind, rest, found := strings.Cut(source, ":")
	if !found || kind != kindLayout && kind != kindArchive {
		return Source{}, errors.New("want oci:DIR[:TAG] or docker-archive:FILE[:REF]")
	}
	if rest == "" || strings.HasPrefix(rest, ":") || strings.ContainsRune(rest, 0) {
		return Source{}, fmt.Errorf("want a path after %q", kind+":")
	}
	for end := len(rest); end > 0; end = strings.LastIndexByte(rest[:end], ':') {
		if exists(rest[:end]) {
			return newSource(kind, rest, end)
		}
	}
	if at := strings.LastIndexByte(rest, ':'); at > 0 {
		return newSource(kind, rest, at)
	}
	return newSource(kind, rest, len(rest))
}

// newSource takes what comes before end as the path and what comes after the
// colon there as the tag.
func newSource(kind, rest string, end int) (Source, error) {
	if rest[end:] == ":" {
		return Source{}, errors.New("want a tag after the last colon, or no colon")
	}
	return Source{kind: kind, path: rest[:end], tag: strings.TrimPrefix(rest[end:], ":")}, nil
}

// check is true to the kind: a directory for a layout, a file for an archive.
func (s Source) check() error {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such file or directory", s.path)
	case err != nil:
		return err
	case s.kind == kindLayout && !info.IsDir():
		return fmt.Errorf("%s: not a directory: for a tarball that `docker save` wrote use %s:%s", s.path, kindArchive, s.path)
	case s.kind == kindArchive && info.IsDir():
		return fmt.Errorf("%s: a directory: for an OCI layout use %s:%s", s.path, kindLayout, s.path)
	case s.kind == kindArchive && !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file: save the archive to one", s.path)
	}
	return nil
}

// String is the source as it was asked for.
func (s Source) String() string {
	if s.tag == "" {
		return s.kind + ":" + s.path
	}
	return s.kind + ":" + s.path + ":" + s.tag
}

// Inspect reads the source as Client.Inspect reads a registry; the query's
// Reference and Namespace don't matter. The Digest of an image in a
// docker-archive is the one of its config (the image ID): such a file holds no
// manifest. Errors are always *imageinspect.Failure and may be shown in full:
// a source is read with the rights of the person who named it.
func (s *Source) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	wanted, err := parsePlatforms(q.Platforms)
	if err != nil {
		return nil, sourceFailure(s.String(), err)
	}
	read := s.inspectLayout
	if s.kind == kindArchive {
		read = s.inspectArchive
	}
	images, err := read(ctx, wanted)
	if err != nil {
		return nil, sourceFailure(s.String(), err)
	}
	return images, nil
}

// sourceFailure names the source in front of an error, unless the error does.
func sourceFailure(source string, err error) *imageinspect.Failure {
	if p := (*problem)(nil); errors.As(err, &p) {
		return p.failure()
	}
	code := imageinspect.CodeImageInvalid
	switch {
	case !IsLocal(source):
		code = imageinspect.CodeImageName
	case errors.Is(err, fs.ErrPermission), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		code = codeUnreachable
	}
	p := &problem{code: code, detail: source + ": " + err.Error(), cause: err}
	return p.failure()
}

// localBounds are those of files on disk: they are often not compressed, and
// cost no download.
func localBounds() rootfs.Bounds { return rootfs.Bounds{CompressedBytes: 2 << 30} }

// openRegular opens a regular file; others, such as pipes, could block.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	return os.Open(path)
}

// readFile reads a regular file of at most limit bytes.
func readFile(path string, limit int64) (raw []byte, err error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return readLimited(f, path, limit)
}

func readLimited(r io.Reader, name string, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%s: larger than %d KiB", name, limit>>10)
	}
	return raw, nil
}
