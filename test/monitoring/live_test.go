package monitoring

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/poll"
	"github.com/initguard/initguard/test/stack"
)

// within bounds all that is waited for; it takes seconds on an idle machine.
const within = 2 * time.Minute

// live is an API server with a webhook, a responder whose one scanner tells of
// zombies, and a Prometheus that scrapes all three.
type live struct {
	*stack.Stack
	group      *process.Group
	responder  string // where its metrics are
	alerts     string // where it takes alerts
	settings   string // its configuration file
	prometheus string
	round      int         // of traffic
	mended     atomic.Bool // the zombies are gone
}

func start(t *testing.T) *live {
	t.Helper()
	l := begin(t)
	l.startPrometheus(t, rules(t))
	l.gather(t)
	return l
}

// begin has the API server, the webhook and the responder run.
func begin(t *testing.T) *live {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	l := &live{}
	if l.Stack, err = stack.Start(ctx, stack.Options{Repo: repo, Progress: os.Stderr, Config: settings}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l.WebhookLog(20))
		}
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := l.PushExamples(ctx); err != nil {
		t.Fatal(err)
	}
	if l.group, err = process.New(ctx, filepath.Dir(l.Cluster.Dir), "monitoring"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l.group.Logs(30))
		}
		if err := l.group.Stop(); err != nil {
			t.Error(err)
		}
	})
	l.install(t)
	l.startResponder(t)
	return l
}

// gather has zombies be found, when Prometheus saw a report that could not be
// written.
func (l *live) gather(t *testing.T) {
	t.Helper()
	l.apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}")
	end := l.refuseReports(t)
	l.startScanner(t)
	l.seen(t, `initguard_report_writes_total{result="error"} > 0`)
	end()
}

// settings let wrap be used: no node runs here that could be seen to run
// initguard's image.
func settings(host string) string {
	return stack.Config(host) + "injection:\n  wrap: {image: " + host + "/initguard/initguard:v1.0.0, requireSeen: false}\n"
}

// kubectl runs a command with a manifest on standard input, and returns all that
// it says.
func (l *live) kubectl(t *testing.T, manifest string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := l.Cluster.Kubectl(ctx, args...)
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(manifest, "REGISTRY", l.Registry.Host()))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (l *live) apply(t *testing.T, manifest string) {
	t.Helper()
	l.kubectl(t, manifest, "apply", "-f", "-")
}

// install applies scanner and responder as they are.
func (l *live) install(t *testing.T) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Abs("../../manifests")
	if err == nil {
		manifests, err = filepath.Rel(dir, manifests) // kustomize takes no absolute path
	}
	if err == nil {
		text := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ncomponents: [%[1]s/components/scanner, %[1]s/components/responder]\n", manifests)
		err = os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.kubectl(t, "", "apply", "-k", dir)
	l.kubectl(t, "", "wait", "--for=condition=Established", "crd/zombiereports.initguard.dev", "--timeout=30s")
}

// kubeconfig is one of a ServiceAccount in initguard-system.
func (l *live) kubeconfig(t *testing.T, account string) string {
	t.Helper()
	token := l.kubectl(t, "", "create", "token", account, "-n", "initguard-system", "--duration=1h")
	file := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: %q, certificate-authority-data: %s}}]
users: [{name: test, user: {token: %q}}]
`, l.Cluster.Server, base64.StdEncoding.EncodeToString(l.Cluster.CA), token)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// responderSettings is a configuration that uses all that the responder has: of
// the token's file and the mail server's port.
const responderSettings = `apiVersion: config.initguard.dev/v1alpha1
kind: ResponderConfig
notices:
  platform: platform@example.com
  warning: {zombies: 50}
  hold: 0s
  gather: 0s
  environments: [{name: prod}]
mail: {host: 127.0.0.1, port: %[2]s, tls: none, from: initguard@example.com}
remedy: {mode: dry-run, hold: 0s}
alerts: {tokenFile: %[1]s}
`

const alertToken = "a-token-of-the-tests"

func (l *live) startResponder(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	l.settings = filepath.Join(dir, "responder.yaml")
	for file, text := range map[string]string{token: alertToken, l.settings: fmt.Sprintf(responderSettings, token, mailServer(t))} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.responder, l.alerts = freeAddress(t), freeAddress(t)
	_, err := l.group.Start(process.Spec{
		Name: "responder", Path: l.Binary(), Env: os.Environ(), Grace: 10 * time.Second,
		Args: []string{
			"responder", "--kubeconfig", l.kubeconfig(t, "initguard-responder"), "--config", l.settings, "--interval=1s", "--refresh=1s", "--pod-pid-limit=1000",
			"--health-probe-bind-address=0", "--metrics-bind-address", l.responder, "--alerts-bind-address", l.alerts,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// startScanner has a scanner tell of a pod with zombies.
func (l *live) startScanner(t *testing.T) {
	t.Helper()
	l.apply(t, `apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop}
spec: {nodeName: node-1, containers: [{name: app, image: REGISTRY/shop/web:1.4}]}
`)
	l.status(t, "shop", "web-0", `{"phase":"Running","containerStatuses":[{"name":"app","image":"a","imageID":"a","ready":true,"restartCount":0,"containerID":"containerd://`+theContainer+`"}]}`)
	pod := l.kubectl(t, "", "get", "pod", "web-0", "-n", "shop", "-o", "jsonpath={.metadata.uid}")

	var certificate struct{ Data map[string][]byte }
	poll.Until(t, 200*time.Millisecond, within, "the scanners' certificate", func() error {
		if err := json.Unmarshal([]byte(l.kubectl(t, "", "get", "secret", "initguard-scanner-tls", "-n", "initguard-node", "-o", "json")), &certificate); err != nil {
			return err
		}
		if len(certificate.Data) != 3 {
			return fmt.Errorf("%d files", len(certificate.Data))
		}
		return nil
	})
	port := machine{pod, &l.mended}.serve(t, certificate.Data)
	l.apply(t, scannerPod(port))
	l.status(t, "initguard-node", "initguard-scanner-a", `{"phase":"Running","podIP":"127.0.0.1","podIPs":[{"ip":"127.0.0.1"}]}`)
}

// status is what a kubelet would say of a pod.
func (l *live) status(t *testing.T, namespace, pod, status string) {
	t.Helper()
	l.kubectl(t, "", "patch", "pod", pod, "-n", namespace, "--subresource=status", "--type=merge", "-p", `{"status":`+status+`}`)
}
