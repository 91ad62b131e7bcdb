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
	creds      credentials
	plainHTTP  bool
	wanted     []platform
}

// byDigest is true when the reference names its content itself.
func (r request) byDigest() bool { return r.digest != v1.Hash{} }

func (r request) session() sessionKey {
	return sessionKey{repository: r.repository.Name(), creds: r.creds, plainHTTP: r.plainHTTP}
}

func (r request) access() accessKey {
	return accessKey{sessionKey: r.session(), identifier: r.identifier}
}

func (r request) key() failureKey {
	return failureKey{accessKey: r.access(), platforms: joinPlatforms(r.wanted)}
}

func (r request) content(digest v1.Hash) contentKey {
	return contentKey{repository: r.repository.Name(), digest: digest}
}

// parseReference reads an image reference with Docker's defaults: docker.io,
// library/, latest. A tag beside a digest is ignored, as runtimes do.
func parseReference(text string, options ...name.Option) (name.Reference, error) {
	if len(text) > maxReference {
		return nil, fmt.Errorf("longer than %d bytes", maxReference)
	}
	ref, err := name.ParseReference(text, append(options, name.WeakValidation)...)
	if err != nil {
		return nil, fmt.Errorf("want [HOST[:PORT]/]NAME[:TAG][@DIGEST]: %w", err)
	}
	if strings.Contains(ref.Context().RepositoryStr(), "//") {
		return nil, fmt.Errorf("want [HOST[:PORT]/]NAME[:TAG][@DIGEST]: empty part in %q", text)
	}
	return ref, nil
}

// parse reads a query by the entries that hold now.
func (c *Client) parse(q imageinspect.Query) (request, *problem) {
	bad := func(err error) *problem {
		return &problem{code: imageinspect.CodeImageName, result: "image-name", cause: err,
			detail: fmt.Sprintf("image %q: %v", clip(q.Reference), err)}
	}
	ref, err := parseReference(q.Reference)
	if err != nil {
		return request{}, bad(err)
	}
	entry := c.rules.entry(ref.Context().RegistryStr())
	if entry.PlainHTTP {
		if ref, err = parseReference(q.Reference, name.Insecure); err != nil {
			return request{}, bad(err)
		}
	}
	r := request{
		repository: ref.Context(), identifier: ref.Identifier(),
		creds: anonymous, plainHTTP: entry.PlainHTTP,
	}
	if c.options.AllShared || entry.Shared {
		r.creds = shared
	}
	if _, ok := ref.(name.Digest); ok {
		if r.digest, err = v1.NewHash(ref.Identifier()); err != nil {
			return request{}, bad(err)
		}
	}
	if r.wanted, err = parsePlatforms(q.Platforms); err != nil {
		return request{}, &problem{code: imageinspect.CodeNoPlatform, result: "no-platform", cause: err, detail: err.Error()}
	}
	return r, nil
}
