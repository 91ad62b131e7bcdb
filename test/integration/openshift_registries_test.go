package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/stack"
)

// openshiftKinds are stubs of the kinds that say something of registries; they
// take whatever they are given.
func openshiftKinds() string {
	var out strings.Builder
	for _, k := range [][2]string{{"imagedigestmirrorsets", "ImageDigestMirrorSet"}, {"imagetagmirrorsets", "ImageTagMirrorSet"}, {"images", "Image"}} {
		fmt.Fprintf(&out, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]s.config.openshift.io, annotations: {api-approved.kubernetes.io: "https://github.com/openshift/api/pull/470"}}
spec:
  group: config.openshift.io
  scope: Cluster
  names: {plural: %[1]s, singular: %[3]s, kind: %[2]s}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
---`, k[0], k[1], strings.ToLower(k[1]))
	}
	return out.String()
}

// applyComponent applies one of the manifests' components.
func applyComponent(t *testing.T, name string) {
	t.Helper()
	overlay, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	component, err := filepath.Abs("../../manifests/components/" + name)
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
}

// TestOpenShiftRegistries: a workload whose registry must never be asked is
// judged by what the mirror holds, under the rights of the component, with the
// CA that the cluster's configuration names.
func TestOpenShiftRegistries(t *testing.T) {
	mirror := imagetest.New(t, imagetest.Options{TLS: true})
	digest := mirror.MustPush(t, "copies/web:1", imagetest.Spec{Entrypoint: []string{"node"}, Cmd: []string{"server.js"}})
	mirror.ResetCounts()
	original, err := os.ReadFile(shared.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	// A mirror on loopback needs a word of the configuration.
	content := stack.Config(shared.Registry.Host()) + fmt.Sprintf("  - {host: %q, allowAddresses: [127.0.0.0/8]}\n", mirror.Host())
	if err := os.WriteFile(shared.ConfigFile, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.WriteFile(shared.ConfigFile, original, 0o600); err != nil {
			t.Error(err)
		}
		if out, err := kubectl(t, openshiftKinds(), "delete", "-f", "-"); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}()
	namespace(t, "mirrored", "")
	const never = `Warning: initguard: container "app": PID 1 will be node, which does not reap zombies`
	container := "{name: app, image: registry.invalid/shop/web@" + digest + "}"

	apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: openshift-config}\n")
	applyComponent(t, "openshift-registries")
	apply(t, openshiftKinds())
	ca := "  " + strings.ReplaceAll(strings.TrimSpace(string(mirror.CA())), "\n", "\n    ")
	objects := fmt.Sprintf(`
apiVersion: v1
kind: ConfigMap
metadata: {name: registry-cas, namespace: openshift-config}
data:
  %s: |
  %s
---
apiVersion: config.openshift.io/v1
kind: Image
metadata: {name: cluster}
spec: {additionalTrustedCA: {name: registry-cas}, registrySources: {blockedRegistries: [%q]}}
---
apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {name: shop}
spec: {imageDigestMirrors: [{source: registry.invalid/shop, mirrors: [%q], mirrorSourcePolicy: NeverContactSource}]}
`, strings.ReplaceAll(mirror.Host(), ":", ".."), ca, shared.Registry.Host()+"/blocked", mirror.Host()+"/copies")
	eventually(t, "the kinds are served", func() error {
		if out, err := kubectl(t, objects, "apply", "-f", "-"); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	// It would find the new kinds by itself within half a minute.
	if err := shared.StopWebhook(); err != nil {
		t.Fatal(err)
	}
	if err := shared.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warning", func() error {
		if out := apply(t, deployment("mirrored", "web", container), "--dry-run=server"); !strings.HasPrefix(out, never) {
			return fmt.Errorf("got %s\n%s", out, shared.WebhookLog(5))
		}
		return nil
	})
	if mirror.Counts()[imagetest.GetManifest] == 0 {
		t.Errorf("the mirror was not asked: %v", mirror.Counts())
	}

	// What the cluster blocks is not asked, and no tenant is told more than that
	// it could not be.
	if _, err := shared.Registry.PushSpecs(t.Context(), "blocked/web:1", imagetest.Spec{Entrypoint: []string{"node"}}); err != nil {
		t.Fatal(err)
	}
	shared.Registry.ResetCounts()
	apply(t, deployment("mirrored", "blocked", "{name: app, image: REGISTRY/blocked/web:1}"), "--dry-run=server")
	if n := len(shared.Registry.Counts()); n > 0 {
		t.Errorf("a blocked registry was asked: %v", shared.Registry.Counts())
	}
	out, err := kubectl(t, "", "patch", "images.config.openshift.io", "cluster", "--type=merge", "-p", `{"spec": {"registrySources": {"blockedRegistries": []}}}`)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "no longer blocked", func() error {
		if out := apply(t, deployment("mirrored", "blocked", "{name: app, image: REGISTRY/blocked/web:1}"), "--dry-run=server"); !strings.HasPrefix(out, never) {
			return fmt.Errorf("got %s", out)
		}
		return nil
	})
}
