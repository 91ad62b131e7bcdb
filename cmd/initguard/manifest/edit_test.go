package manifest

import (
	"strings"
	"testing"

	"github.com/initguard/initguard/webhook/inject"
)

// TestEditRefuses: what can't be changed where it stands is an error.
func TestEditRefuses(t *testing.T) {
	add := []inject.Operation{{Op: "add", Path: "/spec/containers/0/command/0", Value: "x"}}
	tests := map[string]struct{ text, want string }{
		"an alias": {"apiVersion: v1\nkind: Pod\ncommon: &c {containers: [{command: [a]}]}\nspec: *c\n", "write it out"},
		"a merge":  {"apiVersion: v1\nkind: Pod\ncommon: &c {containers: [{command: [a]}]}\nspec: {<<: *c}\n", "write it out"},
		"no list":  {"apiVersion: v1\nkind: Pod\nspec: {containers: no}\n", "is no mapping and no list"},
	}
	for name, test := range tests {
		limits := DefaultLimits()
		in := Parse("f", []byte(test.text), Options{}, &limits)
		if len(in.Documents) != 1 {
			t.Fatalf("%s: %+v", name, in)
		}
		e, err := Edit(in.Documents[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Apply(in.Documents[0], add); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// FuzzEdit: whatever is read can be written, and changed or not.
func FuzzEdit(f *testing.F) {
	f.Add("apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, command: [b]}]} # c\n")
	f.Add("apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: Pod, spec: {containers: []}}\n- *a\n")
	f.Add(`{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"command": null}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		limits := DefaultLimits()
		for _, d := range Parse("f", []byte(text), Options{}, &limits).Documents {
			e, err := Edit(d)
			if err != nil {
				continue
			}
			_ = e.Apply(d, []inject.Operation{ // an error is an answer, too
				{Op: "add", Path: "/spec/containers/0/command/0", Value: "--"}, {Op: "add", Path: "/metadata/annotations", Value: map[string]string{"a": "b"}},
				{Op: "remove", Path: "/spec/shareProcessNamespace"},
			})
			_, _ = e.YAML()
		}
	})
}
