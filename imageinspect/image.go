package imageinspect

import (
	"context"
	"errors"
)

// Config is what an image's config says about the process that it starts.
type Config struct {
	Entrypoint []string
	Cmd        []string
	Env        []string // NAME=value
	WorkingDir string
	User       string
}

// Image is one platform of an image.
type Image struct {
	// Platform is os/arch[/variant].
	Platform string
	// Digest is the digest of this platform's manifest.
	Digest string
	Config Config
	// Files gives the image's files; nil when nobody looks inside.
	Files Files
}

// ErrNotRead is returned by Files for a file that exists or not: nobody looked.
var ErrNotRead = errors.New("file not read")

// ErrNoFile is returned by Files for a file that is certainly not there.
var ErrNoFile = errors.New("no such file in the image")

// Files gives facts about an image's files, one path at a time, as late as
// possible: each call may cost a download.
type Files interface {
	// File returns what lies at an absolute, clean path, symlinks followed.
	File(ctx context.Context, path string) (File, error)
}

// File is a regular file of an image.
type File struct {
	// Path is where the file really lies, every symlink resolved.
	Path string
}

// Query asks for an image.
type Query struct {
	// Reference is the image as the pod names it.
	Reference string
	// Namespace is who asks; budgets and credentials are per namespace.
	Namespace string
	// Platforms are the platforms that matter, as os/arch. Those that the
	// image lacks are left out of the answer.
	Platforms []string
}
