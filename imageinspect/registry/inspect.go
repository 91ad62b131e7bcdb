package registry

import (
	"context"
	"errors"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/initguard/initguard/imageinspect"
)

// parallelPlatforms is how many platforms of one image are read at a time.
const parallelPlatforms = 3

// known answers from memory, or says that it can't.
func (c *Client) known(r request) (answer, bool) {
	if p, ok := c.caches.failures.get(r.key()); ok {
		return answer{problem: p}, true
	}
	if a, ok := c.knownImages(r); ok {
		return a, true
	}
	if p, ok := c.caches.failures.get(repositoryKey(r)); ok {
		return answer{problem: p}, true
	}
	return answer{}, false
}

func (c *Client) knownImages(r request) (answer, bool) {
	digest, ok := c.caches.access.get(r.access())
	if !ok {
		return answer{}, false
	}
	t, ok := c.caches.tops.get(r.content(digest))
	if !ok {
		return answer{}, false
	}
	chosen := t.choose(r.wanted)
	found := make([]facts, len(chosen))
	for i, e := range chosen {
		if found[i], ok = c.caches.facts.get(r.content(e.digest)); !ok {
			return answer{}, false
		}
	}
	a, p := assemble(r.repository.Name(), t, chosen, found, r.wanted)
	a.problem = p
	return a, true
}

// inspect asks the registry for what memory doesn't hold: at most two requests
// and two for each platform, logins apart; one when the content is known.
func (c *Client) inspect(ctx context.Context, r request) (answer, error) {
	s, err := c.session(ctx, r)
	if err != nil {
		return answer{}, err
	}
	a, err := c.inspectWith(ctx, r, s)
	c.dropRefused(r, err)
	return a, err
}

// dropRefused forgets a login that may have outlived its credentials.
func (c *Client) dropRefused(r request, err error) {
	if p := (*problem)(nil); errors.As(err, &p) && (p.result == resultUnauthorized || p.result == "forbidden") {
		c.caches.sessions.remove(r.session())
	}
}

func (c *Client) inspectWith(ctx context.Context, r request, s *session) (answer, error) {
	digest, raw, err := c.resolve(ctx, r, s)
	if err != nil {
		return answer{}, err
	}
	t, single, err := c.readTop(ctx, r, s, digest, raw)
	if err != nil {
		return answer{}, err
	}
	c.caches.access.add(r.access(), digest, c.bounds.Load().TagTTL)
	chosen := t.choose(r.wanted)
	found := make([]facts, len(chosen))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelPlatforms)
	for i, e := range chosen {
		group.Go(func() error {
			return recovered(r.repository.Name(), func() (err error) {
				found[i], err = c.readFacts(ctx, r, s, e.digest, single)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return answer{}, err
	}
	a, p := assemble(r.repository.Name(), t, chosen, found, r.wanted)
	if p != nil {
		return answer{}, p
	}
	return a, nil
}

// resolve proves that the image may be read and says which digest it has. It
// returns the manifest where it had to read that to know.
func (c *Client) resolve(ctx context.Context, r request, s *session) (v1.Hash, []byte, error) {
	if digest, ok := c.caches.access.get(r.access()); ok {
		return digest, nil, nil
	}
	if r.byDigest() {
		if _, ok := c.caches.tops.get(r.content(r.digest)); !ok {
			return r.digest, nil, nil // reading the manifest is the proof
		}
	}
	digest, err := s.head(ctx, r.identifier)
	switch {
	case err != nil:
		return v1.Hash{}, nil, err
	case r.byDigest():
		return r.digest, nil, nil
	case digest == v1.Hash{}:
		raw, tagged, err := s.tagged(ctx, r.identifier)
		return tagged, raw, err
	default:
		return digest, nil, nil
	}
}

// readTop returns what a digest leads to; for an image's own manifest, that
// manifest too if it was read just now.
func (c *Client) readTop(ctx context.Context, r request, s *session, digest v1.Hash, raw []byte) (top, *manifest, error) {
	key := r.content(digest)
	if t, ok := c.caches.tops.get(key); ok {
		return t, nil, nil
	}
	if raw == nil {
		var err error
		if raw, err = s.manifest(ctx, digest); err != nil {
			return top{}, nil, err
		}
	}
	m, err := parseManifest(raw)
	if err != nil {
		return top{}, nil, invalid(r.repository.Name(), err)
	}
	t := newTop(digest, m)
	c.caches.tops.add(key, t)
	if t.single {
		return t, &m, nil
	}
	return t, nil, nil
}

// readFacts reads one platform; m is its manifest if that was read before.
func (c *Client) readFacts(ctx context.Context, r request, s *session, digest v1.Hash, m *manifest) (facts, error) {
	key := r.content(digest)
	if f, ok := c.caches.facts.get(key); ok {
		return f, nil
	}
	f, err := readFacts(ctx, s, r.repository.Name(), digest, m)
	if err != nil {
		return facts{}, err
	}
	c.caches.facts.add(key, f)
	return f, nil
}

// reader reads content by digest and checks it.
type reader interface {
	manifest(ctx context.Context, digest v1.Hash) ([]byte, error)
	blob(ctx context.Context, digest v1.Hash) ([]byte, error)
}

// readFacts reads the manifest, unless m is given, and the config of one
// platform.
func readFacts(ctx context.Context, from reader, where string, digest v1.Hash, m *manifest) (facts, error) {
	if m == nil {
		raw, err := from.manifest(ctx, digest)
		if err != nil {
			return facts{}, err
		}
		parsed, err := parseManifest(raw)
		if err != nil {
			return facts{}, invalid(where, err)
		}
		m = &parsed
	}
	if m.config == nil {
		return facts{}, invalid(where, errors.New("an index lists another index as an image"))
	}
	raw, err := from.blob(ctx, *m.config)
	if err != nil {
		return facts{}, err
	}
	f, err := parseConfig(raw)
	if err != nil {
		return facts{}, invalid(where, err)
	}
	f.layers = m.layers
	f.weight += len(f.layers) * layerWeight
	return f, nil
}

func newTop(digest v1.Hash, m manifest) top {
	if m.config != nil {
		return top{single: true, entries: []entry{{digest: digest}}}
	}
	return top{entries: m.entries}
}

// choose picks the manifests to read. An image's own is read always: only its
// config says for which platform it is.
func (t top) choose(wanted []platform) []entry {
	if t.single {
		return t.entries
	}
	return choosePlatforms(t.entries, wanted)
}

// assemble makes the answer out of the chosen entries and their facts.
func assemble(where string, t top, chosen []entry, found []facts, wanted []platform) (answer, *problem) {
	var images []imageinspect.Image
	var contents []content
	var have []platform
	for _, e := range t.entries {
		if e.platform != (platform{}) {
			have = append(have, e.platform)
		}
	}
	for i, e := range chosen {
		p := e.platform
		if p == (platform{}) {
			p = found[i].platform
			have = append(have, p)
		}
		duplicate := slices.ContainsFunc(images, func(image imageinspect.Image) bool { return image.Platform == p.String() })
		if matches(p, wanted) && !duplicate {
			images = append(images, imageinspect.Image{Platform: p.String(), Digest: e.digest.String(), Config: found[i].config})
			contents = append(contents, content{digest: e.digest, layers: found[i].layers})
		}
	}
	if len(images) == 0 {
		return answer{}, noPlatform(where, wanted, have)
	}
	return answer{images: images, contents: contents}, nil
}
