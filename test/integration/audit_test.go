package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// auditedContainers are workloads of every kind of answer, by the name of their
// deployment.
func auditedContainers() map[string]string {
	return map[string]string{
		"exposed":  exposedContainer,
		"possible": `{name: app, image: REGISTRY/shop/web:1.4}`,
		"clean":    `{name: app, image: REGISTRY/shop/web-tini:1.4}`,
		"unknown":  `{name: app, image: REGISTRY/shop/absent:1}`,
	}
}

type auditReport struct {
	Workloads []struct {
		Kind, Name, Risk string
		Injection        map[string]struct{ Strategy string }
	}
	Settings []struct {
		Mode, Risk string
		Workloads  int
	}
	Problems []string
	Summary  struct{ Workloads, Unknown int }
}

// audit runs initguard audit with the rights and logins of the platform.
func audit(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, shared.Binary(), append([]string{"audit", "--kubeconfig", shared.Cluster.Kubeconfig(), "--config", shared.ConfigFile}, args...)...)
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/config.json", shared.Registry.DockerConfig(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+dir)
	var out, errOut strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errOut
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

func auditJSON(t *testing.T, args ...string) auditReport {
	t.Helper()
	out, errOut, code := audit(t, append(args, "-o", "json")...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	var r auditReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAudit: what audit says a setting would deny is what the cluster denies
// once the namespace is labelled so.
func TestAudit(t *testing.T) {
	namespace(t, "audited", "initguard.dev/warn: never")
	for name, container := range auditedContainers() {
		apply(t, deployment("audited", name, container))
	}
	apply(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: single, namespace: audited}\nspec: {containers: ["+exposedContainer+"]}")
	// What belongs to a workload that is judged itself is told there.
	apply(t, strings.Replace(deployment("audited", "owned", exposedContainer), "kind: Deployment", "kind: ReplicaSet", 1))
	ownReplicaSet(t)

	r := auditJSON(t, "-n", "audited")
	if r.Summary.Workloads != 5 || r.Summary.Unknown != 1 {
		t.Errorf("summary %+v; want 4 deployments and a pod, one unknown", r.Summary)
	}
	for _, s := range r.Settings {
		if s.Mode != "enforce" {
			continue
		}
		namespace(t, "audited-"+s.Risk, "initguard.dev/enforce: "+s.Risk)
		if denied := deniedIn(t, "audited-"+s.Risk); denied != s.Workloads {
			t.Errorf("enforce: %s: audit said %d would be denied, the cluster denies %d", s.Risk, s.Workloads, denied)
		}
	}
	for _, w := range r.Workloads {
		if got := w.Injection["possible"].Strategy; w.Risk != "none" && got != "share-pid" {
			t.Errorf("%s: injection %q, want share-pid", w.Name, got)
		}
	}
}

// ownReplicaSet gives the ReplicaSet an owner.
func ownReplicaSet(t *testing.T) {
	t.Helper()
	uid, err := kubectl(t, "", "get", "deployment", "exposed", "-n", "audited", "-o", "jsonpath={.metadata.uid}")
	if err != nil {
		t.Fatal(err)
	}
	patch := fmt.Sprintf(`{"metadata":{"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"exposed","uid":%q,"controller":true}]}}`, uid)
	if out, err := kubectl(t, "", "patch", "replicaset", "owned", "-n", "audited", "--type=merge", "-p", patch); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// deniedIn counts those of the workloads that a namespace would not take.
func deniedIn(t *testing.T, namespace string) int {
	t.Helper()
	manifests := []string{"apiVersion: v1\nkind: Pod\nmetadata: {name: single, namespace: " + namespace + "}\nspec: {containers: [" + exposedContainer + "]}"}
	for name, container := range auditedContainers() {
		manifests = append(manifests, deployment(namespace, name, container))
	}
	denied := 0
	for _, manifest := range manifests {
		out, err := kubectl(t, manifest, "apply", "--dry-run=server", "-f", "-")
		if err == nil {
			continue
		}
		if !strings.Contains(out, `violates initguard "enforce: `) {
			t.Fatalf("%v: %s", err, out)
		}
		denied++
	}
	return denied
}

// TestAuditPrints: the table and the page name what there is, and what can't be
// read is said.
func TestAuditPrints(t *testing.T) {
	namespace(t, "audit-prints", "initguard.dev/warn: never")
	apply(t, deployment("audit-prints", "web", exposedContainer))
	out, _, code := audit(t, "-n", "audit-prints", "-v")
	for _, want := range []string{"Deployment/web", "DoesNotReap", "share-pid", "enforce: denied when applied anew", "fix  ", "1 workload in 1 namespace"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d: %s\nwant %q", code, out, want)
		}
	}
	page, _, code := audit(t, "-A", "-o", "html")
	for _, want := range []string{"<!doctype html>", `id="audit-prints"`, "Deployment/web"} {
		if code != 0 || !strings.Contains(page, want) {
			t.Errorf("exit %d: the page lacks %q", code, want)
		}
	}
	for _, elsewhere := range []string{"<script", "src=", "@import", "url("} {
		if strings.Contains(page, elsewhere) {
			t.Errorf("the page holds %q: it has to need nothing else", elsewhere)
		}
	}
	_, errOut, code := audit(t, "-n", "audit-prints", "--as", "nobody")
	if code != 2 || !strings.Contains(errOut, "you may not list deployments.apps in namespace audit-prints") {
		t.Errorf("without rights: exit %d: %s", code, errOut)
	}
	_, errOut, code = audit(t, "-n", "no-such")
	if code != 2 || !strings.Contains(errOut, `there is no namespace "no-such"`) {
		t.Errorf("no such namespace: exit %d: %s", code, errOut)
	}
}
