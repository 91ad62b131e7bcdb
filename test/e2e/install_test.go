//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/cluster"
)

// rolloutMost bounds the wait for two replicas to be ready, and for everything
// to be gone.
const rolloutMost = 3 * time.Minute

// TestInstall installs the default overlay on a node of its own: both replicas
// make their certificate and become ready, the API server reaches them by their
// Service and trusts them, a Deployment warns; after the removal nothing is left.
func TestInstall(t *testing.T) {
	t.Parallel()
	image, err := shared.product()
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Start(t.Context(), cluster.Options{Node: &cluster.NodeOptions{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			ctx := context.Background()
			out, _ := c.Kubectl(ctx, "get", "pods,events", "-A").CombinedOutput()
			logs, _ := c.Kubectl(ctx, "-n", "initguard-system", "logs", "deployment/initguard-webhook", "--tail=50").CombinedOutput()
			t.Logf("%s\n%s\n%s", out, logs, c.Logs(20))
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := c.Node.AddRegistry(shared.open.Host()); err != nil {
		t.Fatal(err)
	}
	run := func(stdin string, args ...string) string {
		cmd := c.Kubectl(t.Context(), args...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("kubectl %q: %v: %s", args, err, out)
		}
		return string(out)
	}
	overlay := overlayOf(t, "default", image)
	run("", "apply", "-k", overlay)
	run("", "rollout", "status", "deployment/initguard-webhook", "-n", "initguard-system", "--timeout", rolloutMost.String())
	out := run(installedWorkload, "apply", "-f", "-")
	if !strings.Contains(out, `Warning: initguard: container "app": PID 1 will be sleep, which does not reap zombies`) {
		t.Errorf("no warning: %s", out)
	}
	run("", "rollout", "restart", "deployment/initguard-webhook", "-n", "initguard-system")
	run("", "rollout", "status", "deployment/initguard-webhook", "-n", "initguard-system", "--timeout", rolloutMost.String())
	if out := run(installedWorkload, "apply", "-f", "-", "--dry-run=server", "--force-conflicts", "--server-side"); !strings.Contains(out, "serverside-applied") {
		t.Errorf("after a rollout: %s", out)
	}
	wantInjected(t, image, func() string { return run(askingWorkload, "create", "-f", "-", "--dry-run=server", "-o", "yaml") })
	run("", "delete", "-k", overlay, "--wait", "--timeout", rolloutMost.String())
	if left := run("", "get", "namespaces,validatingwebhookconfigurations,mutatingwebhookconfigurations,clusterroles,clusterrolebindings,priorityclasses,crds", "-o", "name"); strings.Contains(left, "initguard") {
		t.Errorf("left behind: %s", left)
	}
}

// wantInjected waits until a pod that asks for wrap gets tini out of the image that
// the overlay names, though nothing else names it.
func wantInjected(t *testing.T, image string, create func() string) {
	t.Helper()
	deadline := time.NewTimer(rolloutMost)
	defer deadline.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		out := create()
		if strings.Contains(out, "image: "+image) && strings.Contains(out, "initguard.dev/injected") {
			return
		}
		select {
		case <-deadline.C:
			t.Errorf("not injected with %s: %s", image, out)
			return
		case <-tick.C:
		}
	}
}

const askingWorkload = `apiVersion: v1
kind: Pod
metadata: {name: asking, namespace: default, annotations: {initguard.dev/inject: wrap}}
spec: {containers: [{name: app, image: nobody.example.com/none, command: [sleep, infinity]}]}
`

const installedWorkload = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: nobody.example.com/none, command: [sleep, infinity]}]}
`

// overlayOf is an overlay with an image in it, as a platform team makes it.
func overlayOf(t *testing.T, name, image string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(filepath.Join(shared.builder.Repo, "manifests/overlays", name))
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.Rel(dir, path); err != nil { // kustomize takes no absolute path
		t.Fatal(err)
	}
	at := strings.LastIndex(image, ":")
	text := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [%q]\nimages: [{name: initguard, newName: %q, newTag: %q}]\n",
		path, image[:at], image[at+1:])
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
