package manifest

import (
	"fmt"
	"strings"
	"testing"
)

func parse(text string) Input {
	limits := DefaultLimits()
	return Parse("f.yaml", []byte(text), Options{}, &limits)
}

func TestLines(t *testing.T) {
	tests := []struct {
		name, text string
		// want is KIND/NAME@LINE and the lines of fields that are asked for.
		want  string
		lines map[string]int
	}{
		{
			"block", "# c\n\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: x\n\n  - image: y\n  initContainers:\n  - name: z\n",
			"Pod/a@3", map[string]int{"spec.containers[0]": 9, "spec.containers[1]": 11, "spec.initContainers[0]": 13, "spec.containers[2]": 3, "": 3},
		},
		{"flow", "{apiVersion: v1, kind: Pod, metadata: {name: a},\nspec: {containers: [\n{name: x}]}}\n", "Pod/a@1", map[string]int{"spec.containers[0]": 3}},
		{
			"JSON with tabs", "\n{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"},\n\t\"spec\": {\"volumes\": [{\"name\": \"v\"}], \"containers\": [\n\t\t{\"name\": \"x\"},\n\n\t\t{\"name\": \"y\"}\n]}}",
			"Pod/a@2", map[string]int{"spec.containers[0]": 6, "spec.containers[1]": 8},
		},
		{"second document", "a: b\nkind: K\napiVersion: v1\n--- # c\n\nkind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {containers: [{name: x}]}\n", "K/@1 Pod/a@6", nil},
		{"CRLF", "kind: A\r\napiVersion: v1\r\n---\r\nkind: B\r\napiVersion: v1\r\n", "A/@1 B/@4", nil},
		{"mark in front", "---\nkind: A\napiVersion: v1\n", "A/@2", nil},
		{"byte order mark", "\ufeffkind: A\napiVersion: v1\n", "A/@1", nil},
		{"JSON stream", "{\"kind\":\"A\",\"apiVersion\":\"v1\"}\n{\"kind\":\"B\",\"apiVersion\":\"v1\"}", "A/@1 B/@2", nil},
		{"JSON documents", "{\"kind\":\"A\",\"apiVersion\":\"v1\"}\n---\n{\"kind\":\"B\",\"apiVersion\":\"v1\"}\n", "A/@1 B/@3", nil},
		{
			"list", "kind: List\napiVersion: v1\nitems:\n- kind: A\n  apiVersion: v1\n- kind: B\n  apiVersion: v1\n  spec:\n    containers:\n    - name: x\n",
			"A/@4 B/@6", map[string]int{"spec.containers[0]": 10},
		},
		{"typed list", "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n", "Pod/a@4 Pod/b@5", nil},
		{"list in a list", "{kind: List, apiVersion: v1, items: [{kind: List, apiVersion: v1, items: [\n{kind: A, apiVersion: v1}]}]}", "A/@2", nil},
		{"empty list", "kind: List\napiVersion: v1\nitems: []\n", "", nil},
		{"kind that ends in List", "kind: AllowList\napiVersion: x.example/v1\n", "AllowList/@1", nil},
		{"generated name", "kind: Pod\napiVersion: v1\nmetadata: {generateName: a-}\n", "Pod/a-@1", nil},
		{"alias", "kind: Pod\napiVersion: v1\nx: &c\n  containers:\n  - name: x\nspec: *c\n", "Pod/@1", map[string]int{"spec.containers[0]": 5}},
		{"empty documents", "---\n---\n# c\n---\nkind: A\napiVersion: v1\n---\nnull\n", "A/@5", nil},
		{"numbers and yes as kubectl reads them", "kind: A\napiVersion: v1\nmetadata: {name: 'no'}\n", "A/no@1", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := parse(test.text)
			if len(in.Problems) > 0 {
				t.Fatalf("problems: %v", in.Problems)
			}
			var got []string
			for _, d := range in.Documents {
				got = append(got, fmt.Sprintf("%s/%s@%d", d.Kind, d.Name, d.Line))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), test.want)
			}
			for path, want := range test.lines {
				if line := in.Documents[len(in.Documents)-1].LineOf(path); line != want {
					t.Errorf("%s is on line %d, want %d", path, line, want)
				}
			}
		})
	}
}

func TestRawIsWhatKubectlReads(t *testing.T) {
	in := parse("apiVersion: v1\nkind: Pod\nspec: {hostPID: yes, securityContext: {runAsUser: 0777}}\n")
	if len(in.Documents) != 1 || !strings.Contains(string(in.Documents[0].Raw), `"hostPID":true`) ||
		!strings.Contains(string(in.Documents[0].Raw), `"runAsUser":511`) {
		t.Errorf("got %s, %v", in.Documents[0].Raw, in.Problems)
	}
}

