// Package pullsecrets reads the pull secrets of pods: by name, never by listing
// or watching, and only in namespaces where a RoleBinding lets initguard.
//
// Nothing of a secret's content is logged or put into an error or a note.
package pullsecrets

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/initguard/initguard/cluster/memo"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/imageinspect/registry/keyring"
)

// API reads from the API server. Errors are those of apimachinery.
type API interface {
	Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	ServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error)
}

// How long an answer holds. A pull secret that is rotated takes effect within
// the first of them.
const (
	FoundTTL    = 60 * time.Second
	MissingTTL  = 15 * time.Second
	WithheldTTL = 30 * time.Second
	FailedTTL   = 5 * time.Second
)

const (
	// maxSecrets bounds the pull secrets of one pod that are read.
	maxSecrets = 16
	// maxRemembered and maxBytes bound what is held of all secrets and
	// ServiceAccounts.
	maxRemembered = 8192
	maxBytes      = 16 << 20
)

// fix is what lets initguard read the pull secrets of a namespace.
const fix = "bind the ClusterRole initguard-pull-secrets there (manifests/components/pull-secrets)"

// Reader reads pull secrets. It is safe for concurrent use.
type Reader struct {
	api      API
	secrets  *memo.Memo[key, secretAnswer]
	accounts *memo.Memo[key, accountAnswer]
}

type key struct{ namespace, name string }

// state is what is not well with an answer.
type state struct {
	withheld bool
	note     string
}

type secretAnswer struct {
	state
	secret *keyring.Secret // nil when it could not be read
}

type accountAnswer struct {
	state
	secrets []string
}

// New makes a Reader. now is its clock; nil means time.Now.
func New(api API, now func() time.Time) (*Reader, error) {
	r := &Reader{api: api}
	owner := func(k key) string { return k.namespace }
	var err error
	r.secrets, err = memo.New(memo.Options[key, secretAnswer]{
		Read: r.readSecret, Owner: owner, Size: maxRemembered, MaxWeight: maxBytes, Now: now,
		Weigh: func(a secretAnswer) int {
			if a.secret == nil {
				return 256 + len(a.note)
			}
			return a.secret.Weight()
		},
	})
	if err != nil {
		return nil, fmt.Errorf("pull secrets: %w", err)
	}
	r.accounts, err = memo.New(memo.Options[key, accountAnswer]{
		Read: r.readAccount, Owner: owner, Size: maxRemembered, MaxWeight: maxBytes, Now: now,
		Weigh: func(a accountAnswer) int {
			n := 256 + len(a.note)
			for _, name := range a.secrets {
				n += 16 + len(name)
			}
			return n
		},
	})
	if err != nil {
		return nil, fmt.Errorf("ServiceAccounts: %w", err)
	}
	return r, nil
}

// PullSecrets gives the secrets that the kubelet would pull a pod's images with:
// the pod's own, or its ServiceAccount's where it has none. The ServiceAccount
// admission plugin does that to pods, in front of every webhook; of a template
// and where the plugin is off it has to be done here. As for the kubelet, a
// secret that is missing is no reason to stop.
func (r *Reader) PullSecrets(ctx context.Context, q imageinspect.Query) (registry.PullSecrets, error) {
	var out registry.PullSecrets
	names := q.PullSecrets
	if len(names) == 0 {
		account := q.ServiceAccount
		if account == "" {
			account = "default"
		}
		answers, err := r.accounts.Get(ctx, key{q.Namespace, account})
		if err != nil {
			return registry.PullSecrets{}, fmt.Errorf("ServiceAccount: %w", err)
		}
		names = answers[0].secrets
		answers[0].addTo(&out)
	}
	if len(names) > maxSecrets {
		out.Notes = append(out.Notes, fmt.Sprintf("of %d pull secrets the first %d were read", len(names), maxSecrets))
		names = names[:maxSecrets]
	}
	keys := make([]key, len(names))
	for i, name := range names {
		keys[i] = key{q.Namespace, name}
	}
	answers, err := r.secrets.Get(ctx, keys...)
	if err != nil {
		return registry.PullSecrets{}, fmt.Errorf("pull secrets: %w", err)
	}
	for _, a := range answers {
		a.addTo(&out)
		if a.secret != nil {
			out.Secrets = append(out.Secrets, a.secret)
		}
	}
	return out, nil
}

func (s state) addTo(p *registry.PullSecrets) {
	p.Withheld = p.Withheld || s.withheld
	if s.note != "" {
		p.Notes = append(p.Notes, s.note)
	}
}

func (r *Reader) readSecret(ctx context.Context, k key) (secretAnswer, time.Duration) {
	what := fmt.Sprintf("pull secret %q", k.name)
	secret, err := r.api.Secret(ctx, k.namespace, k.name)
	if err != nil {
		s, holds := failed(what, k.namespace, err)
		return secretAnswer{state: s}, holds
	}
	parsed, err := keyring.Parse(k.name, string(secret.Type), secret.Data)
	if err != nil {
		return secretAnswer{state: state{note: what + " can't be used: " + err.Error()}}, FoundTTL
	}
	a := secretAnswer{secret: parsed}
	if parsed.Len() == 0 {
		a.note = fmt.Sprintf("%s holds no login: its type is %.80q", what, string(secret.Type))
	}
	return a, FoundTTL
}

func (r *Reader) readAccount(ctx context.Context, k key) (accountAnswer, time.Duration) {
	account, err := r.api.ServiceAccount(ctx, k.namespace, k.name)
	if err != nil {
		s, holds := failed(fmt.Sprintf("ServiceAccount %q", k.name), k.namespace, err)
		return accountAnswer{state: s}, holds
	}
	var a accountAnswer
	for _, s := range account.ImagePullSecrets {
		if s.Name != "" && len(a.secrets) <= maxSecrets { // one more, so that the rest is told of
			a.secrets = append(a.secrets, s.Name)
		}
	}
	return a, FoundTTL
}

// failed says what an error means, and how long that holds.
func failed(what, namespace string, err error) (state, time.Duration) {
	switch {
	case apierrors.IsNotFound(err):
		return state{note: what + " is missing"}, MissingTTL
	case apierrors.IsForbidden(err):
		return state{withheld: true, note: fmt.Sprintf("initguard may not read %s of namespace %q: %s", what, namespace, fix)}, WithheldTTL
	default:
		why := "the API server did not answer"
		if reason := apierrors.ReasonForError(err); reason != "" {
			why = "the API server says " + string(reason)
		}
		return state{note: what + " could not be read: " + why}, FailedTTL
	}
}
