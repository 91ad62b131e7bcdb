//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
)

const (
	// enough orphans tell a PID 1 that reaps from one that doesn't.
	enough = 5
	// orphansMost bounds the wait for them, reapMost how late a PID 1 may reap:
	// some do it every few seconds.
	orphansMost = 2 * time.Minute
	reapMost    = 20 * time.Second
)

// reapingCase is one program as PID 1, with what is known of it beforehand.
type reapingCase struct {
	name     string
	packages []string
	argv     []string
	files    map[string]string
	user     string
	share    bool
	// status is the orphans' exit status.
	status int
	// want is what the orphans show: true when none stays.
	want bool
	// open is true where the image's config doesn't decide: the verdict has to
	// be Unknown, whatever is seen.
	open bool
}

const service = "#!/bin/sh\nexec sleep infinity\n"

func reapingCases() []reapingCase {
	sleep := []string{"sleep", "infinity"}
	with := func(init ...string) []string { return append(init, sleep...) }
	const data = "/tmp/data"
	return []reapingCase{
		{name: "sleep", argv: sleep},
		{name: "shared", argv: sleep, share: true, want: true},
		{name: "tini", packages: []string{"tini"}, argv: with("tini", "--"), want: true},
		{name: "dumb-init", packages: []string{"dumb-init"}, argv: with("dumb-init"), want: true},
		{name: "catatonit", packages: []string{"catatonit"}, argv: with("catatonit", "--"), want: true},
		{
			name: "s6-svscan", packages: []string{"s6"}, argv: []string{"s6-svscan", "/srv/scan"},
			files: map[string]string{"/srv/scan/app/run": service}, want: true,
		},
		{name: "bash-stays", argv: []string{"bash", "-c", "sleep infinity; true"}, want: true},
		{name: "bash-execs", argv: []string{"bash", "-c", "sleep infinity"}},
		// Debian's dash stays, later ones may exec a last command: the name alone
		// doesn't tell.
		{name: "dash", argv: []string{"dash", "-c", "sleep infinity"}, want: true, open: true},
		{name: "dash-stays", argv: []string{"dash", "-c", "sleep infinity; true"}, want: true},
		{name: "dash-exec", argv: []string{"dash", "-c", "exec sleep infinity"}},
		{name: "busybox", packages: []string{"busybox"}, argv: []string{"busybox", "sh", "-c", "/bin/sleep infinity"}},
		{name: "python", packages: []string{"python3-minimal"}, argv: []string{"python3", "-c", "import time; time.sleep(1e6)"}},
		{name: "node", packages: []string{"nodejs"}, argv: []string{"node", "-e", "setInterval(() => {}, 1e6)"}},
		{name: "redis", packages: []string{"redis-server"}, argv: []string{"redis-server"}},
		{
			name: "nginx", packages: []string{"nginx-light"},
			argv: []string{"nginx", "-g", "daemon off;"}, want: true,
		},
		{
			name: "postgres", packages: []string{"postgresql-15"}, user: "65534", status: 3, want: true,
			argv: []string{"bash", "-c", pgBin + "initdb -D " + data + " >/dev/null && exec " + pgBin + "postgres -D " + data + " -k /tmp"},
		},
	}
}

const pgBin = "/usr/lib/postgresql/15/bin/"

// TestReaping is the ground truth: real programs as PID 1 of real containers,
// and an exec probe that leaves an orphan every second. What stays is counted
// in /proc, and the verdict over the image's config has to say the same.
func TestReaping(t *testing.T) {
	t.Parallel()
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	evaluator := imageinspect.NewEvaluator(db)
	for _, c := range reapingCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := shared.judge(t, evaluator, c)
			compare(t, c, result)
			shared.observe(t, c, result)
		})
	}
}

// judge pushes the case's image and evaluates what the registry has of it.
func (e *env) judge(t *testing.T, evaluator *imageinspect.Evaluator, c reapingCase) imageinspect.Result {
	t.Helper()
	image, err := e.builder.Build(t.Context(), images.Spec{
		Packages: c.packages, Programs: []string{"orphan"}, Files: c.files,
		Config: imagetest.Spec{Entrypoint: c.argv, User: c.user},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.open.Push(t.Context(), c.name+":1", image); err != nil {
		t.Fatal(err)
	}
	return evaluator.Evaluate(t.Context(), facts(t, image), imageinspect.Overrides{})
}

func facts(t *testing.T, image v1.Image) imageinspect.Image {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config := file.Config
	return imageinspect.Image{Platform: "linux/" + runtime.GOARCH, Config: imageinspect.Config{
		Entrypoint: config.Entrypoint, Cmd: config.Cmd, Env: config.Env, WorkingDir: config.WorkingDir, User: config.User,
	}}
}

// compare holds the verdict against what is known of the case. In a pod that
// shares its PID namespace the image's process is not PID 1.
func compare(t *testing.T, c reapingCase, result imageinspect.Result) {
	t.Helper()
	want := imageinspect.DoesNotReap
	switch {
	case c.open:
		want = imageinspect.Unknown
	case c.want && !c.share:
		want = imageinspect.Reaps
	}
	if result.Verdict.Outcome != want {
		t.Errorf("initdb says %s (%s), want %s", result.Verdict.Outcome, result.Verdict.Reason.Text, want)
	}
	if harmed := c.status != 0; harmed != (result.Verdict.HarmedByOrphans != "") {
		t.Errorf("harmed by orphans: initdb says %q, want %v", result.Verdict.HarmedByOrphans, harmed)
	}
}

// observe runs the pod and counts.
func (e *env) observe(t *testing.T, c reapingCase, result imageinspect.Result) {
	t.Helper()
	probe := []string{images.ProgramFolder + "/orphan", "-status", fmt.Sprint(c.status)}
	e.create(t, pod{name: c.name, image: e.open.Reference(c.name + ":1"), probe: probe, share: c.share})
	id := e.running(t, c.name)
	first := firstProcess(t, id)
	await(t, orphansMost, "orphans of the probe", func() (bool, string) {
		all, err := podproc.Read()
		if err != nil {
			return false, err.Error()
		}
		n := all.Orphans(id)
		return n >= enough, fmt.Sprintf("%d orphans", n)
	})
	left, orphans := 0, 0
	most := reapMost
	await(t, most, "orphans are reaped: "+fmt.Sprint(c.want), func() (bool, string) {
		all, err := podproc.Read()
		if err != nil {
			return false, err.Error()
		}
		left, orphans = all.Zombies(first), all.Orphans(id)
		return c.want && left == 0 || !c.want && left >= enough, fmt.Sprintf("%d zombies below PID 1 (%d)", left, first.PID)
	})
	t.Logf("%d orphans, %d zombies; initdb: %s, %s", orphans, left, result.Verdict.Outcome, result.Verdict.Reason.Text)
	if c.status != 0 {
		e.awaitHarm(t, c.name)
	}
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
