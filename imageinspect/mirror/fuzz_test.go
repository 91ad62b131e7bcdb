package mirror

import (
	"slices"
	"strings"
	"testing"
)

// FuzzEndpoints holds what must be true of any rules: what is asked is a name
// that a registry can have, none that is blocked, and nothing but the rules'
// own places.
func FuzzEndpoints(f *testing.F) {
	f.Add("quay.io", "a/b", "1", "quay.io/a", "m.example.com/x", "internal.example.net", "evil.example.com", "quay.io", false)
	f.Add("a.example.com:5000", "x", "", "*.example.com", "b.example.com", "", "b.example.com", "", true)
	f.Add("docker.io", "library/app", "1", "docker.io", "docker.io", "quay.io/q", "*.io", "docker.io", true)
	f.Add("[::1]:5000", "x", "1", "[::1]:5000", "[::1]:5001/y", "", "[::1]", "", false)
	f.Fuzz(func(t *testing.T, host, repository, tag, prefix, location, elsewhere, blocked, allowed string, never bool) {
		if CheckLocation(host+"/"+repository) != nil || CheckScope(prefix) != nil || CheckLocation(location) != nil {
			return
		}
		s := Source{Prefix: prefix, Mirrors: []Mirror{{Location: location}}, Never: never}
		if CheckLocation(elsewhere) == nil {
			s.Location = elsewhere
		}
		r := Rules{Sources: []Source{s}}
		if CheckImage(blocked) == nil {
			r.Blocked = []string{blocked}
		}
		if CheckImage(allowed) == nil {
			r.Allowed = [][]string{{allowed}}
		}
		ref := Reference{Host: host, Repository: repository, Tag: tag}
		if tag == "" {
			ref.Digest = digest
		}
		got, err := r.Endpoints(ref)
		if (err == nil) != (len(got) > 0) {
			t.Fatalf("%d endpoints, error %v", len(got), err)
		}
		places := []string{Host(host), parseScope(location).host, parseScope(elsewhere).host}
		for _, e := range got {
			if err := CheckLocation(e.Host + "/" + e.Repository); err != nil {
				t.Errorf("%s/%s %v", e.Host, e.Repository, err)
			}
			if !slices.Contains(places, e.Host) {
				t.Errorf("%s is a place of no rule", e.Host)
			}
			if r.BlocksHost(e.Host) {
				t.Errorf("%s is blocked by %s", e.Host, blocked)
			}
			if never && !e.Mirror && strings.HasPrefix(e.Host+"/"+e.Repository, prefix+"/") {
				t.Errorf("%s is asked, the source that never is", e.Host)
			}
		}
	})
}

// FuzzMerge: whatever the sets, each mirror comes once, and two in the order of
// the only set that there is.
func FuzzMerge(f *testing.F) {
	f.Add("s", "a b c", "b d", "c a")
	f.Add("s", "s", "s s", "a")
	f.Fuzz(func(t *testing.T, source, first, second, third string) {
		var sets []Set
		want := map[string]bool{}
		for _, text := range []string{first, second, third} {
			list := strings.Fields(text)
			if len(list) > 20 {
				return
			}
			sets = append(sets, Set{Source: source, Mirrors: list, Pull: DigestOnly})
			if slices.ContainsFunc(list, func(m string) bool { return m != source }) {
				for _, m := range list {
					want[m] = true
				}
			}
		}
		delete(want, source)
		seen := map[string]bool{}
		for _, s := range Merge(sets) {
			for _, m := range s.Mirrors {
				if seen[m.Location] {
					t.Errorf("%q comes twice", m.Location)
				}
				seen[m.Location] = true
				delete(want, m.Location)
			}
		}
		if len(want) > 0 {
			t.Errorf("left out: %v", want)
		}
	})
}
