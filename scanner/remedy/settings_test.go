package remedy

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// TestValidate: one fault for each thing that can't be meant.
func TestValidate(t *testing.T) {
	d := Default()
	if f := d.Validate(); len(f) > 0 {
		t.Errorf("the default: %v", f)
	}
	for path, change := range map[string]func(*Settings){
		"mode":                    func(s *Settings) { s.Mode = "on" },
		"optIn":                   func(s *Settings) { s.OptIn = "" },
		"namespaces[1]":           func(s *Settings) { s.Namespaces = []string{"a", "A"} },
		"exemptNamespaces[0]":     func(s *Settings) { s.ExemptNamespaces = []string{""} },
		"namespaces":              func(s *Settings) { s.Namespaces = strings.Split(strings.Repeat("a,", 1000)+"a", ",") },
		"thresholds":              func(s *Settings) { s.Thresholds = Thresholds{} },
		"thresholds.zombies":      func(s *Settings) { s.Thresholds.Zombies = -1 },
		"thresholds.limitPercent": func(s *Settings) { s.Thresholds.LimitPercent = 101 },
		"thresholds.limitIn":      func(s *Settings) { s.Thresholds.LimitIn = 721 * time.Hour },
		"hold":                    func(s *Settings) { s.Hold = -1 },
		"settle":                  func(s *Settings) { s.Settle = 0 },
		"comeBack.within":         func(s *Settings) { s.ComeBack.Within = 0 },
		"comeBack.times":          func(s *Settings) { s.ComeBack.Times = 11 },
		"budgets.owner":           func(s *Settings) { s.Budgets.Owner = 11 },
		"budgets.namespace":       func(s *Settings) { s.Budgets.Namespace = 0 },
		"budgets.cluster":         func(s *Settings) { s.Budgets.Cluster = 0 },
	} {
		s := Default()
		change(&s)
		if f := s.Validate(); len(f) != 1 || f[0].Path != path || f[0].Text == "" {
			t.Errorf("%s: %v", path, f)
		}
	}
}

// TestWords reads the words of a file, and off without quotes.
func TestWords(t *testing.T) {
	var s Settings
	if err := yaml.Unmarshal([]byte("mode: off\noptIn: namespace\n"), &s); err != nil || s.Mode != Off || s.OptIn != ByNamespace {
		t.Errorf("%+v, %v", s, err)
	}
	if err := yaml.Unmarshal([]byte("mode: on\n"), &s); err == nil || !strings.Contains(err.Error(), "off, dry-run, evict") {
		t.Errorf("%v", err)
	}
}

// TestReasons: each is there once, with a text.
func TestReasons(t *testing.T) {
	seen := make(map[Reason]bool)
	for _, w := range Reasons() {
		if seen[w.Reason] || w.Text == "" || w.Reason.Text() != w.Text || len(w.Text) > 256 {
			t.Errorf("%+v", w)
		}
		seen[w.Reason] = true
	}
}

// TestReasonsAreAll: no constant is left out.
func TestReasonsAreAll(t *testing.T) {
	source, err := os.ReadFile("reasons.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := regexp.MustCompile(`Reason = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	all := Reasons()
	if len(constants) != len(all) {
		t.Fatalf("%d constants, %d with a text", len(constants), len(all))
	}
	for i, c := range constants {
		if c[1] != string(all[i].Reason) {
			t.Errorf("%s is where %s is expected", all[i].Reason, c[1])
		}
	}
}
