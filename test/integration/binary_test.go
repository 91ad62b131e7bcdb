package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// initguard runs the binary and returns all that it prints and its exit code.
func initguard(t *testing.T, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, shared.Binary(), args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// TestStartIsRefused: what would only fail later is refused at start, with the
// place and the fix.
func TestStartIsRefused(t *testing.T) {
	write := func(name, content string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	header := "apiVersion: config.initguard.dev/v1alpha1\nkind: InitguardConfig\n"
	certs := filepath.Join(filepath.Dir(shared.ConfigFile), "certs")
	kubeconfig := filepath.Join(filepath.Dir(shared.ConfigFile), "kubeconfig")
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"no such pod", []string{"--cert-dir", certs, "--kubeconfig", kubeconfig, "--pod", "webhook"}, []string{"--pod", "namespace/name"}},
		{"no such config", []string{"--cert-dir", certs, "--kubeconfig", kubeconfig, "--config", "/no/such"}, []string{"/no/such"}},
		{
			"unknown field", []string{"--cert-dir", certs, "--kubeconfig", kubeconfig, "--config", write("c.yaml", header+"defaults:\n  wran: never\n")},
			[]string{"c.yaml:4: defaults.wran", "warn"},
		},
		{
			"wrong value", []string{"--cert-dir", certs, "--kubeconfig", kubeconfig, "--config", write("c.yaml", header+"inspection: {deadline: 1h}\n")},
			[]string{"c.yaml:3: inspection.deadline"},
		},
		{"no such cluster", []string{"--cert-dir", certs, "--kubeconfig", "/no/such"}, []string{"--kubeconfig", "/no/such"}},
	}
	for _, test := range tests {
		out, code := initguard(t, append([]string{"webhook"}, test.args...)...)
		for _, want := range test.want {
			if code == 0 || !strings.Contains(out, want) {
				t.Errorf("%s: exit %d: %s; want %q", test.name, code, out, want)
			}
		}
	}
}

// TestPlugin: under the name kubectl-initguard, kubectl finds it.
func TestPlugin(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(shared.Binary(), filepath.Join(dir, "kubectl-initguard")); err != nil {
		t.Fatal(err)
	}
	cmd := shared.Cluster.Kubectl(t.Context(), "initguard", "image", "--help")
	cmd.Env = append(cmd.Env, "PATH="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "kubectl initguard image") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestConfiguredKind: a custom resource is judged by the path of its template.
func TestConfiguredKind(t *testing.T) {
	namespace(t, "rollouts", "")
	apply(t, crd("argoproj.io", "rollouts", "Rollout"))
	if out, err := kubectl(t, "", "wait", "--for=condition=Established", "crd/rollouts.argoproj.io", "--timeout=30s"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rule := `[{"op":"add","path":"/webhooks/0/rules/-","value":{"apiGroups":["argoproj.io"],"apiVersions":["v1"],"resources":["rollouts"],"operations":["CREATE","UPDATE"],"scope":"Namespaced"}}]`
	if out, err := kubectl(t, "", "patch", "validatingwebhookconfiguration", "initguard", "--type=json", "-p", rule); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	original, err := os.ReadFile(shared.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	content := string(original) + "workloads: [{group: argoproj.io, kind: Rollout, templatePath: spec.template}]\n"
	if err := os.WriteFile(shared.ConfigFile, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(shared.ConfigFile, original, 0o600) //nolint:errcheck // another test's deadline tells
	manifest := "apiVersion: argoproj.io/v1\nkind: Rollout\nmetadata: {name: web, namespace: rollouts}\nspec: {template: {spec: {containers: [" + exposedContainer + "]}}}"
	eventually(t, "a warning for a Rollout", func() error {
		if out := apply(t, manifest, "--dry-run=server"); !strings.Contains(out, "fix: spec.template.spec.shareProcessNamespace: true") {
			return fmt.Errorf("got %s", out)
		}
		return nil
	})
}
