package app_test

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/cmd/initguard/app"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/cluster"
)

// zombieCluster is a real API server with workloads and what the responder
// wrote about them.
type zombieCluster struct {
	*cluster.Cluster
	registry *imagetest.Registry
}

// TestZombies asks a real API server, with a user's rights. What is read are
// reports as the responder writes them.
func TestZombies(t *testing.T) {
	ctx := context.Background()
	c, err := cluster.Start(ctx, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	z := zombieCluster{Cluster: c, registry: imagetest.New(t, imagetest.Options{})}

	z.fails(t, "this cluster has no ZombieReports", "-A")
	z.kubectl(t, "", "apply", "-k", filepath.Join(packageDir, "../../../manifests/crds"))
	z.kubectl(t, "", "wait", "--for=condition=Established", "crd/zombiereports.initguard.dev")
	z.fill(t)

	z.lists(t)
	z.explains(t)
	z.refuses(t)
	z.completes(t)
	z.watches(t)
}

// run runs `initguard zombies`.
func (z zombieCluster) run(t *testing.T, args ...string) result {
	t.Helper()
	args = append([]string{"initguard", "zombies", "--kubeconfig", z.Kubeconfig(), "--plain-http", z.registry.Host(),
		"--config", configFile(t, ""), "--platform", "linux/amd64"}, args...)
	return run(t, "", args...)
}

func (z zombieCluster) fails(t *testing.T, want string, args ...string) {
	t.Helper()
	if r := z.run(t, args...); r.code != 2 || !strings.Contains(r.err, want) || r.out != "" {
		t.Errorf("%q: exit %d, %q, %q, want exit 2 and %q", args, r.code, r.out, r.err, want)
	}
}

func (z zombieCluster) kubectl(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := z.Kubectl(context.Background(), args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl %q: %v: %s", args, err, out)
	}
}

func (z zombieCluster) lists(t *testing.T) {
	t.Helper()
	for name, args := range map[string][]string{
		"zombies-list.text": {"-A"}, "zombies-list-past.text": {"-A", "--past"}, "zombies-list-wide.text": {"-n", "shop", "-o", "wide"},
	} {
		r := z.run(t, args...)
		if r.code != 0 || r.err != "" {
			t.Errorf("%q: exit %d, %s", args, r.code, r.err)
		}
		golden(t, name, r.out)
	}
	// What kubectl prints of the same reports, in its own layout.
	out, err := z.Kubectl(context.Background(), "get", "zombies", "-n", "shop").Output()
	if err != nil {
		t.Fatal(err)
	}
	r := z.run(t, "-n", "shop")
	for i, line := range strings.Split(strings.TrimSpace(r.out), "\n") {
		want := strings.Fields(strings.Split(string(out), "\n")[i])[1:] // kubectl has the report's name first
		if got := strings.Fields(line); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%q, kubectl get zombies prints %q", got, want)
		}
	}
	r = z.run(t, "-A", "-o", "json")
	var list v1alpha1.ZombieReportList
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || len(list.Items) != 3 || list.Kind != "ZombieReportList" {
		t.Errorf("%v: %d reports, %q", err, len(list.Items), list.Kind)
	}
	if r := z.run(t, "-n", "other"); r.code != 0 || r.out != "" || !strings.Contains(r.err, "No zombies are reported in namespace other.") {
		t.Errorf("%+v", r)
	}
}

func (z zombieCluster) explains(t *testing.T) {
	t.Helper()
	names := map[string][]string{
		"zombies-pod.text": {"-n", "shop", "mongo-0"}, "zombies-workload.text": {"-n", "shop", "deploy/worker"},
		"zombies-one-of-many.text": {"-n", "shop", "pod/worker-6d5f-2"}, "zombies-pod.json": {"-n", "shop", "sts/mongo", "-o", "json"},
		"zombies-no-images.text": {"-n", "shop", "StatefulSet/mongo", "--no-images"},
	}
	var files []string
	for name, args := range names {
		r := z.run(t, args...)
		if r.code != 0 || r.err != "" {
			t.Errorf("%q: exit %d, %s", args, r.code, r.err)
		}
		if strings.HasSuffix(name, ".json") {
			r.out = timeless(t, r.out)
		}
		golden(t, name, strings.ReplaceAll(r.out, z.registry.Host(), "registry.example"))
		files = append(files, name)
	}
	r := z.run(t, "-n", "shop", "scratch")
	golden(t, "zombies-bare-pod.text", strings.ReplaceAll(r.out, z.registry.Host(), "registry.example"))
	if r.code != 0 {
		t.Errorf("exit %d: an image that is not there is a note, not an error: %s", r.code, r.err)
	}
	r = z.run(t, "-n", "other", "cronjob/nightly")
	golden(t, "zombies-gone.text", r.out)
	if r.code != 2 || !strings.Contains(r.err, `read CronJob/nightly, which the exact fix depends on: cronjobs.batch "nightly" not found`) {
		t.Errorf("exit %d, %s", r.code, r.err)
	}
	extraGolden(t, "zombies-*", append(files, "zombies-bare-pod.text", "zombies-gone.text",
		"zombies-list.text", "zombies-list-past.text", "zombies-list-wide.text"))
}

