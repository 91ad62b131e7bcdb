package registry

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
)

// maxReference bounds a reference in bytes. Registries take 255 for host and
// repository; a tag has up to 128, a digest up to 135.
const maxReference = 1024

// request is one lookup, fully parsed.
type request struct {
	repository name.Repository
	// identifier is the tag, or the digest if digest is set.
	identifier string
	digest     v1.Hash
	entry      Registry
	// insecure lets the registry be asked whatever its certificate, and over
	// http.
	insecure bool
	wanted   []platform
	// rights are tried in turn; the answer is remembered for those that got it.
	rights []rights
	// asked names those that it had before it was narrowed down to some.
	asked credentials
	// withheld and notes are those of the PullSecrets.
	withheld bool
	notes    []string
	// others are the same request at the places that are asked after this one,
	// in turn.
	others []request
}

// byDigest is true when the reference names its content itself.
func (r request) byDigest() bool { return r.digest != v1.Hash{} }

// with is the same request with one kind of rights only.
func (r request) with(w rights) request {
	r.asked, r.rights = r.allCredentials(), []rights{w}
	return r
}

// session is what a login with some rights is remembered under.
func (r request) session(creds credentials) sessionKey {
	return sessionKey{repository: r.repository.Name(), creds: creds, plainHTTP: r.mayBePlain()}
}

// access is what the proof that these rights may read is remembered under.
func (r request) access(creds credentials) accessKey {
	return accessKey{sessionKey: r.session(creds), identifier: r.identifier}
}

// allCredentials names all rights of the request together.
func (r request) allCredentials() credentials {
	if len(r.rights) == 1 {
		return r.rights[0].key
	}
	keys := make([]string, len(r.rights))
	for i, w := range r.rights {
		keys[i] = string(w.key)
	}
	return credentials(strings.Join(keys, ", "))
}

// key is the whole lookup: who asks with the same rights gets the same answer.
func (r request) key() failureKey {
	return failureKey{accessKey: r.access(r.allCredentials()), platforms: joinPlatforms(r.wanted), chain: r.chain()}
}

func (r request) content(digest v1.Hash) contentKey {
	return contentKey{repository: r.repository.Name(), digest: digest}
}

// parseReference reads an image reference with Docker's defaults: docker.io,
// library/, latest. A tag beside a digest is ignored, as runtimes do.
func parseReference(text string) (name.Reference, error) {
	if len(text) > maxReference {
		return nil, fmt.Errorf("longer than %d bytes", maxReference)
	}
	ref, err := name.ParseReference(text, name.WeakValidation)
	if err != nil {
		return nil, fmt.Errorf("want [HOST[:PORT]/]NAME[:TAG][@DIGEST]: %w", err)
	}
	if strings.Contains(ref.Context().RepositoryStr(), "//") {
		return nil, fmt.Errorf("want [HOST[:PORT]/]NAME[:TAG][@DIGEST]: empty part in %q", text)
	}
	return ref, nil
}

// parse reads a query by the entries that hold now. The request has the rights
// that need no looking up.
func (c *Client) parse(q imageinspect.Query) (request, *problem) {
	bad := func(err error) *problem {
		return &problem{code: imageinspect.CodeImageName, result: "image-name", cause: err,
			detail: fmt.Sprintf("image %q: %v", clip(q.Reference), err)}
	}
	ref, err := parseReference(q.Reference)
	if err != nil {
		return request{}, bad(err)
	}
	var r request
	if r.identifier, r.digest, err = identified(ref); err != nil {
		return request{}, bad(err)
	}
	if r.wanted, err = parsePlatforms(q.Platforms); err != nil {
		return request{}, &problem{code: imageinspect.CodeNoPlatform, result: resultNoPlatform, cause: err, detail: err.Error()}
	}
	return c.placed(r, ref, q.Reference)
}
