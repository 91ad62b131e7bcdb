package inject

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

const ownImage = "registry.example/initguard:v1"

// parse reads a pod's spec from YAML.
func parse(t testing.TB, text string) *corev1.PodSpec {
	t.Helper()
	var spec corev1.PodSpec
	if err := yaml.UnmarshalStrict([]byte(text), &spec); err != nil {
		t.Fatal(err)
	}
	return &spec
}

// leaks is the answer about a program that does not reap, started by an image.
func leaks(entrypoint int, argv ...string) imageinspect.Result {
	return imageinspect.Result{
		Argv: argv, Entrypoint: entrypoint, PID1: "node",
		Verdict: imageinspect.Verdict{Outcome: imageinspect.DoesNotReap, Reason: imageinspect.Reason{Code: imageinspect.CodeProgram, Text: "node does not reap"}},
	}
}

// results answers by a container's name; app and all that are not named leak.
type results map[string]imageinspect.Result

func (r results) of(spec *corev1.PodSpec) []policy.Assessment {
	all := map[string]imageinspect.Result{}
	for _, c := range policy.Containers(spec) {
		if all[c.Name] = leaks(1, "node", "server.js"); r != nil {
			if result, ok := r[c.Name]; ok {
				all[c.Name] = result
			}
		}
	}
	return policy.Assess(spec, all)
}

func always(policy.Assessment) bool { return true }

func options(s Strategy) Options {
	return Options{Strategy: s, Allowed: []Strategy{SharePID, Wrap}, Image: ownImage, Version: "v1.2.3"}
}

func with2(change func(*imageinspect.Result)) results {
	r := leaks(1, "node", "server.js")
	change(&r)
	return results{"app": r}
}

