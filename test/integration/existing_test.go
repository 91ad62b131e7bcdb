package integration

import (
	"fmt"
	"strings"
	"testing"
)

// label sets the enforce mode of a namespace and gives all that a user sees.
func label(t *testing.T, namespace, level string, args ...string) string {
	t.Helper()
	out, err := kubectl(t, "", append([]string{"label", "--overwrite", "namespace", namespace, "initguard.dev/enforce=" + level}, args...)...)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}

// TestExistingViolators: whoever sets a stricter level is told what runs in the
// namespace and would be denied, and without the right to look, which command
// tells it.
func TestExistingViolators(t *testing.T) {
	namespace(t, "existing", "initguard.dev/warn: never")
	for _, name := range []string{"api", "web"} {
		apply(t, deployment("existing", name, exposedContainer))
	}
	apply(t, deployment("existing", "lower", `{name: app, image: REGISTRY/shop/web:1.4}`))
	apply(t, deployment("existing", "clean", `{name: app, image: REGISTRY/shop/web-tini:1.4}`))
	apply(t, strings.Replace(deployment("existing", "mended", exposedContainer), "metadata: {labels: {app: mended}}",
		`metadata: {labels: {app: mended}, annotations: {initguard.dev/inject: share-pid}}`, 1))

	const unread = `existing workloads in namespace "existing" were not looked at: initguard has no right to list them; kubectl initguard audit -n existing shows them`
	if out := label(t, "existing", "exposed", "--dry-run=server"); strings.Count(out, "Warning:") != 1 || !strings.Contains(out, unread) {
		t.Errorf("without the right: %s", out)
	}
	component := manifests + "/components/namespace-check/rbac.yaml"
	if out, err := kubectl(t, "", "apply", "-f", component); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defer kubectl(t, "", "delete", "-f", component) //nolint:errcheck // the tests after it would tell
	eventually(t, "the right to list", func() error {
		if out := label(t, "existing", "exposed", "--dry-run=server"); strings.Contains(out, "no right") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})

	header := `Warning: initguard: existing workloads in namespace "existing" violate the new initguard enforce level "exposed"`
	two := `Warning: initguard: Deployment/api (and 1 other workload): container "app": PID 1 will be node, which does not reap zombies, and its exec readinessProbe can leave orphans`
	for _, args := range [][]string{{"--dry-run=server"}, nil} {
		out := label(t, "existing", "exposed", args...)
		if strings.Count(out, "Warning:") != 2 || !strings.Contains(out, header) || !strings.Contains(out, two) {
			t.Errorf("%v: %s", args, out)
		}
	}
	if out := label(t, "existing", "possible"); !strings.Contains(out, "Deployment/lower: ") || !strings.Contains(out, "Deployment/api (and 1 other workload)") {
		t.Errorf("stricter still: %s", out)
	}
	for _, level := range []string{"exposed", "never"} {
		if out := label(t, "existing", level); strings.Contains(out, "Warning") {
			t.Errorf("less strict, %s: %s", level, out)
		}
	}
}
