package repo_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const dependenciesPage = "docs/dependencies.md"

// modules are the go.mod files and the heading under which the page lists what
// they require directly.
var modules = []struct{ dir, heading string }{
	{".", "## The product and its tests"},
	{"tools", "## Tools"},
	{"test/cluster/pins/etcd", "## Programs of the test cluster: etcd"},
	{"test/cluster/pins/kubernetes", "## Programs of the test cluster: Kubernetes"},
	{"test/cluster/pins/containerd", "## Programs of the test cluster: containerd"},
	{"test/cluster/pins/certmanager", "## Programs of the test cluster: cert-manager"},
	{"test/cluster/pins/podsecurity", "## Programs of the benchmarks: Pod Security"},
	{"test/cluster/pins/prometheus", "## Programs of the tests: Prometheus"},
}

func TestDependenciesPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, dependenciesPage))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range modules {
		t.Run(module.dir, func(t *testing.T) {
			told := listed(string(text), module.heading)
			required := direct(t, filepath.Join(root, module.dir))
			for _, name := range slices.Sorted(maps.Keys(required)) {
				if !told[name] {
					t.Errorf("%s: %q lacks %s: say why it is needed, its licence and who maintains it",
						dependenciesPage, module.heading, name)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(told)) {
				if !required[name] {
					t.Errorf("%s: %q lists %s, which %s/go.mod does not require directly",
						dependenciesPage, module.heading, name, module.dir)
				}
			}
		})
	}
}

func TestEveryModuleIsListed(t *testing.T) {
	known := make(map[string]bool)
	for _, module := range modules {
		known[filepath.Join(module.dir, "go.mod")] = true
	}
	for name := range texts(t) {
		if filepath.Base(name) == "go.mod" && !known[name] {
			t.Errorf("%s is not among the modules of %s", name, dependenciesPage)
		}
	}
}

// entry is a row of the page: | `module` | why | licence | maintenance |.
var entry = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|[^|]*\\w[^|]*\\|[^|]*\\w[^|]*\\|[^|]*\\w[^|]*\\|$")

// listed are the modules under the heading.
func listed(page, heading string) map[string]bool {
	_, section, _ := strings.Cut(page, heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	found := make(map[string]bool)
	for _, m := range entry.FindAllStringSubmatch(section, -1) {
		found[m[1]] = true
	}
	return found
}

// direct are the modules that the go.mod in dir requires for what its own
// module imports, and those that hold its tools.
func direct(t *testing.T, dir string) map[string]bool {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	command.Dir = dir
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go mod edit -json in %s: %v", dir, err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, r := range mod.Require {
		if !r.Indirect {
			found[r.Path] = true
		}
		for _, tool := range mod.Tool {
			if strings.HasPrefix(tool.Path+"/", r.Path+"/") {
				found[r.Path] = true
			}
		}
	}
	return found
}