// TestHazards holds each rule against a pod that shows it and against the same
// pod without it. A rule without a case fails.
func TestHazards(t *testing.T) {
	const digest = "registry.example/app@sha256:0123456789012345678901234567890123456789012345678901234567890123"
	const plain = "containers: [{name: app, image: " + digest + "}]"
	container := func(fields string) string { return "containers: [{name: app, image: " + digest + ", " + fields + "}]" }
	tests := []struct {
		rule     string
		strategy Strategy
		spec     string
		results  results
		change   func(*Request)
		text     string
	}{
		{rule: "windows", strategy: SharePID, spec: "os: {name: windows}\n" + plain, text: "it is a Windows pod"},
		{rule: "windows", strategy: Wrap, spec: "nodeSelector: {kubernetes.io/os: windows}\n" + plain, text: "it is a Windows pod"},
		{rule: "must-be-pid1", strategy: SharePID, spec: plain, results: with2(func(r *imageinspect.Result) { r.Verdict.MustBePID1, r.PID1 = true, "s6-overlay" }), text: "s6-overlay must be PID 1"},
		{rule: "must-be-pid1", strategy: Wrap, spec: plain, results: with2(func(r *imageinspect.Result) { r.Verdict.MustBePID1, r.PID1 = true, "" }), text: "its program must be PID 1"},
		{rule: "names-pid1", strategy: SharePID, spec: container(`command: [sh, -c, "kill -HUP 1; app"]`), text: "containers[0].command uses kill 1"},
		{rule: "names-pid1", strategy: SharePID, spec: container(`lifecycle: {preStop: {exec: {command: [kill, "-s", TERM, "1"]}}}`), text: "containers[0].lifecycle.preStop uses kill 1"},
		{rule: "names-pid1", strategy: Wrap, spec: container(`livenessProbe: {exec: {command: [cat, /proc/1/status]}}`), text: "containers[0].livenessProbe uses /proc/1"},
		{rule: "names-pid1", strategy: Wrap, spec: container(`readinessProbe: {exec: {command: [sh, -c, "ps -p 1 | grep node"]}}`), text: "containers[0].readinessProbe uses ps -p 1"},
		{rule: "names-pid1", strategy: Wrap, spec: plain, results: results{"app": leaks(3, "sh", "-c", `[ "$$" = 1 ] && exec node`)}, text: "its command line uses $$ = 1"},
		{rule: "script-names-pid1", strategy: SharePID, spec: plain, results: with2(func(r *imageinspect.Result) { r.PID1Use = imageinspect.SignalsPID1 }), text: "a script of its image uses kill 1"},
		{rule: "script-names-pid1", strategy: Wrap, spec: plain, results: with2(func(r *imageinspect.Result) { r.PID1Use = imageinspect.ReadsPID1 }), text: "a script of its image uses /proc/1"},
		{rule: "opted-out", strategy: SharePID, spec: "shareProcessNamespace: false\n" + plain, text: "the pod says shareProcessNamespace: false"},
		{rule: "several-containers", strategy: SharePID, spec: plain + "\ninitContainers: [{name: side, image: x, restartPolicy: Always}]", text: "the pod has 2 containers that run on"},
		{rule: "argv-not-known", strategy: Wrap, spec: plain, results: results{"app": leaks(0)}, text: "what it starts is not known"},
		{rule: "argv-not-known", strategy: Wrap, spec: plain, results: results{"app": leaks(1, "node", "a\x00b")}, text: "what it starts can't be written in a pod"},
		{rule: "platforms-differ", strategy: Wrap, spec: plain, results: with2(func(r *imageinspect.Result) { r.ArgvDiffers = true }), text: "its image starts something else on each platform"},
		{rule: "named-by-tag", strategy: Wrap, spec: "containers: [{name: app, image: 'registry.example:5000/app:1'}]", text: "its image is named by a tag: name it by digest, or set command"},
		{rule: "folder-taken", strategy: Wrap, spec: container("volumeMounts: [{name: v, mountPath: /.initguard/}]") + "\nvolumes: [{name: v, emptyDir: {}}]", text: "it mounts a volume over /.initguard"},
		{rule: "folder-taken", strategy: Wrap, spec: container("volumeMounts: [{name: v, mountPath: /}]") + "\nvolumes: [{name: v, emptyDir: {}}]", text: "it mounts a volume over /.initguard"},
		{rule: "folder-taken", strategy: Wrap, spec: container("volumeMounts: [{name: v, mountPath: /x/../.initguard}]") + "\nvolumes: [{name: v, emptyDir: {}}]", text: "it mounts a volume over /.initguard"},
		{rule: "folder-taken", strategy: Wrap, spec: container("volumeDevices: [{name: v, devicePath: /.initguard/disk}]"), text: "it has a device at /.initguard"},
		{rule: "confined", strategy: Wrap, spec: container("securityContext: {appArmorProfile: {type: Localhost, localhostProfile: own}}"), text: "its AppArmor profile may not let tini start"},
		{rule: "confined", strategy: Wrap, spec: plain, change: func(r *Request) {
			r.Pod.Annotations = map[string]string{"container.apparmor.security.beta.kubernetes.io/app": "localhost/own"}
		}, text: "its AppArmor profile may not let tini start"},
		{rule: "confined", strategy: Wrap, spec: "securityContext: {seccompProfile: {type: Localhost, localhostProfile: own.json}}\n" + plain, text: "its seccomp profile may not let tini start"},
		{rule: "confined", strategy: Wrap, spec: container("securityContext: {seLinuxOptions: {type: own_t}}"), text: "its SELinux options may not let tini start"},
		{rule: "little-memory", strategy: Wrap, spec: container("resources: {limits: {memory: 15Mi}}"), text: "its memory limit is too small for the init container (16Mi)"},
		{rule: "name-taken", strategy: Wrap, spec: plain + "\nvolumes: [{name: initguard-tini, emptyDir: {}}]", text: "the pod has a volume called initguard-tini already"},
		{rule: "name-taken", strategy: Wrap, spec: plain + "\ninitContainers: [{name: initguard-tini, image: x}]", text: "the pod has a container called initguard-tini already"},
		{rule: "annotations-full", strategy: SharePID, spec: plain, change: func(r *Request) {
			r.Pod.Annotations = map[string]string{"a": strings.Repeat("x", 256<<10-50)}
		}, text: "there is no room left for an annotation"},
		{rule: "not-allowed", strategy: SharePID, spec: plain, change: func(r *Request) { r.Options.Allowed = []Strategy{Wrap} }, text: "the cluster's configuration does not allow share-pid"},
		{rule: "not-allowed", strategy: Wrap, spec: plain, change: func(r *Request) { r.Options.Allowed = nil }, text: "the cluster's configuration does not allow wrap"},
		{rule: "no-image", strategy: Wrap, spec: plain, change: func(r *Request) { r.Options.Image = "" }, text: "no image of initguard is configured to take tini from"},
		{rule: "image-unseen", strategy: Wrap, spec: plain, change: func(r *Request) { r.Options.Unseen = func() string { return "never seen on node n1" } }, text: "never seen on node n1"},
	}
	covered := map[string]bool{"host-pid": true} // TestHostPID
	for _, test := range tests {
		covered[test.rule] = true
		t.Run(test.rule+" "+string(test.strategy), func(t *testing.T) {
			spec := parse(t, test.spec)
			r := Request{Pod: Pod{Spec: spec}, Assessments: test.results.of(spec), Acts: func(a policy.Assessment) bool { return a.Container == "app" }, Options: options(test.strategy)}
			if test.change != nil {
				test.change(&r)
			}
			plan := Make(r)
			if plan.Strategy != None || len(plan.Operations) > 0 || len(plan.Refusals) != 1 {
				t.Fatalf("got %+v, want one refusal", plan)
			}
			if got := plan.Refusals[0]; got.Rule != test.rule || got.Text != test.text {
				t.Errorf("got %s: %q, want %s: %q", got.Rule, got.Text, test.rule, test.text)
			}
		})
	}
	for _, h := range hazards() {
		if !covered[h.name] {
			t.Errorf("no case for %s", h.name)
		}
		if (h.pod == nil) == (h.container == nil) {
			t.Errorf("%s: want one of pod and container", h.name)
		}
	}
}

