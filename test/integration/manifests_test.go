package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/initguard/initguard/test/openshift"
)

const manifests = "../../manifests"

// TestManifests has the API server check everything that can be installed, as
// strictly as on a real install, and the pods by Pod Security too.
func TestManifests(t *testing.T) {
	for _, c := range []struct{ group, plural, kind string }{
		{"cert-manager.io", "issuers", "Issuer"}, {"cert-manager.io", "certificates", "Certificate"},
		{"monitoring.coreos.com", "podmonitors", "PodMonitor"}, {"monitoring.coreos.com", "prometheusrules", "PrometheusRule"},
	} {
		apply(t, crd(c.group, c.plural, c.kind))
		established(t, c.plural+"."+c.group)
	}
	apply(t, openshift.SCC)
	established(t, "securitycontextconstraints.security.openshift.io")
	apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: openshift-config}") // where a cluster's CAs are
	overlays, err := os.ReadDir(filepath.Join(manifests, "overlays"))
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{"every component": everything(t)}
	for _, o := range overlays {
		folders["overlay "+o.Name()] = filepath.Join(manifests, "overlays", o.Name())
	}
	for name, folder := range folders {
		t.Run(name, func(t *testing.T) {
			built := build(t, folder)
			namespaces, workloads := 0, 0
			for _, o := range objects(t, built) {
				if o.Kind == "Namespace" {
					namespaces++
					if out, err := kubectl(t, string(o.text), "apply", "-f", "-"); err != nil {
						t.Fatalf("%v: %s", err, out)
					}
				}
			}
			out, err := kubectl(t, built, "apply", "--dry-run=server", "--validate=strict", "-f", "-")
			if err != nil || strings.Contains(out, "Warning:") && !strings.Contains(out, "missing the kubectl.kubernetes.io/last-applied-configuration") {
				t.Errorf("%v: %s", err, out)
			}
			for _, o := range objects(t, built) {
				if o.Spec.Template == nil {
					continue
				}
				workloads++
				pod := fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","namespace":%q},"spec":%s}`, o.Metadata.Namespace, o.Spec.Template.Spec)
				if out, err := kubectl(t, pod, "create", "--dry-run=server", "-f", "-"); err != nil || strings.Contains(out, "Warning") {
					t.Errorf("%s %s: its pods: %v: %s", o.Kind, o.Metadata.Name, err, out)
				}
			}
			if namespaces == 0 || workloads == 0 {
				t.Errorf("%d namespaces, %d workloads: nothing was checked", namespaces, workloads)
			}
		})
	}
}

// established waits until the API server serves a custom resource.
func established(t *testing.T, name string) {
	t.Helper()
	if out, err := kubectl(t, "", "wait", "--for=condition=Established", "crd/"+name, "--timeout=30s"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// everything is a folder with the base and every component, of the two for
// certificates the one that takes no other.
func everything(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(manifests, "components"))
	if err != nil {
		t.Fatal(err)
	}
	// These come first: others patch what is in them.
	names := []string{"certs-built-in", "scanner", "responder"}
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && name != "certs-files" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	dir := t.TempDir()
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(manifests)
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(dir, absolute)
	if err != nil {
		t.Fatal(err)
	}
	text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [" + filepath.Join(relative, "base") + "]\ncomponents:\n"
	for _, name := range names {
		text += "  - " + filepath.Join(relative, "components", name) + "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func build(t *testing.T, folder string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := shared.Cluster.Kubectl(context.WithoutCancel(t.Context()), "kustomize", folder)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err = errors.Join(err, said(stderr.String())); err != nil {
		t.Fatalf("kustomize %s: %v", folder, err)
	}
	return string(out)
}

// said makes kustomize's warnings, about fields that are going away, errors.
func said(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return errors.New(text)
}

type built struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		Template *struct{ Spec json.RawMessage }
	}
	text []byte
}

func objects(t *testing.T, text string) []built {
	t.Helper()
	var out []built
	for _, document := range strings.Split(text, "\n---\n") {
		o := built{text: []byte(document)}
		if err := yaml.Unmarshal(o.text, &o); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		out = append(out, o)
	}
	return out
}
