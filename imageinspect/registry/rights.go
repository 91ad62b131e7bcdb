package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/registry/keyring"
)

// credentials name rights: what is proved and who is logged in is remembered
// under them, and answers only those who ask with the same.
type credentials string

const (
	anonymous credentials = "anonymous"
	shared    credentials = "shared"
	internal  credentials = "internal"
)

// maxLogins bounds the logins of a pod's pull secrets that are tried for one
// image. A pod that has more could have initguard try passwords for it.
const maxLogins = 16

// rights are one way to be let in by a registry.
type rights struct {
	key    credentials
	logins []login // tried in turn; never empty
}

// login is one attempt to be let in.
type login struct {
	// what names it for the platform.
	what string
	auth func(ctx context.Context, repository name.Repository) (authn.Authenticator, error)
}

// errNoLogin is returned by login.auth when there is nothing to try.
var errNoLogin = errors.New("no login for this registry")

// noRights are those of everybody.
func noRights() rights {
	return rights{key: anonymous, logins: []login{{what: "no login", auth: func(context.Context, name.Repository) (authn.Authenticator, error) {
		return authn.Anonymous, nil
	}}}}
}

// sharedRights are those of initguard itself.
func (c *Client) sharedRights() rights {
	return rights{key: shared, logins: []login{{what: "initguard's own login", auth: func(ctx context.Context, repository name.Repository) (authn.Authenticator, error) {
		auth, err := authn.Resolve(ctx, c.options.Keychain, repository)
		if err != nil {
			return nil, &problem{
				code: codeUnreachable, result: resultUnreachable, cause: err,
				detail: fmt.Sprintf("%s: reading the credentials: %v", repository.RegistryStr(), err),
			}
		}
		if auth == authn.Anonymous && !c.options.AllShared {
			return nil, errNoLogin // what no login gets follows anyway
		}
		return auth, nil
	}}}}
}

// secretRights are those of a namespace's pull secrets; ok is false when none
// of them is for this repository.
func (c *Client) secretRights(namespace string, repository name.Repository, secrets PullSecrets) (w rights, ok bool) {
	found := slices.DeleteFunc(secrets.Lookup(kubeletName(repository)), keyring.Login.Empty)
	if len(found) == 0 {
		return rights{}, false
	}
	if len(found) > maxLogins {
		found = found[:maxLogins]
	}
	w.key = credentials("secrets " + namespace + " " + keyring.ID(c.salt, found))
	for _, l := range found {
		w.logins = append(w.logins, login{what: fmt.Sprintf("pull secret %q", l.Secret()), auth: func(context.Context, name.Repository) (authn.Authenticator, error) {
			username, password := l.Reveal()
			return &authn.Basic{Username: username, Password: password}, nil
		}})
	}
	return w, true
}

// internalRights are initguard's own on OpenShift's internal registry.
func (c *Client) internalRights() rights {
	return rights{key: internal, logins: []login{{what: "initguard's own token", auth: func(_ context.Context, repository name.Repository) (authn.Authenticator, error) {
		token, err := c.options.ImageStreams.Token()
		if err != nil {
			return nil, &problem{
				code: codeUnreachable, result: resultUnauthorized, cause: err,
				detail: repository.RegistryStr() + ": initguard's own token can't be read",
			}
		}
		// The registry takes any username. Source: docs of OpenShift,
		// "Accessing the registry directly".
		return &authn.Basic{Username: "initguard", Password: token}, nil
	}}}}
}

// kubeletName is a repository as the kubelet looks it up.
func kubeletName(repository name.Repository) string {
	host := repository.RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io"
	}
	return host + "/" + repository.RepositoryStr()
}

// openRights are the rights that a request has whoever asks.
func (c *Client) openRights(r request) []rights {
	switch {
	case c.options.AllShared:
		return []rights{c.sharedRights()}
	case r.entry.Internal:
		return nil
	case r.entry.Shared:
		return []rights{c.sharedRights(), noRights()}
	default:
		return []rights{noRights()}
	}
}

// allRights are the rights that a request has, in the order in which they are
// tried: initguard's own where they are shared, which is what the nodes have
// and costs no secret; the pod's pull secrets; none.
func (c *Client) allRights(ctx context.Context, r request, q imageinspect.Query) (request, *problem) {
	if c.options.AllShared {
		return r, nil
	}
	if r.entry.Internal {
		return c.internalRequest(ctx, r, q)
	}
	secrets, err := c.options.PullSecrets.PullSecrets(ctx, q)
	if err != nil {
		return request{}, stillReading(r, err)
	}
	r.withheld, r.notes = secrets.Withheld, secrets.Notes
	if w, ok := c.secretRights(q.Namespace, r.repository, secrets); ok {
		r.rights = slices.Insert(slices.Clone(r.rights), len(r.rights)-1, w)
	}
	return r, nil
}

// stillReading is the answer to a caller whose deadline passed before its rights
// were known.
func stillReading(r request, err error) *problem {
	return &problem{
		code: imageinspect.CodeStillInspecting, result: resultTimeout, cause: err,
		detail: r.repository.Name() + ": the cluster did not say within the caller's deadline which rights the pod has; ask again later",
	}
}

// internalRequest asks whether the pod may pull from OpenShift's internal
// registry, whose repositories are NAMESPACE/IMAGESTREAM.
func (c *Client) internalRequest(ctx context.Context, r request, q imageinspect.Query) (request, *problem) {
	refused := func(why string, err error) *problem {
		return &problem{code: codeUnreachable, result: resultForbidden, cause: err, detail: r.repository.Name() + ": " + why}
	}
	if c.options.ImageStreams == nil {
		return request{}, refused("initguard has no cluster to ask who may pull from its internal registry", nil)
	}
	namespace, stream, ok := strings.Cut(r.repository.RepositoryStr(), "/")
	if !ok || strings.Contains(stream, "/") {
		return request{}, refused("a repository of the internal registry is NAMESPACE/IMAGESTREAM", nil)
	}
	if err := c.options.ImageStreams.MayPull(ctx, q, namespace, stream); err != nil {
		if ctx.Err() != nil {
			return request{}, stillReading(r, err)
		}
		return request{}, refused(err.Error(), err)
	}
	r.rights = []rights{c.internalRights()}
	return r, nil
}
