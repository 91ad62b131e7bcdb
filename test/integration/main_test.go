// Package integration tests initguard as a user meets it: through kubectl, a
// real API server and a real registry.
package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/poll"
	"github.com/initguard/initguard/test/stack"
)

// shared is the stack that all tests use, each in a namespace of its own.
var shared *stack.Stack

const auditLog = "audit.log"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	repo, err := filepath.Abs("../..")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	policy := filepath.Join(repo, "test", "cluster", "testdata", "audit-policy.yaml")
	shared, err = stack.Start(ctx, stack.Options{
		Repo: repo, Progress: os.Stderr, Race: raceEnabled, Config: settings,
		APIServerArgs: []string{"--audit-policy-file=" + policy, "--audit-log-path=" + auditLog},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		return 1
	}
	code := 1
	if err := shared.PushExamples(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
	} else {
		code = m.Run()
	}
	if code != 0 {
		fmt.Fprintln(os.Stderr, shared.WebhookLog(40))
	}
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		return 1
	}
	return code
}

// settings let wrap be used: no node runs here that could be seen to run
// initguard's image.
func settings(host string) string {
	return stack.Config(host) + "injection:\n  wrap: {image: " + host + "/initguard/initguard:v1.0.0, requireSeen: false}\n"
}

// kubectl runs a command with a manifest on standard input and returns all
// that a user would see.
func kubectl(t *testing.T, manifest string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := shared.Cluster.Kubectl(ctx, args...)
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(manifest, "REGISTRY", shared.Registry.Host()))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// apply applies a manifest, which must be admitted.
func apply(t *testing.T, manifest string, args ...string) string {
	t.Helper()
	out, err := kubectl(t, manifest, append([]string{"apply", "-f", "-"}, args...)...)
	if err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
	return out
}

// namespace makes a namespace with labels, written as in YAML.
func namespace(t *testing.T, name, labels string) {
	t.Helper()
	out := apply(t, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "+name+"\n  labels: {"+labels+"}\n")
	if strings.Contains(out, "initguard:") {
		t.Fatalf("labels {%s}: %s", labels, out)
	}
}

// eventually polls until check is nil or the deadline passes.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	poll.Until(t, 200*time.Millisecond, 45*time.Second, what, check)
}

// calls is how many admission requests the webhook has answered.
func calls(t *testing.T) string {
	t.Helper()
	text, err := shared.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "initguard_admission_requests_total") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

const exposedContainer = `{name: app, image: REGISTRY/shop/web:1.4, readinessProbe: {exec: {command: [sh, -c, "x | y"]}}}`

func deployment(namespace, name, container string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  selector: {matchLabels: {app: %[2]s}}
  template:
    metadata: {labels: {app: %[2]s}}
    spec: {containers: [%[3]s]}
`, namespace, name, container)
}
