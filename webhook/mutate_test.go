package webhook_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook"
)

const wrapSettings = "injection: {wrap: {image: 'registry.example/initguard:v1', requireSeen: false}}\n"

// pod is a Pod with annotations and a spec.
func pod(annotations, spec string) string {
	return `{"metadata":{"name":"web","annotations":{` + annotations + `}},"spec":` + spec + `}`
}

func asks(strategy string) string { return `"initguard.dev/inject":"` + strategy + `"` }

func TestMutator(t *testing.T) {
	const one, two = `{"containers":[{"name":"app","image":"node"}]}`,
		`{"containers":[{"name":"app","image":"x","command":["node"]},{"name":"side","image":"tini"}]}`
	tests := map[string]struct {
		namespace, object string
		// want are the paths of the patch.
		want []string
	}{
		"one container":               {"plain", pod(asks("auto"), one), []string{"/spec/shareProcessNamespace", "/metadata/annotations/initguard.dev~1injected"}},
		"two containers":              {"plain", pod(asks("auto"), two), []string{"/spec/containers/0/command/0", "/spec/containers/0/command/0", "/spec/containers/0/volumeMounts", "/spec/volumes", "/spec/initContainers", "/metadata/annotations/initguard.dev~1injected"}},
		"a tag is not certain":        {"plain", pod(asks("wrap"), one), nil},
		"nobody asked":                {"plain", pod("", one), nil},
		"the namespace asked":         {"inject", pod("", `{"containers":[{"name":"app","image":"node","livenessProbe":{"exec":{"command":["sh"]}}}]}`), []string{"/spec/shareProcessNamespace", "/metadata/annotations"}},
		"a lower risk":                {"inject", pod("", one), nil},
		"the team said never":         {"inject", pod(asks("never"), `{"containers":[{"name":"app","image":"node","livenessProbe":{"exec":{"command":["sh"]}}}]}`), nil},
		"it reaps":                    {"plain", pod(asks("auto"), `{"containers":[{"name":"app","image":"tini"}]}`), nil},
		"not known":                   {"plain", pod(asks("auto"), `{"containers":[{"name":"app","image":"script"}]}`), nil},
		"too slow":                    {"plain", pod(asks("auto"), `{"containers":[{"name":"app","image":"hangs"}]}`), nil},
		"a bug":                       {"plain", pod(asks("auto"), `{"containers":[{"name":"app","image":"panics"}]}`), nil},
		"exempt container":            {"plain", pod(asks("auto")+`,"initguard.dev/exempt-containers":"app"`, one), nil},
		"own namespace":               {"initguard-system", pod(asks("auto"), one), nil},
		"interactive, and asks":       {"plain", pod(asks("auto"), `{"containers":[{"name":"app","image":"node","stdin":true,"tty":true}]}`), []string{"/spec/shareProcessNamespace", "/metadata/annotations/initguard.dev~1injected"}},
		"interactive, the label asks": {"inject", pod("", `{"containers":[{"name":"app","image":"node","stdin":true,"tty":true,"livenessProbe":{"exec":{"command":["sh"]}}}]}`), nil},
		"no pod":                      {"plain", `not json`, nil},
		"empty":                       {"plain", `{"metadata":{"annotations":{"initguard.dev/inject":"auto"}},"spec":{}}`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, wrapSettings)
			got := webhook.NewMutator(f.handler).Handle(t.Context(), request("Pod", test.namespace, test.object))
			if !got.Allowed || len(got.Warnings) > 0 {
				t.Errorf("got %+v", got)
			}
			if diff := cmp.Diff(test.want, paths(t, got)); diff != "" {
				t.Errorf("patch (-want +got):\n%s", diff)
			}
			if strings.Contains(f.log.String(), "report this") {
				t.Error(f.log)
			}
		})
	}
}

// paths are the places that a response changes.
func paths(t *testing.T, r admission.Response) []string {
	t.Helper()
	if len(r.Patch) == 0 {
		return nil
	}
	if r.PatchType == nil || *r.PatchType != admissionv1.PatchTypeJSONPatch {
		t.Fatalf("patch type %v", r.PatchType)
	}
	var operations []struct{ Path string }
	if err := json.Unmarshal(r.Patch, &operations); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range operations {
		out = append(out, o.Path)
	}
	return out
}
