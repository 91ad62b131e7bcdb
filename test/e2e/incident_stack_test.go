//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/alertmanager"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/test/mailserver"
)

func startIncident(t *testing.T) *incident {
	t.Helper()
	i := &incident{installation: newInstallation(t)}
	at, err := url.Parse(i.Server)
	if err != nil {
		t.Fatal(err)
	}
	group, err := process.New(t.Context(), t.TempDir(), "incident")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Stop(); err != nil {
			t.Error(err)
		}
	})
	i.mails, err = mailserver.Start(t.Context(), group, shared.builder.Debian, mailserver.Options{
		Address: at.Hostname(), User: mailUser, Password: mailPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	i.install(t, i.overlay(t, "default", i.changes(t)))
	address := strings.TrimSpace(i.run(t, "", "-n", "initguard-system", "get", "service", "initguard-responder", "-o", "jsonpath={.spec.clusterIP}"))
	programs, err := alertmanager.Unpack(t.Context(), shared.builder.Debian)
	if err != nil {
		t.Fatal(err)
	}
	i.alerts, err = programs.Start(t.Context(), group, "alertmanager", fmt.Sprintf(`route:
  receiver: initguard
  group_by: [namespace, pod]
  group_wait: 1s
  group_interval: 5s
receivers:
  - name: initguard
    webhook_configs:
      - url: http://%s:8082/alerts
        http_config: {authorization: {credentials: %s}}
`, address, alertsToken))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// changes are what a platform sets: its mail server, whom it tells and when, a
// token for its Alertmanager, evictions; and here that all of it is quick.
func (i *incident) changes(t *testing.T) string {
	t.Helper()
	ca, err := os.ReadFile(i.mails.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`apiVersion: config.initguard.dev/v1alpha1
kind: ResponderConfig
notices:
  platform: platform@example.org
  domains: [example.org]
  warning: {zombies: 4, workloadZombies: 0, limitPercent: 0, limitIn: 0s}
  critical: {zombies: 4, perHour: 0, limitPercent: 0, limitIn: 0s}
  hold: 0s
  gather: 0s
  pause: 1m
mail:
  host: %s
  port: %d
  from: initguard <initguard@example.org>
  clusterName: silver
  caFile: /etc/initguard/mail/ca.crt
  userFile: /etc/initguard/mail/user
  passwordFile: /etc/initguard/mail/password
remedy:
  mode: evict
  thresholds: {zombies: 4, limitPercent: 0, limitIn: 0s}
  hold: 0s
  settle: 1m
`, i.mails.Host, i.mails.Port)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	secret := func(name string, data map[string]string) string {
		encoded := make(map[string]string)
		for k, v := range data {
			encoded[k] = base64.StdEncoding.EncodeToString([]byte(v))
		}
		text, err := json.Marshal(map[string]any{
			"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": name, "namespace": "initguard-system"}, "data": encoded,
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	i.run(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: initguard-system, labels: {app.kubernetes.io/name: initguard}}\n", "apply", "-f", "-")
	i.run(t, secret("initguard-mail", map[string]string{"user": mailUser, "password": mailPassword, "ca.crt": string(ca)}), "apply", "-f", "-")
	i.run(t, secret("initguard-alerts", map[string]string{"token": alertsToken}), "apply", "-f", "-")
	return fmt.Sprintf(`components: [%q]
configMapGenerator:
  - name: initguard-responder-config
    namespace: initguard-system
    behavior: replace
    literals: [%q]
patches:
  - target: {kind: DaemonSet, name: initguard-scanner}
    patch: '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--interval=2s"}]'
  - target: {kind: Deployment, name: initguard-responder}
    patch: |
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --interval=2s}
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --refresh=5s}
`, i.relative(t, dir, "manifests/components/remedy"), "responder.yaml="+settings)
}

// relative is a folder of the repository as seen from one beside dir: kustomize
// takes no absolute path.
func (i *incident) relative(t *testing.T, dir, folder string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(shared.builder.Repo, folder))
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.Rel(dir, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// incidentWorkload is a Deployment that its probe leaves orphans in, in every pod
// without end, or as many as orphans says.
const incidentWorkload = `apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: shop-prod}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 0
      automountServiceAccountToken: false
      containers:
        - name: app
          image: %[3]s
          command: [sleep, infinity]%[5]s
          readinessProbe:
            exec: {command: [sh, -c, %[4]q]}
            periodSeconds: 3
            timeoutSeconds: 20
            failureThreshold: 100
`

// workloads brings the team's namespace: who it is, that it wants evictions, and
// that initguard may do so there.
func (i *incident) workloads(t *testing.T) {
	t.Helper()
	i.run(t, `apiVersion: v1
kind: Namespace
metadata:
  name: shop-prod
  labels: {initguard.dev/remediate: evict}
  annotations:
    contact.initguard.dev/technical-lead: lead@example.org
    contact.initguard.dev/product-owner: owner@example.org, stranger@example.com
`, "apply", "-f", "-")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("namespace: shop-prod\nresources: [%q]\n", i.relative(t, dir, "manifests/components/remedy/namespace"))
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	i.run(t, "", "apply", "-k", dir)
	i.run(t, fmt.Sprintf(incidentWorkload, "worker", 2, i.push(t), images.ProgramFolder+"/orphan", ""), "apply", "-f", "-")
	// Two zombies, once: too few to tell anybody of.
	few := "test -e /tmp/done || { touch /tmp/done && " + images.ProgramFolder + "/orphan -count 2; }"
	i.run(t, fmt.Sprintf(incidentWorkload, "quiet", 1, i.push(t), few, ""), "apply", "-f", "-")
	for _, name := range []string{"worker", "quiet"} {
		i.run(t, "", "-n", incidentNamespace, "rollout", "status", "deployment/"+name, "--timeout="+readyMost.String())
	}
	i.first = i.pods(t, "worker")
}

// push pushes the workloads' image and names it by its digest.
func (i *incident) push(t *testing.T) string {
	t.Helper()
	image, err := shared.builder.Build(t.Context(), images.Spec{Programs: []string{"orphan"}, Config: imagetest.Spec{Entrypoint: []string{"sleep", "infinity"}}})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := shared.open.Push(t.Context(), "incident:1", image)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(shared.open.Reference("incident:1"), ":1") + "@" + digest
}
