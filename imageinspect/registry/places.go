package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/mirror"
)

// placed gives a request the places that the image is asked for at: mirrors
// first, the registry that the pod names last.
func (c *Client) placed(r request, ref name.Reference, text string) (request, *problem) {
	named := mirror.Reference{Host: ref.Context().RegistryStr(), Repository: ref.Context().RepositoryStr(), Unqualified: unqualified(text)}
	if r.byDigest() {
		named.Digest = r.digest.String()
	} else {
		named.Tag = r.identifier
	}
	endpoints, err := c.rules.mirrors().Endpoints(named)
	if err != nil {
		return request{}, refusedPlace(ref.Context().Name(), err)
	}
	places := make([]request, 0, len(endpoints))
	for _, e := range endpoints {
		place, err := c.at(r, e)
		if err != nil {
			return request{}, refusedPlace(ref.Context().Name(), err)
		}
		places = append(places, place)
	}
	places[0].others = places[1:]
	return places[0], nil
}

// at is the same request at one place, by the entry of that place's host and
// with the rights that it has there.
func (c *Client) at(r request, e mirror.Endpoint) (request, error) {
	r.entry, r.insecure = c.rules.entry(e.Host), e.Insecure
	var options []name.Option
	if r.mayBePlain() {
		options = append(options, name.Insecure)
	}
	repository, err := name.NewRepository(e.Host+"/"+e.Repository, append(options, name.WeakValidation)...)
	if err != nil {
		return request{}, fmt.Errorf("asked for as %s/%s: %w", e.Host, e.Repository, err)
	}
	r.repository = repository
	r.rights = c.openRights(r)
	return r, nil
}

// mayBePlain is true where the registry may be asked over http.
func (r request) mayBePlain() bool { return r.entry.PlainHTTP || r.insecure }

// insecureHost is what goes with each request to an insecure registry.
func (r request) insecureHost() string {
	if r.insecure {
		return r.repository.RegistryStr()
	}
	return ""
}

// unqualified is true for a reference that names no registry.
func unqualified(text string) bool {
	host, _, found := strings.Cut(text, "/")
	return !found || !strings.ContainsAny(host, ".:")
}

func refusedPlace(where string, err error) *problem {
	p := &problem{code: codeUnreachable, result: resultRefused, cause: err, detail: where + ": " + err.Error()}
	if r := (*mirror.Refused)(nil); errors.As(err, &r) && r.ImageStream {
		p.code = imageinspect.CodeImageStream
		p.detail += "; set imageStreams to off if the cluster has none"
	}
	return p
}

// places are the request at each place.
func (r request) places() []request {
	first := r
	first.others = nil
	return append([]request{first}, r.others...)
}

// chain names all places and rights but the first, for keys.
func (r request) chain() string {
	var out []string
	for _, o := range r.others {
		out = append(out, o.repository.Name()+" as "+string(o.allCredentials()))
	}
	return strings.Join(out, ", ")
}

// allPlaces gives each place all rights that the pod has there. A place where it
// has none is passed over if the image is the same at the next.
func (c *Client) allPlaces(ctx context.Context, r request, q imageinspect.Query) (request, *problem) {
	var places []request
	var first *problem
	for _, place := range r.places() {
		all, p := c.allRights(ctx, place, q)
		if p == nil {
			places = append(places, all)
			continue
		}
		if first == nil {
			first = p
		}
		if !goesOn(p, r.byDigest()) {
			break
		}
	}
	if len(places) == 0 {
		return request{}, first
	}
	places[0].others = places[1:]
	return places[0], nil
}

// inspectPlaces asks one place after the other until one has the image.
func (c *Client) inspectPlaces(ctx context.Context, r request) (answer, error) {
	if len(r.others) == 0 {
		a, err := c.inspectPatiently(ctx, r)
		a.place = r
		return a, err
	}
	var told []string
	var last *problem
	for _, place := range r.places() {
		a, err := c.inspectPlace(ctx, place)
		if err == nil {
			a.place = place
			return a, nil
		}
		last = asProblem(place.repository.Name(), err)
		told = append(told, last.detail)
		if ctx.Err() != nil || !goesOn(last, r.byDigest()) {
			break
		}
	}
	all := *last
	all.retryAfter = 0 // each place's wish is remembered for that place
	all.detail = strings.Join(told, "; then ")
	return answer{}, &all
}

// inspectPlace is inspect, unless the place failed just now: a mirror that is
// down is not tried again for each image.
func (c *Client) inspectPlace(ctx context.Context, place request) (answer, error) {
	for _, key := range []failureKey{place.key(), repositoryKey(place)} {
		if p, ok := c.caches.failures.get(key); ok {
			return answer{}, p
		}
	}
	a, err := c.inspect(ctx, place)
	if err != nil && ctx.Err() == nil {
		c.remember(place, asProblem(place.repository.Name(), err))
	}
	return a, err
}

// goesOn is true for a failure after which nodes take the image from the next
// place and get what we get there. A digest is the same everywhere, whatever
// failed. A tag may be another image there: only a place that says that it
// hasn't got the tag is passed over. One that we can't reach, or that lets
// nodes in and not us, may be where nodes take the image from.
func goesOn(p *problem, byDigest bool) bool {
	switch {
	case p.code == imageinspect.CodeNoPlatform:
		return false // the image is there
	case byDigest:
		return true
	default:
		return p.result == resultNotFound
	}
}

// identified reads the identifier of a reference.
func identified(ref name.Reference) (identifier string, digest v1.Hash, err error) {
	if _, ok := ref.(name.Digest); ok {
		digest, err = v1.NewHash(ref.Identifier())
	}
	return ref.Identifier(), digest, err //nolint:wrapcheck // The caller names the reference.
}