// TestHostPID: such a pod's PID 1 is the node's, so that nothing is to be
// mended; the rule stands for those who change that.
func TestHostPID(t *testing.T) {
	p := planner{Request: Request{Pod: Pod{Spec: parse(t, "hostPID: true\ncontainers: [{name: app, image: x}]")}}}
	if refused := p.against(SharePID, p.all); len(refused) != 1 || refused[0].Rule != "host-pid" {
		t.Errorf("got %+v", refused)
	}
}

// TestNoHazard are pods that look like one and are none.
func TestNoHazard(t *testing.T) {
	tests := map[string]struct {
		strategy Strategy
		spec     string
		results  results
	}{
		"a native sidecar that ends":    {SharePID, "containers: [{name: app, image: x}]\ninitContainers: [{name: a, image: x}, {name: b, image: x}]", nil},
		"kill of another process":       {SharePID, `containers: [{name: app, image: x, livenessProbe: {exec: {command: [sh, -c, "kill -0 12; ls /proc/11/fd /proc/self"]}}}]`, nil},
		"shareProcessNamespace is null": {SharePID, "shareProcessNamespace: null\ncontainers: [{name: app, image: x}]", nil},
		"kill 1 under tini":             {Wrap, `containers: [{name: app, image: x, command: [app], lifecycle: {preStop: {exec: {command: [kill, "1"]}}}}]`, nil},
		"command set, a tag":            {Wrap, "containers: [{name: app, image: 'x:1', command: [node]}]", nil},
		"command set, platforms differ": {Wrap, "containers: [{name: app, image: x, command: [node]}]", with2(func(r *imageinspect.Result) { r.ArgvDiffers = true })},
		"a mount beside":                {Wrap, "containers: [{name: app, image: x, command: [a], volumeMounts: [{name: v, mountPath: /.initguards}]}]", nil},
		"default profiles":              {Wrap, "securityContext: {seccompProfile: {type: RuntimeDefault}, seLinuxOptions: {level: 's0:c1,c2'}}\ncontainers: [{name: app, image: x, command: [a], securityContext: {seLinuxOptions: {level: 's0:c1,c2'}, appArmorProfile: {type: RuntimeDefault}}}]", nil},
		"enough memory":                 {Wrap, "containers: [{name: app, image: x, command: [a], resources: {limits: {memory: 16Mi}}}]", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := parse(t, test.spec)
			plan := Make(Request{Pod: Pod{Spec: spec}, Assessments: test.results.of(spec), Acts: always, Options: options(test.strategy)})
			if plan.Strategy != test.strategy || !slices.Equal(plan.Containers, []string{"app"}) {
				t.Errorf("got %+v", plan)
			}
		})
	}
}
