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
	if a, ok := c.proved(r); ok {
		return a, true
	}
	if p, ok := c.caches.failures.get(repositoryKey(r)); ok && len(r.others) == 0 {
		return answer{problem: p}, true
	}
	return answer{}, false
}

// proved answers from memory where some of the request's rights were proved
// within the time that a proof holds. Of a tag a later place answers only where
// those before are known not to have it: somebody may have named that place
// itself, and nodes take another image from the first.
func (c *Client) proved(r request) (answer, bool) {
	for _, place := range r.places() {
		for _, w := range place.rights {
			if a, ok := c.knownImages(place, w); ok {
				a.place = place
				return a, true
			}
		}
		if r.byDigest() {
			continue
		}
		if p, ok := c.caches.failures.get(place.key()); !ok || !goesOn(p, false) {
			break
		}
	}
	return answer{}, false
}

func (c *Client) knownImages(r request, w rights) (answer, bool) {
	digest, ok := c.caches.proof(r.access(w.key))
	if !ok {
		return answer{}, false
	}
	t, ok := c.caches.knownTop(r.content(digest))
	if !ok {
		return answer{}, false
	}
	chosen := t.choose(r.wanted)
	found := make([]facts, len(chosen))
	for i, e := range chosen {
		if found[i], ok = c.caches.knownFacts(r.content(e.digest)); !ok {
			return answer{}, false
		}
	}
	a, p := assemble(r.repository.Name(), t, chosen, found, r.wanted)
	a.problem, a.rights = p, w
	return a, true
}

// inspect asks the registry for what memory doesn't hold, with the request's
// rights in turn: for each login at most two requests and two for each platform,
// logins apart; one when the content is known, or when the login is refused.
func (c *Client) inspect(ctx context.Context, r request) (answer, error) {
	var refused refusals
	for _, w := range r.rights {
		var a answer
		err := c.as(ctx, r, w, &refused, func(ctx context.Context, s *session) (err error) {
			a, err = c.inspectWith(ctx, r, w, s)
			return err
		})
		if err == nil {
			a.rights = w
			return a, nil
		}
		if !refuses(err) {
			return answer{}, err
		}
	}
	return answer{}, c.explained(r, refused)
}

func (c *Client) inspectWith(ctx context.Context, r request, w rights, s *session) (answer, error) {
	digest, raw, err := c.resolve(ctx, r, w, s)
	if err != nil {
		return answer{}, err
	}
	t, single, err := c.readTop(ctx, r, s, digest, raw)
	if err != nil {
		return answer{}, err
	}
	c.caches.access.add(r.access(w.key).id(), sumOf(digest), c.bounds.Load().TagTTL)
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

// resolve proves that the image may be read with some rights, and says which
// digest it has. The proof is always a HEAD, whatever memory holds: who has no
// rights must not learn from the registry's log, or from the time it takes, what
// others have read. It returns the manifest where it had to read that to know.
func (c *Client) resolve(ctx context.Context, r request, w rights, s *session) (v1.Hash, []byte, error) {
	if digest, ok := c.caches.proof(r.access(w.key)); ok {
		return digest, nil, nil
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
func (c *Client) readTop(ctx context.Context, r request, s *session, digest v1.Hash, raw []byte) (t top, read *manifest, err error) {
	key := r.content(digest)
	known := func() (ok bool) { t, ok = c.caches.knownTop(key); return ok }
	err = c.loads.do(ctx, load{contentKey: key}, known, func() error {
		if raw == nil {
			if raw, err = s.manifest(ctx, digest); err != nil {
				return err
			}
		}
		m, err := parseManifest(raw)
		if err != nil {
			return invalid(r.repository.Name(), err)
		}
		t = newTop(digest, m)
		if t.single {
			// Its config too, before anybody learns of it: others would read the
			// manifest again to find out which config that is.
			read = &m
			if _, err := c.readFacts(ctx, r, s, digest, read); err != nil {
				return err
			}
		}
		c.caches.tops.add(key.id(), t.pack())
		return nil
	})
	return t, read, err
}

// readFacts reads one platform; m is its manifest if that was read before.
func (c *Client) readFacts(ctx context.Context, r request, s *session, digest v1.Hash, m *manifest) (f facts, err error) {
	key := r.content(digest)
	known := func() (ok bool) { f, ok = c.caches.knownFacts(key); return ok }
	err = c.loads.do(ctx, load{contentKey: key, facts: true}, known, func() error {
		f, err = readFacts(ctx, s, r.repository.Name(), digest, m)
		if err == nil {
			c.caches.facts.add(key.id(), f.pack())
		}
		return err
	})
	return f, err
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
	f.layers, f.id = m.layers, sumOf(*m.config)
	return f, nil
}

func newTop(digest v1.Hash, m manifest) top {
	if m.config != nil {
		return top{single: true, digest: digest, entries: []entry{{digest: digest}}}
	}
	return top{digest: digest, entries: m.entries}
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
			images = append(images, imageinspect.Image{
				Platform: p.String(), Digest: e.digest.String(), Index: written(t.digest), ConfigDigest: written(found[i].id.digest()),
				Config: found[i].config,
			})
			contents = append(contents, content{digest: e.digest, layers: found[i].layers})
		}
	}
	if len(images) == 0 {
		return answer{}, noPlatform(where, wanted, have)
	}
	return answer{images: images, contents: contents}, nil
}

// written is a digest as it is written, empty for none.
func written(digest v1.Hash) string {
	if digest == (v1.Hash{}) {
		return ""
	}
	return digest.String()
}
