package mirror

import (
	"strings"
	"testing"
)

// TestMerge holds the order against what the machine-config operator's package
// is documented and tested to come to.
func TestMerge(t *testing.T) {
	for _, tc := range []struct {
		name string
		sets []Set
		want string
	}{
		{"none", nil, ""},
		{"one", []Set{{Source: "s", Mirrors: []string{"b", "a"}, Pull: DigestOnly}}, "s: b a"},
		{"joined in the order of both", []Set{{Source: "s", Mirrors: []string{"b", "c"}, Pull: DigestOnly}, {Source: "s", Mirrors: []string{"a", "b"}, Pull: DigestOnly}}, "s: a b c"},
		{"nothing in common: the alphabet, by steps", []Set{{Source: "s", Mirrors: []string{"x", "y"}, Pull: DigestOnly}, {Source: "s", Mirrors: []string{"a", "b"}, Pull: DigestOnly}}, "s: a x b y"},
		{"a circle is broken", []Set{{Source: "s", Mirrors: []string{"a", "b"}, Pull: DigestOnly}, {Source: "s", Mirrors: []string{"b", "a"}, Pull: DigestOnly}}, "s: a b"},
		{"the source as the only mirror", []Set{{Source: "s", Mirrors: []string{"s"}, Pull: DigestOnly}}, ""},
		{"the source last", []Set{{Source: "s", Mirrors: []string{"a", "s"}, Pull: DigestOnly}}, "s: a"},
		{"the source before a mirror", []Set{{Source: "s", Mirrors: []string{"s", "a"}, Pull: DigestOnly}}, "s: s a"},
		{"digests before tags", []Set{{Source: "s", Mirrors: []string{"t"}, Pull: TagOnly}, {Source: "s", Mirrors: []string{"z"}, Pull: DigestOnly}}, "s: z t(tag-only)"},
		{"one forbids the source", []Set{{Source: "s", Mirrors: []string{"a"}, Pull: DigestOnly}, {Source: "s", Mirrors: []string{"b"}, Pull: TagOnly, Never: true}}, "s never: a b(tag-only)"},
		{"sources apart", []Set{{Source: "t", Mirrors: []string{"a"}, Pull: DigestOnly}, {Source: "s", Mirrors: []string{"b"}, Pull: DigestOnly}}, "s: b; t: a"},
		{"a mirror twice", []Set{{Source: "s", Mirrors: []string{"a", "a"}, Pull: DigestOnly}}, "s: a"},
	} {
		var parts []string
		for _, s := range Merge(tc.sets) {
			text := s.Prefix
			if s.Never {
				text += " never"
			}
			text += ":"
			for _, m := range s.Mirrors {
				text += " " + m.Location
				if m.Pull != DigestOnly {
					text += "(" + string(m.Pull) + ")"
				}
			}
			parts = append(parts, text)
		}
		if got := strings.Join(parts, "; "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
