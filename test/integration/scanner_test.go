package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestScannerManifests has the API server take the component as it is: every
// field known, the pod let in by Pod Security.
func TestScannerManifests(t *testing.T) {
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	component, err := filepath.Abs("../../manifests/components/scanner")
	if err != nil {
		t.Fatal(err)
	}
	// kustomize takes no absolute path.
	if component, err = filepath.Rel(overlay, component); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ncomponents: [%q]\n", component)
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := kubectl(t, "", "apply", "-k", overlay, "--validate=strict"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// Without a controller nobody makes the pod: its template is tried by hand.
	template, err := kubectl(t, "", "get", "daemonset", "initguard-scanner", "-n", "initguard-node", "-o", "jsonpath={.spec.template.spec}")
	if err != nil {
		t.Fatalf("%v: %s", err, template)
	}
	pod := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "scanner", "namespace": "initguard-node"}, "spec": %s}`, template)
	if out, err := kubectl(t, pod, "create", "--dry-run=server", "-f", "-"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
