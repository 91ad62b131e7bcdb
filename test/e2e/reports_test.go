//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
)

// The flood: so many zombies at a steady rate, against the limit of a pod.
const (
	floodZombies = 5000
	floodBatch   = 10
	floodEvery   = 300 * time.Millisecond
	podPIDs      = 6000
	askedAt      = 2000
	// forecastOff is how far off a forecast may be, of the time that it is ahead.
	forecastOff = 0.2
)

const (
	// reportMost bounds the way of a change into the reports: a scan, a request, a
	// write and, where nothing material changed, the refresh.
	reportMost = time.Minute
	// floodMost bounds the flood, on a machine that is busy.
	floodMost = 10 * time.Minute
)

// reports is a node of its own with all of initguard that finds zombies.
type reports struct {
	*env
	program string
}

// TestZombieReports follows zombies from the kernel to `kubectl get zombies`:
// scanner and responder of the manifests on a node of their own, whose
// components are restarted meanwhile.
func TestZombieReports(t *testing.T) {
	r := startReports(t)
	r.workloads(t)
	r.steady(t)
	asked := r.asked(t)
	r.restarts(t)
	r.forecast(t, asked)
	r.stopped(t)
	r.printed(t)
	r.deleted(t)
}

func startReports(t *testing.T) *reports {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Options{Node: &cluster.NodeOptions{PodPIDs: podPIDs}})
	if err != nil {
		t.Fatal(err)
	}
	r := &reports{env: &env{cluster: c, builder: shared.builder, open: shared.open}, program: program(t)}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := c.Kubectl(context.Background(), "get", "pods,zombies", "-A", "-o", "wide").CombinedOutput()
			logs, _ := c.Kubectl(context.Background(), "-n", "initguard-system", "logs", "deployment/initguard-responder", "--tail=50").CombinedOutput()
			t.Logf("%s\n%s\n%s", out, logs, c.Logs(20))
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := c.Node.AddRegistry(r.open.Host()); err != nil {
		t.Fatal(err)
	}
	r.install(t)
	return r
}

