package repo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const securityPage = "docs/security.md"

// named is a file of tests, or a test, as the page names them.
var named = regexp.MustCompile("`([A-Za-z0-9_/]+_test\\.go)`|`((?:Test|Fuzz)[A-Za-z0-9_]+)`")

// TestSecurityPageNamesTests: every test that the page names is there, in the
// file that is named before it, or for a test in prose after it.
func TestSecurityPageNamesTests(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, securityPage))
	if err != nil {
		t.Fatal(err)
	}
	tests := 0
	for line := range strings.Lines(string(text)) {
		var pending []string
		file, prose := "", !strings.HasPrefix(line, "|")
		for _, m := range named.FindAllStringSubmatch(line, -1) {
			switch {
			case m[1] != "":
				file = m[1]
				for _, name := range pending {
					wantTest(t, file, name)
				}
				pending = nil
			case prose:
				tests++
				pending = append(pending, m[2])
			default:
				tests++
				wantTest(t, file, m[2])
			}
		}
		if len(pending) > 0 {
			t.Errorf("%s: no file is named for %v", securityPage, pending)
		}
	}
	if tests < 20 {
		t.Errorf("%s names %d tests: does the pattern still fit?", securityPage, tests)
	}
}

func wantTest(t *testing.T, file, name string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Errorf("%s names %s: %v", securityPage, file, err)
		return
	}
	if !strings.Contains(string(source), "\nfunc "+name+"(") {
		t.Errorf("%s: %s has no %s", securityPage, file, name)
	}
}

// role is what is read of a Role or a ClusterRole.
type role struct {
	Kind     string
	Metadata struct{ Name string }
	Rules    []struct{ Resources, Verbs []string }
}

// TestSecurityPageNamesRights: every role of initguard's own identities is on
// the page, with every resource that it opens.
func TestSecurityPageNamesRights(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, securityPage))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| role |")
	table, _, _ = strings.Cut(table, "\n\n")
	found := 0
	for name, content := range texts(t) {
		if !strings.HasPrefix(name, "manifests/") {
			continue
		}
		for document := range strings.SplitSeq(string(content), "\n---\n") {
			var r role
			if err := yaml.Unmarshal([]byte(document), &r); err != nil || r.Kind != "ClusterRole" && r.Kind != "Role" || forUsers(r) {
				continue
			}
			found++
			rows := rowsOf(table, r.Metadata.Name)
			if rows == "" {
				t.Errorf("%s: %s of %s is not in the table of rights", securityPage, r.Metadata.Name, name)
				continue
			}
			for _, rule := range r.Rules {
				for _, resource := range rule.Resources {
					if !strings.Contains(rows, "`"+resource+"`") {
						t.Errorf("%s: %s of %s may %v %s, which its rows lack", securityPage, r.Metadata.Name, name, rule.Verbs, resource)
					}
				}
			}
		}
	}
	if found < 3 {
		t.Errorf("%d roles found in the manifests: does the test look in the right place?", found)
	}
}

// forUsers is true for a role that no identity of initguard's has: it is given
// to the cluster's users.
func forUsers(r role) bool {
	return strings.Contains(r.Metadata.Name, "viewer") || strings.Contains(r.Metadata.Name, "view")
}

// rowsOf are the rows of a role: its own and those below it without a name.
func rowsOf(table, name string) string {
	var rows strings.Builder
	inside := false
	for line := range strings.Lines(table) {
		switch {
		case strings.HasPrefix(line, "| `"+name+"` |"):
			inside = true
		case !strings.HasPrefix(line, "| |"):
			inside = false
		}
		if inside {
			rows.WriteString(line)
		}
	}
	return rows.String()
}
