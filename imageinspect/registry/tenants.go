package registry

import (
	"context"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/registry/keyring"
)

// PullSecrets are the pull secrets that a pod's images are pulled with.
type PullSecrets struct {
	keyring.Keyring
	// Withheld is true when there are, or may be, secrets that initguard may
	// not read.
	Withheld bool
	// Notes say for the platform what could not be used and why, one clause
	// each. They hold names and nothing of any secret's content.
	Notes []string
}

// PullSecretReader reads pull secrets. It is asked for each lookup that memory
// does not answer, so that it has to remember what it read, and called from
// many goroutines. An error is that of ctx, which ended first; the reading
// should go on then.
type PullSecretReader interface {
	PullSecrets(ctx context.Context, q imageinspect.Query) (PullSecrets, error)
}

// ImageStreams lets pods into OpenShift's internal registry with initguard's
// own token, where the pod's ServiceAccount may pull.
type ImageStreams interface {
	// MayPull is nil when the query's ServiceAccount may pull an image stream.
	// Its error says for the platform why not. It has to remember its answers.
	MayPull(ctx context.Context, q imageinspect.Query, namespace, name string) error
	// Token is initguard's own, read anew each time.
	Token() (string, error)
}

// nobodysSecrets is a reader that finds nothing.
type nobodysSecrets struct{}

func (nobodysSecrets) PullSecrets(context.Context, imageinspect.Query) (PullSecrets, error) {
	return PullSecrets{}, nil
}
