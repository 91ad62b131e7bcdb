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
	// Index is the digest that the reference led to: that of an index of several
	// platforms, or Digest again. ConfigDigest is that of this platform's config.
	// A node names an image by any of the three. Empty where it is not known.
	Index, ConfigDigest string
	// Repository is where it was read, host included: content that whoever
	// asked was shown to be in there, and nowhere else. Empty for what lies in
	// a local file.
	Repository string
	Config     Config
	// Files gives the image's files; nil when nobody looks inside.
	Files Files
}

// ErrNotRead is wrapped by the error of Files for a file that may exist or not:
// nobody looked, or a bound was met. The whole error is one clause that may be
// shown to anyone, such as "more than 100000 entries in a layer".
var ErrNotRead = errors.New("file not read")

// ErrNoFile is returned by Files for a file that is certainly not there.
var ErrNoFile = errors.New("no such file in the image")

// Files gives facts about an image's files, one path at a time, as late as
// possible. It is safe for concurrent use.
type Files interface {
	// File returns what lies at an absolute path (Tidy), symlinks followed. It
	// may cost a download. Its error wraps ErrNoFile, ErrNotRead or the
	// context's; with ErrNoFile comes the Way to where the file would be.
	File(ctx context.Context, path string) (File, error)
	// First returns the first of several paths at which a program lies, as a
	// PATH is searched: folders and files that nobody may execute are passed
	// over. It looks no further down than needed: a path found in one layer
	// may count before an earlier one in a layer below it.
	First(ctx context.Context, paths []string) (File, error)
	// Known is File where that costs nothing, because earlier questions
	// brought the answer along; false otherwise.
	Known(path string) (File, bool)
}

// Query asks for an image.
type Query struct {
	// Reference is the image as the pod names it.
	Reference string
	// Namespace is who asks; budgets and credentials are per namespace.
	Namespace string
	// PullSecrets are the names of the pod's imagePullSecrets, in its order.
	PullSecrets []string
	// ServiceAccount is the name of the pod's; empty means "default".
	ServiceAccount string
	// Platforms are the platforms that matter, as os/arch. Those that the
	// image lacks are left out of the answer.
	Platforms []string
}