// timeless takes the times out of JSON.
func timeless(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(without(value), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

func without(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = without(v[key])
		}
	case []any:
		for i := range v {
			v[i] = without(v[i])
		}
	case string:
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return "TIME"
		}
	}
	return value
}

func (z zombieCluster) refuses(t *testing.T) {
	t.Helper()
	z.fails(t, "you may not list zombiereports.initguard.dev in all namespaces", "-A", "--as", "nobody")
	z.fails(t, "those of one namespace are listed with -n NAMESPACE", "-A", "--as", "nobody")
	z.fails(t, "in namespace shop: ask for that right, the roles view, edit and admin have it", "-n", "shop", "--as", "nobody")
	z.fails(t, "in namespace shop there is no pod mongo-7", "-n", "shop", "mongo-7")
	z.fails(t, "in namespace shop there is no statefulset redis", "-n", "shop", "sts/redis")
	z.fails(t, `this cluster knows no kind "thing"`, "-n", "shop", "thing/redis")
	z.fails(t, "only one of them can be meant", "-A", "-n", "shop")
	z.fails(t, "name it with -n", "-A", "mongo-0")
	z.fails(t, `"a/b/c" is not POD or KIND/NAME`, "a/b/c")
	z.fails(t, "only the list can be watched", "-w", "mongo-0")
	z.fails(t, "none of wide, json, yaml", "-o", "name")
	if r := run(t, "", "initguard", "zombies", "--kubeconfig", filepath.Join(t.TempDir(), "none")); r.code != 2 || !strings.Contains(r.err, "none") {
		t.Errorf("a kubeconfig that is not there: %+v", r)
	}
	z.kubectl(t, "", "create", "role", "reader", "-n", "shop", "--verb=get,list", "--resource=zombiereports.initguard.dev")
	z.kubectl(t, "", "create", "rolebinding", "reader", "-n", "shop", "--role=reader", "--user=reader")
	// Who may read the reports alone is told all but the exact fix.
	r := z.run(t, "-n", "shop", "sts/mongo", "--as", "reader")
	if r.code != 2 || !strings.Contains(r.out, "341 zombies in 1 pod") || !strings.Contains(r.err, "read StatefulSet/mongo, which the exact fix depends on") {
		t.Errorf("%+v", r)
	}
}

func (z zombieCluster) completes(t *testing.T) {
	t.Helper()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-n", "shop", ""}, "deployment/worker\nmongo-0\npod/scratch\nscratch\nstatefulset/mongo\nworker-6d5f-0"},
		{[]string{"-n", "shop", "sta"}, "statefulset/mongo\n:"},
		{[]string{"-n", "ot"}, "other\n:"},
		{[]string{"-o", ""}, "wide\njson\nyaml\n"},
	} {
		args := append([]string{"initguard", "__complete", "zombies", "--kubeconfig", z.Kubeconfig()}, test.args...)
		if r := run(t, "", args...); r.code != 0 || !strings.HasPrefix(r.out, test.want) {
			t.Errorf("%q: %q, want %q", test.args, r.out, test.want)
		}
	}
}

// watches follows a report that grows.
func (z zombieCluster) watches(t *testing.T) {
	t.Helper()
	r := &lines{seen: make(chan string, 100)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		ended <- z.follow(ctx, r, "-n", "shop", "-w")
	}()
	wait := func(want string) {
		t.Helper()
		deadline := time.After(30 * time.Second)
		for {
			select {
			case line := <-r.seen:
				if strings.Contains(strings.Join(strings.Fields(line), " "), want) {
					return
				}
			case <-deadline:
				t.Fatalf("%q is not printed", want)
			}
		}
	}
	wait("Deployment/worker 4 12")
	wait("StatefulSet/mongo 1 341")
	z.kubectl(t, "", "patch", "zombiereport", "statefulset-mongo", "-n", "shop", "--type=merge", "-p", `{"status": {"summary": {"zombies": 400}}}`)
	wait("StatefulSet/mongo 1 400")
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit %d", code)
	}
}

// follow is run until ctx ends, and gives each line of its output.
func (z zombieCluster) follow(ctx context.Context, out io.Writer, args ...string) int {
	return app.Run(ctx, append([]string{"initguard", "zombies", "--kubeconfig", z.Kubeconfig()}, args...),
		app.Streams{In: strings.NewReader(""), Out: out, ErrOut: io.Discard})
}

// lines gives what is written, line by line.
type lines struct{ seen chan string }

func (l *lines) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		l.seen <- line
	}
	return len(text), nil
}