func TestProblems(t *testing.T) {
	deep := strings.Repeat("{kind: List, apiVersion: v1, items: [", maxListDepth+2) + strings.Repeat("]}", maxListDepth+2)
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	tests := []struct {
		name, text string
		want       string
		documents  int
	}{
		{"broken", "kind: A\napiVersion: v1\n---\nkind: [\n---\nkind: B\napiVersion: v1\n", "f.yaml:", 2},
		{"line in a later document", "kind: A\napiVersion: v1\n---\na: b\nc: d: e\n", "f.yaml:5: is not YAML", 1},
		{"tab", "kind: A\n\tapiVersion: v1\n", "f.yaml:2: is not YAML", 0},
		{"no kind", "apiVersion: v1\n", "f.yaml:1: is not a Kubernetes object: apiVersion or kind is missing", 0},
		{"list of scalars", "- a\n- b\n", "f.yaml:1: is not a Kubernetes object: want an object, not array", 0},
		{"labels of another type", "kind: A\napiVersion: v1\nmetadata: {labels: {a: 1}}\n", "f.yaml:1: is not a Kubernetes object: metadata.labels: want string, not number", 0},
		{"two documents in one", "kind: A\napiVersion: v1\n--- {kind: B, apiVersion: v1}\n", "f.yaml:3: a second document starts here", 0},
		{"JSON", "{\"kind\": \"A\",\n\"apiVersion\": ]}\n\n", "f.yaml:2: is not JSON", 0},
		{"JSON in a stream", "{\"kind\": \"A\", \"apiVersion\": \"v1\"}\n\n{\n]\n}\n", "f.yaml:4: is not JSON", 1},
		{"cut JSON", "{\"kind\": \"A\",\n\"apiVersion\":", "f.yaml:2: is not JSON: unexpected EOF", 0},
		{"deep lists", deep, "lists within one another", 0},
		{"alias bomb", bomb, "f.yaml:1: is not YAML", 0},
		{"circle", "kind: A\napiVersion: v1\nspec: &a\n  x: *a\n", "f.yaml:", 0},
		{"empty", "", "f.yaml: holds no objects", 0},
		{"not UTF-8", "\xff", "f.yaml: is not UTF-8 text", 0},
		{"item without kind", "kind: List\napiVersion: v1\nitems:\n- a: b\n- kind: B\n  apiVersion: v1\n", "f.yaml:4: is not a Kubernetes object", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := parse(test.text)
			if len(in.Problems) != 1 || !strings.Contains(in.Problems[0].String(), test.want) {
				t.Errorf("problems %q, want one with %q", in.Problems, test.want)
			}
			if len(in.Documents) != test.documents {
				t.Errorf("%d documents, want %d", len(in.Documents), test.documents)
			}
		})
	}
}

func TestFoundFilesMayHoldAnything(t *testing.T) {
	limits := DefaultLimits()
	in := Parse("package.json", []byte(`{"name": "x"}`), Options{Found: true}, &limits)
	if len(in.Problems) != 0 || len(in.Documents) != 0 || in.Skipped != 1 {
		t.Errorf("got %+v, want one object skipped", in)
	}
	if in := Parse("values.yaml", nil, Options{Found: true}, &limits); len(in.Problems) != 0 {
		t.Errorf("an empty file that nobody named is a problem: %v", in.Problems)
	}
}

func TestLimits(t *testing.T) {
	limits := Limits{Bytes: 1000, Documents: 3}
	in := Parse("a.yaml", []byte("kind: List\napiVersion: v1\nitems: [{kind: A, apiVersion: v1}, {kind: A, apiVersion: v1}]\n"), Options{}, &limits)
	if len(in.Documents) != 2 || limits.Documents != 1 {
		t.Errorf("%d documents, %d left, want 2 and 1", len(in.Documents), limits.Documents)
	}
	in = Parse("b.yaml", []byte("kind: List\napiVersion: v1\nitems: [{kind: A, apiVersion: v1}, {kind: A, apiVersion: v1}]\n"), Options{}, &limits)
	if len(in.Documents) != 1 || len(in.Problems) != 1 || !strings.Contains(in.Problems[0].Text, "objects: check them in parts") {
		t.Errorf("%d documents, problems %v, want 1 and that there are too many", len(in.Documents), in.Problems)
	}
	in = Parse("c.yaml", make([]byte, 1001), Options{}, &limits)
	if len(in.Problems) != 1 || !strings.Contains(in.Problems[0].Text, "MiB of manifests") {
		t.Errorf("problems %v, want that there is too much", in.Problems)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "---", "kind: A\napiVersion: v1\n", "{\"kind\":\"A\",\"apiVersion\":\"v1\"}{", "{kind: List, apiVersion: v1, items: [{kind: A}]}",
		"a: &a [*a]", "a: &a {<<: *a}", "kind: PodList\napiVersion: v1\nitems:\n- &x {metadata: {name: a}}\n- *x\n", "--- {a: b}\n--- c\n", "\ufeff---\r\n{\n}",
		"kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - name: a\n", "? {a: b}\n: c\n", "!!binary x", "? &a [*a]\n: *a",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := DefaultLimits()
		in := Parse("f", data, Options{}, &limits)
		lines := strings.Count(string(data), "\n") + 1
		for _, d := range in.Documents {
			if d.Line < 1 || d.Line > lines {
				t.Errorf("%s/%s is on line %d of %d", d.Kind, d.Name, d.Line, lines)
			}
			for path, line := range d.lines {
				if line < 1 || line > lines {
					t.Errorf("%s is on line %d of %d", path, line, lines)
				}
			}
			if d.Kind == "" || d.APIVersion == "" {
				t.Errorf("an object without a kind came through: %+v", d)
			}
		}
		for _, p := range in.Problems {
			if p.Line < 0 || p.Line > lines+1 || p.Text == "" {
				t.Errorf("problem %+v in %d lines", p, lines)
			}
		}
	})
}