// install applies scanner and responder as an overlay of a platform team does,
// asking the kubelet for the limit.
func (r *reports) install(t *testing.T) {
	t.Helper()
	files := make(map[string]string)
	for _, name := range []string{"cmd/initguard", "cmd/initguard/initguard-scanner"} {
		path, err := binaries.Own(t.Context(), name, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files["/"+filepath.Base(name)] = string(text)
	}
	image := r.push(t, "initguard:reports", images.Spec{Files: files, Config: imagetest.Spec{Entrypoint: []string{"/initguard"}, User: "65532:65532"}})
	overlay := t.TempDir()
	var components []string
	for _, name := range []string{"scanner", "responder", "responder-kubelet-limits"} {
		path, err := filepath.Abs(filepath.Join(r.builder.Repo, "manifests/components", name))
		if err != nil {
			t.Fatal(err)
		}
		if path, err = filepath.Rel(overlay, path); err != nil { // kustomize takes no absolute path
			t.Fatal(err)
		}
		components = append(components, fmt.Sprintf("%q", path))
	}
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: initguard-system, labels: {pod-security.kubernetes.io/enforce: restricted}}\n"
	kustomization := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [namespace.yaml]
components: [%s]
images: [{name: initguard, newName: %s, newTag: reports}]
patches:
  - target: {kind: DaemonSet}
    patch: '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--interval=2s"}]'
  - target: {kind: Deployment}
    patch: |
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --interval=2s}
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --refresh=5s}
`, strings.Join(components, ", "), strings.TrimSuffix(image, ":reports"))
	for name, text := range map[string]string{"namespace.yaml": namespace, "kustomization.yaml": kustomization} {
		if err := os.WriteFile(filepath.Join(overlay, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.kubectl(t, "apply", "-k", overlay)
	r.kubectl(t, "wait", "--for=condition=Established", "--timeout=1m", "crd/zombiereports.initguard.dev")
}

func (r *reports) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := r.cluster.Kubectl(t.Context(), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %q: %v: %s", args, err, out)
	}
	return string(out)
}

// reportCase is a workload, and what has to be reported of it.
type reportCase struct {
	kind, name string
	replicas   int
	packages   []string
	argv       []string
	// probe leaves an orphan, until somebody makes /tmp/stop.
	probe, share bool
	// cause is empty where there must be no report.
	cause, parent, child string
	// zombies of each pod; 0 where a probe makes ever more.
	zombies int
}

// stoppable is a probe that leaves orphans until it is told to stop.
const stoppable = "test -e /tmp/stop || " + images.ProgramFolder + "/orphan"

func reportCases() []reportCase {
	sleep, tini, python := []string{"sleep", "infinity"}, []string{"tini", "--"}, []string{"python3-minimal"}
	unwaited := []string{"python3", "-c", fmt.Sprintf(unwaiting, "pass")}
	flood := fmt.Sprintf("setsid %s/flood -orphans %d -batch %d -every %s -stay & exec sleep infinity",
		images.ProgramFolder, floodZombies, floodBatch, floodEvery)
	return []reportCase{
		{kind: "StatefulSet", name: "mongo", replicas: 1, argv: sleep, probe: true, cause: "PID1NotReaping", parent: "sleep", child: "orphan"},
		{
			kind: "Deployment", name: "worker", replicas: 2, packages: append(python, "tini"), argv: append(tini, unwaited...),
			cause: "ParentNotWaiting", parent: "python3", child: "python3", zombies: 3,
		},
		{kind: "Deployment", name: "healthy", replicas: 1, packages: []string{"tini"}, argv: append(tini, sleep...), probe: true},
		{kind: "Deployment", name: "shared", replicas: 1, argv: sleep, probe: true, share: true},
		{kind: "Deployment", name: "flood", replicas: 1, argv: []string{"sh", "-c", flood}, cause: "PID1NotReaping", parent: "sleep", child: "true"},
		{
			kind: "Deployment", name: "own", replicas: 1, packages: python, argv: unwaited,
			cause: "PID1Ambiguous", parent: "python3", child: "python3", zombies: 3,
		},
	}
}

// workloads applies all, and waits until all run.
func (r *reports) workloads(t *testing.T) {
	t.Helper()
	for _, c := range reportCases() {
		image := r.push(t, "report-"+c.name+":1", images.Spec{
			Packages: c.packages, Programs: []string{"orphan", "flood"}, Config: imagetest.Spec{Entrypoint: c.argv},
		})
		p := pod{image: image, share: c.share}
		if c.probe {
			p.probe = []string{"sh", "-c", stoppable}
		}
		podSpec := p.spec()
		if !c.share {
			podSpec.ShareProcessNamespace = nil // it is nobody's wish, so that it may be advised
		}
		labels := map[string]string{"app": c.name}
		spec := map[string]any{
			"replicas": c.replicas, "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": podSpec},
		}
		if c.kind == "StatefulSet" {
			spec["serviceName"] = c.name
		}
		manifest, err := json.Marshal(map[string]any{"apiVersion": "apps/v1", "kind": c.kind, "metadata": map[string]any{"name": c.name}, "spec": spec})
		if err != nil {
			t.Fatal(err)
		}
		r.apply(t, manifest)
	}
	for _, c := range reportCases() {
		r.kubectl(t, "rollout", "status", strings.ToLower(c.kind)+"/"+c.name, "--timeout=5m")
	}
	r.kubectl(t, "-n", "initguard-system", "rollout", "status", "deployment/initguard-responder", "--timeout=5m")
	r.kubectl(t, "-n", nodeNamespace, "rollout", "status", "daemonset/initguard-scanner", "--timeout=5m")
}

// get is what is reported, by workload.
func (r *reports) get(ctx context.Context) (map[string]v1alpha1.ZombieReport, error) {
	out, err := r.cluster.Kubectl(ctx, "get", "zombiereports", "-A", "-o", "json").Output()
	if err != nil {
		return nil, err
	}
	var list v1alpha1.ZombieReportList
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, err
	}
	found := make(map[string]v1alpha1.ZombieReport)
	for _, item := range list.Items {
		found[item.Status.Summary.Workload] = item
	}
	return found, nil
}

// awaitReport waits until the report of a workload is as it should be.
func (r *reports) awaitReport(t *testing.T, most time.Duration, what, workload string, is func(v1alpha1.ZombieReportStatus) (bool, string)) v1alpha1.ZombieReportStatus {
	t.Helper()
	var s v1alpha1.ZombieReportStatus
	await(t, most, what, func() (bool, string) {
		all, err := r.get(t.Context())
		if err != nil {
			return false, err.Error()
		}
		report, ok := all[workload]
		if s = report.Status; !ok {
			return false, fmt.Sprintf("no report of %s among %d", workload, len(all))
		}
		good, seen := is(s)
		return good, fmt.Sprintf("%s: %+v", seen, s)
	})
	return s
}

// check compares a report with what has to be in it.
func (c reportCase) check(s v1alpha1.ZombieReportStatus) (bool, string) {
	if int(s.Summary.Pods) != c.replicas || s.Summary.Cause != c.cause || s.Summary.Parent != c.parent || len(s.History) != 1 {
		return false, "summary"
	}
	if c.zombies > 0 && int(s.Summary.Zombies) != c.replicas*c.zombies {
		return false, "zombies"
	}
	for _, p := range s.Pods {
		if len(p.Containers) != 1 || p.Containers[0].Name != "main" || len(p.Containers[0].Causes) != 1 {
			return false, "containers"
		}
		cause := p.Containers[0].Causes[0]
		if cause.Cause != c.cause || cause.Parent != c.parent || len(cause.Children) != 1 || cause.Children[0].Name != c.child || cause.Zombies != p.Zombies {
			return false, "cause"
		}
	}
	return true, ""
}

func (c reportCase) workload() string { return c.kind + "/" + c.name }

// steady waits for all reports, and that there are no others.
func (r *reports) steady(t *testing.T) {
	t.Helper()
	for _, c := range reportCases() {
		if c.cause != "" {
			r.awaitReport(t, 2*reportMost, "report of "+c.name, c.workload(), c.check)
		}
	}
	r.noOthers(t)
}

func (r *reports) noOthers(t *testing.T) {
	t.Helper()
	all, err := r.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range reportCases() {
		if c.cause != "" {
			delete(all, c.workload())
		}
	}
	for name, report := range all {
		t.Errorf("%s is reported: %+v", name, report.Status)
	}
}

// first is the PID 1 of the container of a workload's one pod.
func (r *reports) first(t *testing.T, name string) podproc.Process {
	t.Helper()
	return firstProcess(t, r.running(t, r.podOf(t, name)))
}

func (r *reports) podOf(t *testing.T, name string) string {
	t.Helper()
	return r.kubectl(t, "get", "pods", "-l", "app="+name, "-o", "jsonpath={.items[0].metadata.name}")
}

// printed looks at what people see.
func (r *reports) printed(t *testing.T) {
	t.Helper()
	out := r.kubectl(t, "get", "zombies", "-A")
	for _, line := range []string{
		`NAMESPACE +NAME +WORKLOAD +PODS +ZOMBIES +OLDEST +PER HOUR +PID LIMIT IN +CAUSE`,
		`default +statefulset-mongo +StatefulSet/mongo +1 +\d+ +\d\S+ +\d+ +\S+ +PID1NotReaping`,
		`default +deployment-worker +Deployment/worker +2 +6 +\d\S+ +- +- +ParentNotWaiting`,
		`default +deployment-own +Deployment/own +1 +3 +\d\S+ +- +- +PID1Ambiguous`,
		`default +deployment-flood +Deployment/flood +1 +5000 +\d\S+ +\d+ +\S+ +PID1NotReaping`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + ` *$`).MatchString(out) {
			t.Errorf("kubectl get zombies -A lacks %q:\n%s", line, out)
		}
	}
	pod := r.podOf(t, "mongo")
	text := r.explain(t, pod)
	for _, want := range []string{
		"Pod " + pod + " of StatefulSet/mongo in namespace default", "all called orphan",
		"PID1NotReaping: PID 1 is sleep, which does not wait for orphans; an init would", "the readinessProbe (exec), which runs every 3 s",
		"of 6,000 in use", "kubectl -n default delete pod " + pod, "spec.template.spec.shareProcessNamespace: true", "shareProcessNamespace: true",
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("initguard zombies %s lacks %q:\n%s", pod, want, text)
		}
	}
	if text := r.explain(t, "deploy/worker"); !strings.Contains(text, "python3 waits for the processes that it starts") || strings.Contains(text, "tini") {
		t.Errorf("initguard zombies deploy/worker:\n%s", text)
	}
}

// explain runs `initguard zombies` as a user would.
func (r *reports) explain(t *testing.T, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), r.program, "zombies", "--kubeconfig", r.cluster.Kubeconfig(), "--plain-http", r.open.Host(), name)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("initguard zombies %s: %v: %s", name, err, errOut.String())
	}
	return string(out)
}
