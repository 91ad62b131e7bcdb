package mirror

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// DockerHub is the one name that all names of Docker Hub become here.
const DockerHub = "docker.io"

// Host gives the hosts of Docker Hub one name, and lowers the case.
func Host(host string) string {
	switch host = strings.ToLower(host); host {
	case "index.docker.io", "registry-1.docker.io":
		return DockerHub
	}
	return host
}

// scope is a part of the world of images: a registry, a folder of repositories
// in it, one repository, or every registry below a domain.
type scope struct {
	// host is the registry with its port; for a wildcard ".example.com".
	host string
	path string
	wild bool
}

// parseScope splits a scope that CheckScope passed.
func parseScope(text string) scope {
	if domain, wild := strings.CutPrefix(text, "*"); wild {
		return scope{host: domain, wild: true}
	}
	host, path, _ := strings.Cut(text, "/")
	return scope{host: Host(host), path: path}
}

// match says what of a repository lies below the scope. A host without a port
// is not the same host on another port: registries.conf's own reader takes it
// for the same and calls that a mistake that will go.
func (s scope) match(host, repository string) (rest string, ok bool) {
	switch {
	case s.wild:
		name := withoutPort(host)
		return repository, len(name) > len(s.host) && strings.HasSuffix(name, s.host)
	case s.host != host:
		return "", false
	case s.path == "":
		return repository, true
	case s.path == repository:
		return "", true
	}
	return strings.CutPrefix(repository, s.path+"/")
}

func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// at gives the name that an image below a scope has below a location; ok is
// false where that is no repository.
func (s scope) at(rest string) (host, repository string, ok bool) {
	repository = s.path
	if rest != "" {
		repository = strings.TrimPrefix(repository+"/"+rest, "/")
	}
	if s.host == DockerHub && repository != "" && !strings.Contains(repository, "/") {
		repository = "library/" + repository
	}
	return s.host, repository, repository != "" && len(repository) <= maxRepository
}

// maxRepository is the longest repository that registries take, in bytes.
const maxRepository = 255

// component is one part of a repository.
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
const component = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`

// CheckLocation says what is wrong with a name of a registry, or of a folder or
// repository in it: HOST[:PORT][/PATH].
func CheckLocation(text string) error {
	host, path, hasPath := strings.Cut(text, "/")
	if err := checkHost(host); err != nil {
		return err
	}
	if hasPath && (len(path) > maxRepository || !regexp.MustCompile(`^`+component+`(?:/`+component+`)*$`).MatchString(path)) {
		return fmt.Errorf("has no repository after its host: lower-case letters, digits, ., _ and -, joined by /")
	}
	return nil
}

// CheckScope says what is wrong with a scope: a location, or *.DOMAIN.
func CheckScope(text string) error {
	domain, wild := strings.CutPrefix(text, "*.")
	switch {
	case wild && !isName(domain):
		return fmt.Errorf("must be *. and a domain, without port or path, such as *.example.com")
	case wild:
		return nil
	case strings.Contains(text, "*"):
		return fmt.Errorf("may hold a * only as its first part, as in *.example.com")
	}
	return CheckLocation(text)
}

// CheckImage says what is wrong with what a list of images may hold: a scope,
// or one image with :TAG or @DIGEST.
func CheckImage(text string) error {
	name, rest := cutIdentifier(text)
	if rest != "" && (!strings.Contains(name, "/") || !regexp.MustCompile(`^(?::[\w][\w.-]{0,127}|@[a-z0-9]+:[0-9a-f]{32,})$`).MatchString(rest)) {
		return fmt.Errorf("has neither a tag nor a digest after its repository")
	}
	return CheckScope(name)
}

// cutIdentifier cuts :TAG or @DIGEST off a name.
func cutIdentifier(text string) (name, rest string) {
	if i := strings.IndexByte(text, '@'); i >= 0 {
		return text[:i], text[i:]
	}
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, '/') && strings.Contains(text, "/") {
		return text[:i], text[i:]
	}
	return text, ""
}

func checkHost(s string) error {
	if strings.HasSuffix(s, ":") {
		return errors.New("must be without a scheme")
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("must have a port from 1 to 65535 after the colon")
		}
	}
	switch {
	case s == "":
		return fmt.Errorf("has no registry's name before its path")
	case strings.HasPrefix(host, "["):
		addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || !strings.HasSuffix(host, "]") {
			return fmt.Errorf("must have an IPv6 address between its brackets")
		}
	case !isName(host):
		return fmt.Errorf("must begin with a registry's name, a DNS name or an IP address in lower case, without a scheme")
	case port == "" && !strings.Contains(host, ".") && host != "localhost":
		return fmt.Errorf("would be a repository of Docker Hub in an image reference; a registry's name has a dot or a port")
	}
	return nil
}

// isName reports whether s is DNS labels joined by dots.
func isName(s string) bool {
	return len(s) <= 253 && regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$`).MatchString(s)
}
