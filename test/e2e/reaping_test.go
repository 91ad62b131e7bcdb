//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/webhook"
)

const (
	// burst is how many orphans a probe leaves, and enough tell a PID 1 that
	// reaps from one that doesn't: those of one probe are orphans for sure when
	// the next one runs.
	burst  = 3
	enough = 2 * burst
	// orphansMost bounds the wait for them, reapMost how late a PID 1 may reap:
	// some do it every few seconds.
	orphansMost = 2 * time.Minute
	reapMost    = 20 * time.Second
	// inspectMost bounds the reading of an image while others are read, pushed
	// and pulled on the same machine.
	inspectMost = 3 * time.Minute
)

// reapingCase is one container, with what is known of it beforehand.
type reapingCase struct {
	name string
	// packages, programs, copies, files and links are what the image holds
	// beside the base.
	packages, programs   []string
	copies, files, links map[string]string
	argv, cmd            []string
	user, workdir        string
	// What the pod says: its args, runAsUser, and scripts of a ConfigMap over
	// those in mountAt, which is scriptFolder where it is empty.
	args    []string
	runAs   int64
	mounted map[string]string
	mountAt string
	share   bool
	// status is the orphans' exit status.
	status int

	// pid1 is the program that stays, and exe its file's base name where that
	// is another one. reaps is true when no orphan stays.
	pid1, exe string
	reaps     bool
	// open is part of the reason why the verdict has to be Unknown, whatever is
	// seen; empty where it has to be right.
	open string
}

// scriptFolder is where the cases have their scripts.
const scriptFolder = "/opt/scripts"

// TestReaping is the ground truth: real programs as PID 1 of real containers,
// and an exec probe that leaves orphans. Who is PID 1 and what stays is seen in
// /proc; the verdict, made as the webhook makes it from what the registry has,
// has to say the same.
func TestReaping(t *testing.T) {
	t.Parallel()
	assessor := newAssessor(t)
	for _, c := range append(programCases(), scriptCases()...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shared.pushCase(t, c)
			result := judge(t, assessor, c)
			compare(t, c, result)
			shared.observe(t, c, result)
		})
	}
}

// newAssessor makes what the webhook judges with.
func newAssessor(t *testing.T) webhook.Assessor {
	t.Helper()
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Options{
		Registries: func() []registry.Registry { return []registry.Registry{{Host: shared.open.Host(), PlainHTTP: true}} },
		Bounds:     registry.Bounds{Timeout: inspectMost, MaxInspections: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return webhook.Assessor{Inspector: client, Evaluator: imageinspect.NewEvaluator(db).Detailed(), Platforms: []string{"linux/" + runtime.GOARCH}}
}

func (e *env) pushCase(t *testing.T, c reapingCase) {
	t.Helper()
	e.push(t, c.name+":1", images.Spec{
		Packages: c.packages, Programs: append(c.programs, "orphan"), Copies: c.copies, Files: c.files, Links: c.links,
		Config: imagetest.Spec{Entrypoint: c.argv, Cmd: c.cmd, User: c.user, WorkingDir: c.workdir},
	})
}

// pod is the case's pod.
func (c reapingCase) pod() pod {
	p := pod{
		name: c.name, image: shared.open.Reference(c.name + ":1"), args: c.args, share: c.share,
		probe: []string{images.ProgramFolder + "/orphan", "-count", fmt.Sprint(burst), "-status", fmt.Sprint(c.status)},
	}
	if c.runAs != 0 {
		p.user = &c.runAs
	}
	if len(c.mounted) > 0 {
		p.scripts = cmp.Or(c.mountAt, scriptFolder)
	}
	return p
}

// judge gives the verdict on the pod's one container.
func judge(t *testing.T, assessor webhook.Assessor, c reapingCase) imageinspect.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), inspectMost)
	defer cancel()
	spec := c.pod().spec()
	return assessor.Assess(ctx, "default", &spec)[0].Result
}

// compare holds the verdict against what is known of the case.
func compare(t *testing.T, c reapingCase, result imageinspect.Result) {
	t.Helper()
	want, pid1 := imageinspect.DoesNotReap, c.pid1
	switch {
	case c.open != "":
		want, pid1 = imageinspect.Unknown, ""
	case c.reaps:
		want = imageinspect.Reaps
	}
	got := result.Verdict
	if got.Outcome != want || result.PID1 != pid1 || !strings.Contains(got.Reason.Text, c.open) {
		t.Errorf("the verdict is %s of %q (%s), want %s of %q (%s)\n%s",
			got.Outcome, result.PID1, got.Reason.Text, want, pid1, c.open, chain(result))
	}
	if harmed := c.status != 0; harmed != (got.HarmedByOrphans != "") {
		t.Errorf("harmed by orphans: the verdict says %q, want %v", got.HarmedByOrphans, harmed)
	}
}

func chain(result imageinspect.Result) string {
	var text strings.Builder
	for _, step := range result.Chain {
		fmt.Fprintf(&text, "  %s  %s  %s\n", step.Text, step.Detail, step.Evidence)
	}
	return text.String()
}

// observe runs the pod, looks who is PID 1 and counts.
func (e *env) observe(t *testing.T, c reapingCase, result imageinspect.Result) {
	t.Helper()
	e.createScripts(t, c)
	e.create(t, c.pod())
	id := e.running(t, c.name)
	first := firstProcess(t, id)
	exe := c.exe
	if exe == "" {
		exe = c.pid1
	}
	await(t, orphansMost, "PID 1 is "+exe, func() (bool, string) {
		at, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", first.PID))
		return filepath.Base(at) == exe, fmt.Sprintf("%s, %v", at, err)
	})
	await(t, orphansMost, "orphans of the probe", func() (bool, string) {
		all, err := podproc.Read()
		if err != nil {
			return false, err.Error()
		}
		n := all.Orphans(id)
		return n >= enough, fmt.Sprintf("%d orphans", n)
	})
	left, orphans := 0, 0
	await(t, reapMost, "orphans are reaped: "+fmt.Sprint(c.reaps), func() (bool, string) {
		all, err := podproc.Read()
		if err != nil {
			return false, err.Error()
		}
		left, orphans = all.Zombies(first), all.Orphans(id)
		return c.reaps && left == 0 || !c.reaps && left >= enough, fmt.Sprintf("%d zombies below PID 1 (%d)", left, first.PID)
	})
	t.Logf("PID 1 is %s; %d orphans, %d zombies; verdict: %s, %s", exe, orphans, left, result.Verdict.Outcome, result.Verdict.Reason.Text)
	if c.status != 0 {
		e.awaitHarm(t, c.name)
	}
}

// createScripts makes the ConfigMap that the pod mounts.
func (e *env) createScripts(t *testing.T, c reapingCase) {
	t.Helper()
	if len(c.mounted) == 0 {
		return
	}
	manifest, err := json.Marshal(corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Name: c.name}, Data: c.mounted,
	})
	if err != nil {
		t.Fatal(err)
	}
	e.apply(t, manifest)
}

// awaitHarm waits until postgres says what the orphans did to it.
func (e *env) awaitHarm(t *testing.T, name string) {
	t.Helper()
	const restart = "all server processes terminated; reinitializing"
	await(t, reapMost, "postgres restarts its processes", func() (bool, string) {
		ctx, cancel := context.WithTimeout(t.Context(), reapMost)
		defer cancel()
		out, err := e.cluster.Kubectl(ctx, "logs", name).CombinedOutput()
		return contains(out, restart), fmt.Sprintf("%v: %s", err, out)
	})
}
