package app_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckBadInput(t *testing.T) {
	tests := []struct {
		name  string
		input string
		want  string // on stderr
	}{
		{"broken YAML", deployment("a", "x.example/a", "neat") + "kind: [\n", "stdin:1"},
		{"no image", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: app\n",
			"stdin:6: Pod/p: spec.containers[0].image: is missing"},
		{"no name", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - image: a\n    command: [neat]\n",
			"stdin:6: Pod/p: spec.containers[0].name: is missing"},
		{
			"name twice",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a, image: a, command: [neat]}\n  - {name: a, image: a, command: [neat]}\n",
			`stdin:7: Pod/p: spec.containers[1].name: "a" names another container too`,
		},
		{"no containers", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}\n", "stdin:1: Pod/p: spec.containers: is missing"},
		{"no template", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {}\n", "stdin:1: Deployment/p: holds no pod template"},
		{"template of another type", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {template: [a]}\n",
			"stdin:1: Deployment/p: the pod template can't be read"},
		{"no kind", "a: b\n", "stdin:1: is not a Kubernetes object"},
		{"scalar", "hello\n", "stdin:1: is not a Kubernetes object"},
		{"broken JSON", "{\"apiVersion\": \"v1\",\n\"kind\": ]}", "stdin:2: is not JSON"},
		{"unknown label", "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {initguard.dev/wran: never}}\n",
			"stdin:1: Namespace/ns: namespace label initguard.dev/wran: unknown"},
		{"label's value", "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {initguard.dev/warn: always}}\n",
			`stdin:1: Namespace/ns: namespace label initguard.dev/warn: "always" is none of`},
		{"annotation", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {initguard.dev/inject: please}}\nspec: {containers: [{name: a, image: a, command: [neat]}]}\n",
			"stdin:1: Pod/p: annotation initguard.dev/inject"},
		{"nothing", "", "stdin: holds no objects"},
		{"not text", "\xff\xfe\x00", "stdin: is not UTF-8 text"},
	}
	config := configFile(t, "")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// What stands beside the bad part is judged all the same.
			input := test.input
			if test.input != "" && !strings.HasPrefix(test.name, "broken") && test.name != "not text" {
				input += "---\n" + deployment("good", "x.example/a", "leaky")
			}
			got := run(t, input, "initguard", "check", "-f", "-", "--config", config)
			if got.code != 2 || !strings.Contains(got.err, "Error: "+test.want) {
				t.Errorf("exit code %d, stderr %q, want 2 and %q", got.code, got.err, test.want)
			}
			if input != test.input && !strings.Contains(got.out, "Deployment/good") {
				t.Errorf("the good object is missing in\n%s", got.out)
			}
		})
	}
}

func TestCheckMissingFileGoesOn(t *testing.T) {
	dir := t.TempDir()
	good := writeFile(t, dir, "good.yaml", deployment("good", "x.example/a", "leaky"))
	missing := filepath.Join(dir, "missing.yaml")
	got := run(t, "", "initguard", "check", "-f", missing, good, "--config", configFile(t, ""))
	if got.code != 2 || !strings.Contains(got.err, missing+": no such file") || !strings.Contains(got.out, "Deployment/good") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
}

func TestCheckDirectory(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a/one.yaml", deployment("one", "x.example/a", "leaky"))
	writeFile(t, dir, "b/c/two.yml", deployment("two", "x.example/a", "leaky"))
	writeFile(t, dir, "three.json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"three"},"spec":{"containers":[{"name":"a","image":"a","command":["leaky"]}]}}`)
	writeFile(t, dir, "package.json", `{"name": "no manifest"}`)
	writeFile(t, dir, "notes.txt", "kind: [")
	writeFile(t, dir, ".git/x.yaml", "kind: [")
	got := run(t, "", "initguard", "check", "-f", dir, "--config", configFile(t, ""))
	if got.code != 1 || got.err != "" || !strings.Contains(got.out, "3 workloads, 3 containers: 3 findings (3 possible)") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	for _, name := range []string{"Deployment/one", "Deployment/two", "Pod/three"} {
		if !strings.Contains(got.out, name) {
			t.Errorf("%s is missing in\n%s", name, got.out)
		}
	}
	empty := run(t, "", "initguard", "check", "-f", t.TempDir())
	if empty.code != 2 || !strings.Contains(empty.err, "holds no .yaml, .yml, .json file") {
		t.Errorf("empty directory: exit code %d, stderr %q", empty.code, empty.err)
	}
}
