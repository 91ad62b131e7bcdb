package integration

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

const seenText = "observed: 341 zombies since 2026-11-20"

// zombieReport is what the responder writes of a Deployment's container app.
func zombieReport(t *testing.T, namespace, name, imageID string, command []string) string {
	t.Helper()
	r := v1alpha1.ZombieReport{}
	r.APIVersion, r.Kind = v1alpha1.GroupVersion().String(), "ZombieReport"
	s := &r.Status
	s.Workload = v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: name}
	r.Namespace, r.Name = namespace, s.Workload.ReportName()
	s.Summary = v1alpha1.Summary{Workload: s.Workload.String(), PerHour: "-", PIDLimitIn: "-"}
	s.FirstSeen, s.LastSeen = metav1.NewTime(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)), metav1.Now()
	s.Observations = []v1alpha1.Observation{{
		Container: "app", ImageID: imageID, ArgvHash: v1alpha1.ArgvHash(command, nil), Cause: "PID1NotReaping", Parent: "node",
		MostZombies: 341, FirstSeen: s.FirstSeen, LastSeen: s.LastSeen,
	}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestObserved: what a ZombieReport says of a workload is in the warning about
// it, from when the type and the right are there until the type is gone, and the
// modes act on it; not on another image, command, workload or namespace.
func TestObserved(t *testing.T) {
	node := func(platform string) imagetest.Spec {
		return imagetest.Spec{Platform: platform, Cmd: []string{"node", "seen.js"}}
	}
	digest, err := shared.Registry.PushSpecs(t.Context(), "seen/web:1", node("linux/amd64"), node("linux/arm64"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shared.Registry.PushSpecs(t.Context(), "seen/web:2", imagetest.Spec{Cmd: []string{"node", "next.js"}}); err != nil {
		t.Fatal(err)
	}
	namespace(t, "seen", "initguard.dev/warn: observed")
	namespace(t, "seen-beside", "")
	const image, other, command = `{name: app, image: REGISTRY/seen/web:1}`, `{name: app, image: REGISTRY/seen/web:2}`, `{name: app, image: REGISTRY/seen/web:1, command: [node]}`
	said := func(namespace, name, container string) string {
		return apply(t, deployment(namespace, name, container), "--dry-run=server")
	}
	if out := said("seen", "web", image); strings.Contains(out, "Warning") {
		t.Fatalf("nothing is known yet: %s", out)
	}
	applyFile(t, "-k", manifests+"/crds")
	established(t, "zombiereports.initguard.dev")
	imageID := shared.Registry.Host() + "/seen/web@" + digest
	apply(t, zombieReport(t, "seen", "web", imageID, nil))
	apply(t, zombieReport(t, "seen", "cmd", imageID, []string{"node"}))
	eventually(t, "the log says which component is missing", func() error {
		if !strings.Contains(shared.WebhookLog(2000), "add the component manifests/components/observed") {
			return errAgain
		}
		return nil
	})
	component := manifests + "/components/observed/rbac.yaml"
	applyFile(t, "-f", component)
	t.Cleanup(func() { kubectl(t, "", "delete", "-f", component) }) //nolint:errcheck // the tests after it would tell
	eventually(t, "the warning says observed", func() error {
		if out := said("seen", "web", image); !strings.Contains(out, seenText) {
			return errors.New(out)
		}
		return nil
	})
	want := `Warning: initguard: container "app": PID 1 will be node, which does not reap zombies; ` + seenText + "; fix: spec.template.spec.shareProcessNamespace: true"
	for name, out := range map[string]string{"image by tag": said("seen", "web", image), "the command decides": said("seen", "cmd", command)} {
		if !strings.HasPrefix(out, want) {
			t.Errorf("%s: %s", name, out)
		}
	}
	for name, out := range map[string]string{
		"another image": said("seen", "web", other), "another command": said("seen", "web", command),
		"another workload": said("seen", "api", image), "another namespace": said("seen-beside", "web", image),
	} {
		if strings.Contains(out, "observed") {
			t.Errorf("%s: %s", name, out)
		}
	}
	t.Run("modes", func(t *testing.T) { observedModes(t, image, other) })
	t.Run("audit", func(t *testing.T) {
		risks := map[string]string{}
		for _, w := range auditJSON(t, "-n", "seen").Workloads {
			risks[w.Kind+"/"+w.Name] = w.Risk
		}
		if risks["Deployment/web"] != "observed" || risks["Deployment/api"] != "possible" {
			t.Errorf("got %v", risks)
		}
	})
	if out, err := kubectl(t, "", "delete", "crd", "zombiereports.initguard.dev"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "without the type nothing is known", func() error {
		if out := said("seen", "web", image); strings.Contains(out, "observed") {
			return errors.New(out)
		}
		return nil
	})
}

func applyFile(t *testing.T, args ...string) {
	t.Helper()
	if out, err := kubectl(t, "", append([]string{"apply"}, args...)...); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// observedModes: enforce denies what is applied anew and leaves a restart alone,
// inject makes the ReplicaSet's pods safe.
func observedModes(t *testing.T, image, other string) {
	apply(t, deployment("seen", "web", image))
	apply(t, deployment("seen", "api", image))
	label(t, "seen", "observed")
	if out, err := kubectl(t, "", "-n", "seen", "rollout", "restart", "deployment/web"); err != nil || strings.Contains(out, "Warning") {
		t.Errorf("a restart during an incident: %v: %s", err, out)
	}
	changed := strings.Replace(image, "}", ", env: [{name: A, value: b}]}", 1)
	out, err := kubectl(t, deployment("seen", "web", changed), "apply", "-f", "-")
	if err == nil || !strings.Contains(out, `violates initguard "enforce: observed": container "app": PID 1 will be node, which does not reap zombies; `+seenText) {
		t.Errorf("enforce: %v: %s", err, out)
	}
	apply(t, deployment("seen", "api", changed))
	if out := apply(t, deployment("seen", "web", other)); strings.Contains(out, "Warning") {
		t.Errorf("a new image starts clean: %s", out)
	}
	if out, err := kubectl(t, "", "label", "--overwrite", "namespace", "seen", "initguard.dev/enforce=never", "initguard.dev/inject=observed"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	apply(t, deployment("seen", "web", image))
	pod := func(name, replicaSet string) string {
		return `apiVersion: v1
kind: Pod
metadata:
  name: ` + name + `
  namespace: seen
  labels: {app: web, pod-template-hash: 6b7}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: ` + replicaSet + `, uid: 7b1e0f5e-0000-4000-8000-000000000000, controller: true}]
spec: {containers: [` + image + `]}
`
	}
	for name, test := range map[string]struct{ replicaSet, strategy string }{
		"web-6b7-x": {"web-6b7", "share-pid"}, "api-6b7-x": {"api-6b7", ""},
	} {
		got, _ := created(t, pod(name, test.replicaSet))
		if strategyOf(got) != test.strategy {
			t.Errorf("%s: injected with %q, want %q", name, strategyOf(got), test.strategy)
		}
	}
}
