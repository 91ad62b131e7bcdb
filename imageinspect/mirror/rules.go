package mirror

import (
	"fmt"
	"slices"
	"strings"
)

// Pull says for which references a mirror is asked.
type Pull string

// What a mirror may be asked for. Source: pull-from-mirror in
// containers-registries.conf(5).
const (
	All        Pull = "all"
	DigestOnly Pull = "digest-only"
	TagOnly    Pull = "tag-only"
)

// Mirror is a place that holds copies of what lies below a Source's prefix.
type Mirror struct {
	// Location is HOST[:PORT][/PATH]; it stands in for the prefix.
	Location string
	// Pull is All when it is empty.
	Pull Pull
}

// Source is a part of the registries that has mirrors, or that lies elsewhere
// than its name says.
type Source struct {
	// Prefix is HOST[:PORT][/PATH], or *.DOMAIN for every registry below a
	// domain. Of several that fit an image only the longest counts.
	Prefix string
	// Location is where the source itself lies; empty where its name says.
	Location string
	// Mirrors are asked first, in this order.
	Mirrors []Mirror
	// Never forbids to ask the source itself. An image that no mirror has is
	// not there then.
	Never bool
}

// Rules say where images are asked for. The zero value asks for each where its
// name says. What Rules holds is checked by CheckLocation, CheckScope and
// CheckImage; entries that they refuse match nothing, or not what was meant.
type Rules struct {
	Sources []Source
	// Allowed are lists of scopes. Each that isn't nil has to hold one that the
	// image, as the pod names it, lies in: an empty one allows nothing.
	Allowed [][]string
	// Blocked are scopes whose images are not looked at, and at which nothing
	// is asked for, mirrored or not.
	Blocked []string
	// Insecure are scopes that are asked without a known certificate, or
	// without TLS.
	Insecure []string
	// Search are the registries at which a name without one is looked for, in
	// this order. None: Docker Hub.
	Search []string
	// Short makes a name of one part, such as "app:1", that of an ImageStream,
	// which no registry knows.
	Short bool
}

// Reference is an image as a pod names it.
type Reference struct {
	// Host is the registry with its port.
	Host string
	// Repository is the rest of the name, with library/ on Docker Hub.
	Repository string
	// Tag is ignored beside a Digest.
	Tag, Digest string
	// Unqualified is true where the pod names no registry, and Host is a
	// default.
	Unqualified bool
}

// Endpoint is a place to ask for the image.
type Endpoint struct {
	Host, Repository string
	// Insecure allows a certificate that nobody vouches for, and http.
	Insecure bool
	// Mirror is true for all but the source itself.
	Mirror bool
}

// Refused says why an image is asked for nowhere.
type Refused struct {
	// Why is a clause for the platform's eyes.
	Why string
	// ImageStream is true for a name that only an ImageStream would explain.
	ImageStream bool
}

func (r *Refused) Error() string { return r.Why }

// maxEndpoints bounds the places that one image is asked for at.
const maxEndpoints = 16

// Endpoints are the places to ask for an image, in order; never none without an
// error, which is a *Refused.
func (r *Rules) Endpoints(ref Reference) ([]Endpoint, error) {
	if !ref.Unqualified {
		return r.endpoints(ref)
	}
	name := strings.TrimPrefix(ref.Repository, "library/")
	if r.Short && !strings.Contains(name, "/") {
		return nil, &Refused{ImageStream: true, Why: "the name has neither a registry nor a folder: on OpenShift it is an ImageStream's, which was not resolved"}
	}
	if len(r.Search) == 0 {
		return r.endpoints(ref)
	}
	var all []Endpoint
	var last error
	for _, host := range r.Search {
		found := ref
		found.Host, found.Repository = Host(host), name
		if found.Host == DockerHub {
			found.Repository = ref.Repository
		}
		endpoints, err := r.endpoints(found)
		if err != nil {
			last = err
			continue
		}
		all = append(all, endpoints...)
	}
	if len(all) == 0 {
		return nil, last
	}
	return bounded(all), nil
}

// endpoints is Endpoints of an image whose registry is known.
func (r *Rules) endpoints(ref Reference) ([]Endpoint, error) {
	ref.Host = Host(ref.Host)
	if why := r.denied(ref); why != "" {
		return nil, &Refused{Why: why}
	}
	source, rest := r.source(ref.Host, ref.Repository)
	var out []Endpoint
	for _, m := range source.Mirrors {
		if m.Pull == DigestOnly && ref.Digest == "" || m.Pull == TagOnly && ref.Digest != "" {
			continue
		}
		host, repository, ok := parseScope(m.Location).at(rest)
		if ok && (host != ref.Host || repository != ref.Repository) {
			out = r.add(out, host, repository, true)
		}
	}
	host, repository, ok := ref.Host, ref.Repository, true
	if source.Location != "" {
		host, repository, ok = parseScope(source.Location).at(rest)
	}
	if ok && !source.Never {
		out = r.add(out, host, repository, false)
	}
	if len(out) == 0 {
		return nil, &Refused{Why: r.nowhere(source, ref)}
	}
	return bounded(out), nil
}

