package integration

import (
	"fmt"
	"testing"
)

// TestScannerManifests has the API server take the component as it is: every
// field known, the pod let in by Pod Security.
func TestScannerManifests(t *testing.T) {
	applyComponent(t, "scanner")
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
