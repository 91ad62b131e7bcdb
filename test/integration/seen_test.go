package integration

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/initguard/initguard/cluster/seen"
)

// TestSeen: with the webhook's own rights it is followed where initguard's image
// runs. No node runs here: its and its pod's status are written by hand.
func TestSeen(t *testing.T) {
	ctrl.SetLogger(logr.Discard()) // it speaks of the namespace that may not be read
	admin, err := clientcmd.BuildConfigFromFlags("", shared.Cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	admin.Impersonate.UserName = "system:serviceaccount:initguard-system:initguard-webhook"
	watcher, err := seen.New(admin, "initguard-system", "initguard-nowhere")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- watcher.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	const image = "registry.example/initguard:v1"
	spec := &corev1.PodSpec{NodeSelector: map[string]string{"seen": "here"}}
	says := func(want string) {
		t.Helper()
		eventually(t, "what is seen", func() error {
			if got := watcher.Unseen(image, spec); got != want {
				return fmt.Errorf("got %q, want %q", got, want)
			}
			return nil
		})
	}
	says("initguard's image was not seen to run on any node")
	old := time.Now().UTC().Format(time.RFC3339)
	apply(t, "apiVersion: v1\nkind: Node\nmetadata: {name: seen-1, labels: {seen: here}}")
	apply(t, "apiVersion: v1\nkind: Node\nmetadata: {name: seen-2, labels: {seen: there}}")
	apply(t, `apiVersion: v1
kind: Pod
metadata: {name: canary, namespace: initguard-system}
spec:
  nodeName: seen-1
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - {name: initguard, image: `+image+`, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
`)
	says("initguard's image was not seen to run on any node")
	for _, args := range [][]string{
		{"patch", "node", "seen-1", "--subresource=status", "-p", `{"status":{"conditions":[{"type":"Ready","status":"True","reason":"x","message":"x"}]}}`},
		{"patch", "pod", "canary", "-n", "initguard-system", "--subresource=status", "-p", `{"status":{"containerStatuses":[{"name":"initguard","image":"x","imageID":"x","ready":true,"restartCount":0,"state":{"running":{"startedAt":"` + old + `"}}}]}}`},
	} {
		if out, err := kubectl(t, "", args...); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	says("")
	if out, err := kubectl(t, "", "delete", "pod", "canary", "-n", "initguard-system", "--force", "--grace-period=0"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	says("initguard's image was not seen to run on any node")
	if out, err := kubectl(t, "", "delete", "node", "seen-1", "seen-2"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