// bounded leaves out what was there before, and what is too much.
func bounded(list []Endpoint) []Endpoint {
	var out []Endpoint
	for _, e := range list {
		same := func(o Endpoint) bool { return o.Host == e.Host && o.Repository == e.Repository }
		if len(out) < maxEndpoints && !slices.ContainsFunc(out, same) {
			out = append(out, e)
		}
	}
	return out
}

// add adds a place unless it may not be asked.
func (r *Rules) add(list []Endpoint, host, repository string, mirror bool) []Endpoint {
	if r.blocked(host, repository) != "" {
		return list
	}
	// A mirror may itself be a source; its mirrors aren't followed, but that it
	// must not be asked holds. This is what registries.conf's "blocked" does.
	if other, _ := r.source(host, repository); mirror && other.Never {
		return list
	}
	return append(list, Endpoint{Host: host, Repository: repository, Insecure: r.IsInsecure(host, repository), Mirror: mirror})
}

// nowhere says why there is no place to ask.
func (r *Rules) nowhere(source Source, ref Reference) string {
	kind := "tag"
	if ref.Digest != "" {
		kind = "digest"
	}
	return fmt.Sprintf("of %s no mirror may be asked for an image by %s, and the source itself must not be asked", source.Prefix, kind)
}

// source finds the longest prefix, by the length of its text and the order of
// the alphabet, as registries.conf's reader does, and what comes after it.
func (r *Rules) source(host, repository string) (found Source, rest string) {
	found, rest = Source{Prefix: host + "/" + repository}, repository
	best := -1
	for _, s := range r.Sources {
		if len(s.Prefix) < best || len(s.Prefix) == best && s.Prefix >= found.Prefix {
			continue
		}
		if left, ok := parseScope(s.Prefix).match(host, repository); ok {
			found, rest, best = s, left, len(s.Prefix)
		}
	}
	return found, rest
}

// denied says why an image is not looked at, by its name in the pod.
func (r *Rules) denied(ref Reference) string {
	for _, list := range r.Allowed {
		if list != nil && !slices.ContainsFunc(list, ref.in) {
			return "no entry of the allowed registries holds it"
		}
	}
	for _, b := range r.Blocked {
		if ref.in(b) {
			return "the blocked registries hold " + b
		}
	}
	return r.blocked(ref.Host, ref.Repository)
}

// in reports whether the image lies in a scope, or is the very one that the
// scope names.
func (r Reference) in(scope string) bool {
	name, identifier := cutIdentifier(scope)
	rest, ok := parseScope(name).match(r.Host, r.Repository)
	switch {
	case !ok || identifier == "":
		return ok
	case r.Digest != "":
		return rest == "" && identifier == "@"+r.Digest
	}
	return rest == "" && identifier == ":"+r.Tag
}

// blocked says which scope forbids to ask a repository. A host without a port
// blocks every port, as it does on the nodes.
func (r *Rules) blocked(host, repository string) string {
	for _, b := range r.Blocked {
		name, identifier := cutIdentifier(b)
		s := parseScope(name)
		_, ok := s.match(host, repository)
		if !ok && s.host == withoutPort(host) {
			_, ok = s.match(s.host, repository)
		}
		if ok && identifier == "" {
			return "the blocked registries hold " + b
		}
	}
	return ""
}

// BlocksHost reports whether nothing at all may be asked of a host.
func (r *Rules) BlocksHost(host string) bool {
	host = Host(host)
	return slices.ContainsFunc(r.Blocked, func(b string) bool {
		name, identifier := cutIdentifier(b)
		s := parseScope(name)
		_, ok := s.match(host, "")
		return identifier == "" && s.path == "" && (ok || s.host == withoutPort(host))
	})
}

// IsInsecure reports whether a repository may be asked without a certificate
// that is known; a host alone, when repository is empty.
func (r *Rules) IsInsecure(host, repository string) bool {
	host = Host(host)
	return slices.ContainsFunc(r.Insecure, func(s string) bool {
		scope := parseScope(s)
		_, ok := scope.match(host, repository)
		return ok && (repository != "" || scope.path == "")
	})
}

// Names reports whether a rule names a host as a place to ask.
func (r *Rules) Names(host string) bool {
	host = Host(host)
	for _, s := range r.Sources {
		if s.Location != "" && parseScope(s.Location).host == host {
			return true
		}
		if slices.ContainsFunc(s.Mirrors, func(m Mirror) bool { return parseScope(m.Location).host == host }) {
			return true
		}
	}
	return false
}

// Over puts rules over others: its Sources replace those of the same prefix,
// its Search replaces the other; an image has to be allowed by both, and is
// blocked by either.
func (r *Rules) Over(base *Rules) *Rules {
	out := *r
	out.Sources = slices.Clone(r.Sources)
	for _, s := range base.Sources {
		if !slices.ContainsFunc(r.Sources, func(own Source) bool { return own.Prefix == s.Prefix }) {
			out.Sources = append(out.Sources, s)
		}
	}
	out.Allowed = slices.Concat(r.Allowed, base.Allowed)
	out.Blocked = slices.Concat(r.Blocked, base.Blocked)
	out.Insecure = slices.Concat(r.Insecure, base.Insecure)
	if len(out.Search) == 0 {
		out.Search = base.Search
	}
	out.Short = r.Short || base.Short
	return &out
}
