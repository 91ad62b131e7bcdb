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
	"github.com/initguard/initguard/test/poll"
)

// rolloutMost bounds the wait for everything to be ready, and for everything to
// be gone.
const rolloutMost = 3 * time.Minute

// installation is a cluster with a node of its own on which the overlays are
// installed, one after the other.
type installation struct {
	*cluster.Cluster
	image string
}

// TestInstall installs each overlay, with initguard's own image: all pods become
// ready, the API server reaches the webhook by its Service and trusts it, a
// Deployment warns, injection takes tini from that image. The removal, as
// docs/install.md says it, leaves nothing that was not there before.
func TestInstall(t *testing.T) { //nolint:tparallel // each overlay comes on what the one before left
	t.Parallel()
	in := newInstallation(t)
	for _, o := range []struct {
		name string
		// prepare brings what the overlay leans on, and gives what else a
		// platform's kustomization says.
		prepare func(*testing.T, *installation) string
		during  func(*testing.T, *installation)
	}{
		{"default", nil, withRestart},
		{"cert-manager", withCertManager, withRenewals},
		{"openshift", withServiceCA, withDeploymentConfig},
	} {
		t.Run(o.name, func(t *testing.T) {
			changes := ""
			if o.prepare != nil {
				changes = o.prepare(t, in)
			}
			before := in.objects(t)
			overlay := in.overlay(t, o.name, changes)
			in.install(t, overlay)
			in.wantWarning(t, installedWorkload)
			in.wantInjected(t)
			o.during(t, in)
			in.remove(t, overlay, before)
		})
	}
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
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
			t.Logf("%s\n%s", out, c.Logs(20))
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := c.Node.AddRegistry(shared.open.Host()); err != nil {
		t.Fatal(err)
	}
	return &installation{Cluster: c, image: image}
}

// run runs a kubectl command, which has to succeed, and returns all it printed.
func (in *installation) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	cmd := in.Kubectl(t.Context(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %q: %v: %s", args, err, out)
	}
	return string(out)
}

// install applies an overlay and waits until all its pods are ready.
func (in *installation) install(t *testing.T, overlay string) {
	t.Helper()
	in.run(t, "", "apply", "-k", overlay)
	t.Cleanup(func() {
		if t.Failed() {
			for _, pods := range []string{"deployment/initguard-webhook", "deployment/initguard-responder"} {
				logs, _ := in.Kubectl(context.Background(), "-n", "initguard-system", "logs", pods, "--tail=50").CombinedOutput()
				t.Logf("%s", logs)
			}
		}
	})
	in.ready(t)
}

func (in *installation) ready(t *testing.T) {
	t.Helper()
	for _, workload := range [][2]string{
		{"deployment/initguard-webhook", "initguard-system"}, {"deployment/initguard-responder", "initguard-system"}, {"daemonset/initguard-scanner", "initguard-node"},
	} {
		in.run(t, "", "rollout", "status", workload[0], "-n", workload[1], "--timeout", rolloutMost.String())
	}
}

// wantWarning applies a workload that leaks.
func (in *installation) wantWarning(t *testing.T, workload string) {
	t.Helper()
	out := in.run(t, workload, "apply", "-f", "-")
	if !strings.Contains(out, installedWarning) {
		t.Errorf("no warning: %s", out)
	}
	in.run(t, workload, "delete", "-f", "-")
}

// wantInjected waits until a pod that asks for wrap gets tini out of the image that
// the overlay names, though nothing else names it.
func (in *installation) wantInjected(t *testing.T) {
	t.Helper()
	poll.Until(t, time.Second, rolloutMost, "injected", func() error {
		out := in.run(t, askingWorkload, "create", "-f", "-", "--dry-run=server", "-o", "yaml")
		if strings.Contains(out, "image: "+in.image) && strings.Contains(out, "initguard.dev/injected") {
			return nil
		}
		return fmt.Errorf("not with %s: %s", in.image, out)
	})
}

// withRestart exchanges both replicas, after which the API server trusts them.
func withRestart(t *testing.T, in *installation) {
	t.Helper()
	in.run(t, "", "rollout", "restart", "deployment/initguard-webhook", "-n", "initguard-system")
	in.ready(t)
	in.wantWarning(t, installedWorkload)
}

const installedWarning = `Warning: initguard: container "app": PID 1 will be sleep, which does not reap zombies`

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

// overlay is an overlay with the image in it, as a platform team makes it, and
// with more lines of a kustomization.
func (in *installation) overlay(t *testing.T, name, changes string) string {
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
	at := strings.LastIndex(in.image, ":")
	text := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [%q]\nimages: [{name: initguard, newName: %q, newTag: %q}]\n%s",
		path, in.image[:at], in.image[at+1:], changes)
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
