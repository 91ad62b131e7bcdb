package integration

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDryRunWarnsToo(t *testing.T) {
	namespace(t, "dry", "")
	manifest := deployment("dry", "web", exposedContainer)
	dry, done := apply(t, manifest, "--dry-run=server"), apply(t, manifest)
	warning := func(out string) string { first, _, _ := strings.Cut(out, "\n"); return first }
	if warning(dry) != warning(done) || !strings.HasPrefix(dry, "Warning: initguard: ") {
		t.Errorf("dry run: %s\napply: %s", dry, done)
	}
}

func TestEnforce(t *testing.T) {
	namespace(t, "enforced", "initguard.dev/enforce: exposed")
	out, err := kubectl(t, deployment("enforced", "web", exposedContainer), "apply", "-f", "-")
	want := `deployments.apps "web" is forbidden: violates initguard "enforce: exposed": container "app": PID 1 will be node, which does not reap zombies, and its exec readinessProbe can leave orphans; fix: spec.template.spec.shareProcessNamespace: true`
	if err == nil || !strings.Contains(out, "(Forbidden)") || !strings.Contains(out, want) {
		t.Errorf("got %v: %s", err, out)
	}
	if out := apply(t, deployment("enforced", "web", "{name: app, image: REGISTRY/shop/web:1.4}")); !strings.Contains(out, "Warning: initguard: ") {
		t.Errorf("a lower risk: %s", out)
	}
	if out := apply(t, deployment("enforced", "script", "{name: app, image: REGISTRY/shop/report:2.0}")); strings.Contains(out, "Warning") {
		t.Errorf("an unknown verdict: %s", out)
	}
}

func TestLabelThatIsNoMode(t *testing.T) {
	out := apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: typo, labels: {initguard.dev/enforce: 'yes', initguard.dev/wran: possible}}")
	for _, want := range []string{`initguard.dev/enforce: "yes" is none of never, observed, exposed, possible`, "initguard.dev/wran"} {
		if !strings.Contains(out, "Warning: initguard: ") || !strings.Contains(out, want) {
			t.Errorf("got %s, want %q", out, want)
		}
	}
	if out := apply(t, deployment("typo", "web", exposedContainer)); !strings.Contains(out, "PID 1 will be node") {
		t.Errorf("the default should be in force: %s", out)
	}
}

// TestUpdates shows what a scale, a restart and a real change of the template
// cost and say.
func TestUpdates(t *testing.T) {
	namespace(t, "updates", "")
	apply(t, deployment("updates", "web", exposedContainer))
	before := calls(t)
	for _, args := range [][]string{
		{"scale", "deployment/web", "--replicas=3"},
		{"patch", "deployment/web", "-p", `{"spec":{"replicas":2,"minReadySeconds":5}}`},
		{"label", "deployment/web", "team=shop"},
	} {
		if out, err := kubectl(t, "", append([]string{"-n", "updates"}, args...)...); err != nil || strings.Contains(out, "Warning") {
			t.Errorf("%s: %v: %s", args[0], err, out)
		}
	}
	if after := calls(t); after != before {
		t.Errorf("an update that leaves the template alone called the webhook:\n%s\nbefore:\n%s", after, before)
	}
	label(t, "updates", "possible")
	if out, err := kubectl(t, "", "-n", "updates", "rollout", "restart", "deployment/web"); err != nil || strings.Contains(out, "Warning") {
		t.Errorf("a restart during an incident: %v: %s", err, out)
	}
	out, err := kubectl(t, "", "-n", "updates", "set", "image", "deployment/web", "app="+shared.Registry.Host()+"/shop/search:8.1")
	if err == nil || !strings.Contains(out, "PID 1 will be java") {
		t.Errorf("another image: %v: %s", err, out)
	}
}

// TestOwnedPods: pods of a controller that is judged itself are only audited;
// an owner reference that anybody can write proves nothing.
func TestOwnedPods(t *testing.T) {
	namespace(t, "owned", "initguard.dev/enforce: possible")
	const controller = "system:serviceaccount:kube-system:replicaset-controller"
	if out, err := kubectl(t, "", "-n", "owned", "create", "rolebinding", "rs", "--clusterrole=admin", "--user="+controller); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pod := func(name string) string {
		return `apiVersion: v1
kind: Pod
metadata:
  name: ` + name + `
  namespace: owned
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: 7b1e0f5e-0000-4000-8000-000000000000, controller: true}]
spec: {containers: [` + exposedContainer + `]}
`
	}
	if out, err := kubectl(t, pod("claimed"), "create", "-f", "-"); err == nil || !strings.Contains(out, "violates initguard") {
		t.Errorf("an owner that is only claimed: %v: %s", err, out)
	}
	if out, err := kubectl(t, pod("owned"), "create", "-f", "-", "--as="+controller); err != nil || strings.Contains(out, "Warning") {
		t.Errorf("a pod of the controller: %v: %s", err, out)
	}
	eventually(t, "audit annotation", func() error {
		annotations, err := audited("owned", "owned")
		if err != nil {
			return err
		}
		if got := annotations["workloads.initguard.dev/findings"]; !strings.HasPrefix(got, "app: DoesNotReap pid1=node risk=exposed") {
			return fmt.Errorf("findings: %q", got)
		}
		return nil
	})
}

// audited are the audit annotations of the request that created a pod.
func audited(namespace, name string) (map[string]string, error) {
	file, err := os.Open(filepath.Join(shared.Cluster.Dir, auditLog))
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct {
			Stage       string
			Verb        string
			ObjectRef   struct{ Resource, Namespace, Name string }
			Annotations map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, err
		}
		if event.Stage == "ResponseComplete" && event.Verb == "create" && event.ObjectRef.Namespace == namespace && event.ObjectRef.Name == name {
			return event.Annotations, nil
		}
	}
	return nil, errors.Join(lines.Err(), fmt.Errorf("no audit event for pod %s/%s yet", namespace, name))
}
