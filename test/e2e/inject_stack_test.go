//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/test/stack"
)

// Namespaces of the cases. The webhook is registered for all, and told to leave
// those of the other tests alone.
const (
	injectNamespace     = "inject"
	restrictedNamespace = "inject-restricted"
	quotaNamespace      = "inject-quota"
)

const namespaces = `apiVersion: v1
kind: Namespace
metadata: {name: ` + injectNamespace + `}
---
apiVersion: v1
kind: Namespace
metadata:
  name: ` + restrictedNamespace + `
  labels: {pod-security.kubernetes.io/enforce: restricted}
---
apiVersion: v1
kind: Namespace
metadata: {name: ` + quotaNamespace + `}
---
# A container that says nothing gets what the quota has for three of them.
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: ` + quotaNamespace + `}
spec:
  limits:
    - type: Container
      min: {cpu: 20m, memory: 16Mi}
      max: {cpu: 500m, memory: 256Mi}
      defaultRequest: {cpu: 40m, memory: 64Mi}
      default: {cpu: 400m, memory: 128Mi}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota, namespace: ` + quotaNamespace + `}
spec:
  hard: {pods: "3", requests.cpu: 120m, requests.memory: 192Mi, limits.cpu: 1200m, limits.memory: 384Mi}
`

// injection is what the cases share.
type injection struct {
	cluster *cluster.Cluster
	client  kubernetes.Interface
	builder *images.Builder
	open    *imagetest.Registry
}

// injectConfig is the webhook's configuration.
func injectConfig(host, image string) string {
	return fmt.Sprintf(`apiVersion: config.initguard.dev/v1alpha1
kind: InitguardConfig
exemptions:
  namespaces: [kube-system, default]
inspection:
  deadline: 4s
  timeout: 3m
  concurrency: 64
registries:
  - host: %[1]s
    plainHTTP: true
    allowAddresses: [127.0.0.0/8]
injection:
  wrap: {image: %[2]q}
programs:
  - {name: refuses, reaps: false, mustBePID1: true}
`, host, image)
}

// startInjection runs the webhook, registered by the manifests, beside the
// cluster of all tests, and has initguard's image on its node.
func startInjection(t *testing.T) *injection {
	t.Helper()
	in := &injection{cluster: shared.cluster, builder: shared.builder, open: shared.open}
	var err error
	if in.client, err = newClient(shared.cluster); err != nil {
		t.Fatal(err)
	}
	image, err := shared.product()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shared.scanner(); err != nil {
		t.Fatal(err)
	}
	repo, err := filepath.Abs(shared.builder.Repo)
	if err != nil {
		t.Fatal(err)
	}
	s, err := stack.Start(t.Context(), stack.Options{
		Repo: repo, Progress: testWriter{t}, Cluster: shared.cluster, Registry: shared.open,
		Config: func(host string) string { return injectConfig(host, image) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.WebhookLog(40))
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	cmd := shared.cluster.Kubectl(t.Context(), "apply", "-f", "-")
	cmd.Stdin = bytes.NewReader([]byte(namespaces))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("namespaces: %v: %s", err, out)
	}
	in.awaitSeen(t, image)
	return in
}

// awaitSeen waits until the webhook saw initguard's image run on the node.
func (in *injection) awaitSeen(t *testing.T, image string) {
	t.Helper()
	c := injectCase{name: "seen"}
	template := c.template(image, string(wrapped))
	template.Spec.Containers[0].Command = forever()
	awaitEvery(t, pollPods, readyMost, "initguard's image is seen to run", func() (bool, string) {
		pod, said := in.dryRun(t, c, template)
		return len(pod.Spec.InitContainers) > 0, fmt.Sprintf("%q", said)
	})
}

// testWriter is a test's log.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", bytes.TrimSpace(p))
	return len(p), nil
}
