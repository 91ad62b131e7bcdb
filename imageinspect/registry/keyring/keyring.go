package keyring

import (
	"slices"
	"strings"
)

// Keyring holds the pull secrets of a pod, in the pod's order. The zero value
// holds none.
type Keyring struct {
	Secrets []*Secret
}

// found is a login with the key that it was found under.
type found struct {
	key   string
	login Login
}

// Lookup returns the logins that match a repository, named as
// docker.io/library/web or host[:port]/path, in the order in which the kubelet
// tries them: the key that is last in the order of text first, and under the
// same key the pod's first secret first.
func (k Keyring) Lookup(repository string) []Login {
	want, err := parseTarget(repository)
	if err != nil {
		return nil
	}
	matched := k.all(func(e entry) bool { return e.glob.matches(want) })
	if len(matched) == 0 && onDockerHub(repository) {
		matched = k.all(func(e entry) bool { return e.key == defaultKey })
	}
	slices.SortStableFunc(matched, func(a, b found) int { return strings.Compare(b.key, a.key) })
	logins := make([]Login, len(matched))
	for i, f := range matched {
		logins[i] = f.login
	}
	return logins
}

func (k Keyring) all(take func(entry) bool) []found {
	var out []found
	for _, s := range k.Secrets {
		for _, e := range s.entries {
			if take(e) {
				out = append(out, found{key: e.key, login: e.login})
			}
		}
	}
	return out
}
