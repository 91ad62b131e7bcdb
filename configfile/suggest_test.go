package configfile

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"apiVersion", "audit", "enforce", "host", "inject", "tagTTL", "warn"}
	for name, want := range map[string]string{
		"wran": "warn", "Warn": "warn", "warning": "warn", "warm": "warn",
		"apiversion": "apiVersion", "apiVersoin": "apiVersion", "api": "apiVersion",
		"enforced": "enforce", "injct": "inject", "tag_ttl": "tagTTL", "hots": "host",
		"": "", "x": "", "colour": "", "wa": "warn", "au": "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"warn", "warn", 0}, {"wran", "warn", 1},
		{"wrn", "warn", 1}, {"warrn", "warn", 1}, {"wirn", "warn", 1}, {"abcd", "dcba", 3}, {"abc", "xyz", 3},
	} {
		if got := edits(tt.a, tt.b); got != tt.want {
			t.Errorf("edits(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
