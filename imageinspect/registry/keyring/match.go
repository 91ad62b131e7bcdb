package keyring

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"strings"
)

// target is host, port and path of a key or of a repository.
type target struct {
	parts []string // of the host, between dots
	port  string
	path  string
	valid bool
}

// parseTarget reads host[:port][/path].
func parseTarget(text string) (target, error) {
	parsed, err := url.Parse("https://" + text)
	if err != nil {
		return target{}, fmt.Errorf("not host[:port][/path]: %w", err)
	}
	host, port, err := net.SplitHostPort(parsed.Host)
	if err != nil {
		host, port = parsed.Host, ""
	}
	return target{parts: strings.Split(host, "."), port: port, path: parsed.Path, valid: true}, nil
}

// matches is true when a key's target stands for a repository's: the same
// port, as many parts in the host, each of which matches as a glob, and a path
// that begins the same, in the middle of a word too.
func (glob target) matches(t target) bool {
	if !glob.valid || !t.valid || glob.port != t.port || len(glob.parts) != len(t.parts) || !strings.HasPrefix(t.path, glob.path) {
		return false
	}
	for i, part := range glob.parts {
		if ok, err := path.Match(part, t.parts[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// defaultKey is the key under which docker keeps the login to Docker Hub.
const defaultKey = "index.docker.io"

// onDockerHub is true for a repository on Docker Hub.
func onDockerHub(repository string) bool {
	host, _, found := strings.Cut(repository, "/")
	switch {
	case host == "":
		return false
	case !found, host == "docker.io", host == "index.docker.io":
		return true
	}
	return !strings.ContainsAny(host, ".:")
}
