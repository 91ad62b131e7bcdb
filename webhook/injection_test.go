package webhook_test

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook"
)

// template is a Deployment whose pod template asks for injection.
func template(asks, spec string) string {
	return `{"metadata":{"name":"web"},"spec":{"template":{"metadata":{"annotations":{` + asks + `}},"spec":` + spec + `}}}`
}

// TestInjectionIsSaid: of what will be made safe nothing is said, and of what
// will not, why.
func TestInjectionIsSaid(t *testing.T) {
	const (
		one    = `{"containers":[{"name":"app","image":"node","readinessProbe":{"exec":{"command":["sh"]}}}]}`
		two    = `{"containers":[{"name":"app","image":"node"},{"name":"side","image":"tini"}]}`
		mixed  = `{"containers":[{"name":"app","image":"node"},{"name":"other","image":"x","command":["node"]}]}`
		ours   = `"initContainers":[{"name":"initguard-tini","image":"registry.example/initguard:v1","command":["/initguard","install-tini","/.initguard"],"volumeMounts":[{"name":"initguard-tini","mountPath":"/.initguard"}]}],"volumes":[{"name":"initguard-tini","emptyDir":{}}]`
		wraps  = `{"containers":[{"name":"app","image":"node","command":["/.initguard/tini","--","node"],"volumeMounts":[{"name":"initguard-tini","mountPath":"/.initguard","readOnly":true}]}],` + ours + `}`
		reason = "not injected: not with share-pid: the pod has 2 containers that run on; not with wrap: its image is named by a tag: name it by digest, or set command (container app)"
	)
	tests := map[string]struct {
		kind, namespace, object string
		denied                  bool
		// want is part of the one warning; empty for none.
		want string
	}{
		"a template that will be":        {"Deployment", "plain", template(asks("auto"), one), false, ""},
		"though it would be denied":      {"Deployment", "enforced", template(asks("auto"), one), false, ""},
		"without asking it is":           {"Deployment", "enforced", template("", one), true, ""},
		"refused":                        {"Deployment", "plain", template(asks("auto"), two), false, `container "app": PID 1 will be node, which does not reap zombies; ` + reason},
		"refused, and denied":            {"Deployment", "strict", template(asks("auto"), two), true, ""},
		"refused, and warnings are off":  {"Deployment", "silent", template(asks("auto"), two), false, "initguard: " + reason},
		"one of two":                     {"Deployment", "plain", template(asks("auto"), mixed), false, `container "app": PID 1 will be node, which does not reap zombies; not injected: its image is named by a tag`},
		"the label asks":                 {"Deployment", "inject", template("", one), false, ""},
		"a pod that was":                 {"Pod", "plain", pod(asks("auto"), strings.Replace(one, "{", `{"shareProcessNamespace":true,`, 1)), false, ""},
		"a pod that was wrapped":         {"Pod", "plain", pod(asks("auto"), wraps), false, ""},
		"a pod for which it came late":   {"Pod", "plain", pod(asks("auto"), one), false, "not injected: what PID 1 does was not known in time"},
		"a pod that refused":             {"Pod", "plain", pod(asks("auto"), two), false, reason},
		"it is not known who is PID 1":   {"Deployment", "plain", template(asks("auto"), `{"containers":[{"name":"app","image":"script"}]}`), false, "injection was asked for, but who will be PID 1 is not known"},
		"a strategy that is not allowed": {"Deployment", "plain", template(asks("share-pid"), two), false, "not injected: the pod has 2 containers that run on"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, wrapSettings)
			got := f.handler.Handle(t.Context(), request(test.kind, test.namespace, test.object))
			if got.Allowed == test.denied {
				t.Errorf("allowed: %t", got.Allowed)
			}
			if said := strings.Join(got.Warnings, "\n"); (said == "") != (test.want == "") || !strings.Contains(said, test.want) {
				t.Errorf("said %q, want %q", said, test.want)
			}
		})
	}
}

// TestMutatorIsForNewPods: nothing else is ever patched.
func TestMutatorIsForNewPods(t *testing.T) {
	object := pod(asks("auto"), `{"containers":[{"name":"app","image":"node"}]}`)
	for name, change := range map[string]func(*admission.Request){
		"an update":      func(r *admission.Request) { r.Operation = admissionv1.Update },
		"a subresource":  func(r *admission.Request) { r.SubResource = "ephemeralcontainers" },
		"another kind":   func(r *admission.Request) { r.Kind.Kind = "Binding" },
		"an exempt user": func(r *admission.Request) { r.UserInfo.Username = "exempt" },
	} {
		f := newFixture(t, "exemptions: {usernames: [exempt]}\n")
		r := request("Pod", "plain", object)
		m := webhook.NewMutator(f.handler)
		if got := m.Handle(t.Context(), r); len(got.Patch) == 0 {
			t.Fatal("nothing to compare with: the pod is not patched as it is")
		}
		change(&r)
		if got := m.Handle(t.Context(), r); !got.Allowed || len(got.Patch) > 0 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
