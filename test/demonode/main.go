// Command demonode is the demo with a node: the same webhook, and the workloads
// that it warned of really run. It ends with a table of zombies per pod, counted
// in /proc. It needs Linux and root.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/test/stack"
)

const (
	// enough orphans show the difference; orphansMost bounds the wait for them.
	enough      = 10
	orphansMost = 3 * time.Minute
	pollEvery   = 500 * time.Millisecond
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo-node:", err)
		os.Exit(1)
	}
}

// workload is one Deployment of the demo.
type workload struct {
	name     string
	packages []string
	argv     []string
	share    bool
}

func workloads() []workload {
	app := []string{"node", "-e", "setInterval(() => {}, 1e6)"}
	return []workload{
		{name: "web", packages: []string{"nodejs"}, argv: app},
		{name: "web-shell", packages: []string{"nodejs"}, argv: []string{"bash", "-c", "exec node -e 'setInterval(() => {}, 1e6)'"}},
		{name: "web-tini", packages: []string{"nodejs", "tini"}, argv: append([]string{"tini", "--"}, app...)},
		{name: "web-shared", packages: []string{"nodejs"}, argv: app, share: true},
	}
}

type demo struct {
	stack   *stack.Stack
	builder *images.Builder
	out     io.Writer
}

func run(ctx context.Context, out io.Writer) (err error) {
	repo, err := os.Getwd()
	if err != nil {
		return err
	}
	cache, err := debroot.CacheDir()
	if err != nil {
		return err
	}
	start := time.Now()
	s, err := stack.Start(ctx, stack.Options{Repo: repo, Progress: out, Node: &cluster.NodeOptions{}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	fmt.Fprintf(out, "A cluster with a node, a registry with a login and initguard are up after %s.\n", time.Since(start).Round(time.Second))
	logf := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	d := demo{stack: s, out: out, builder: &images.Builder{Repo: repo, Debian: &debroot.Builder{Dir: cache, Logf: logf}}}
	if err := s.Cluster.Node.AddRegistry(s.Registry.Host()); err != nil {
		return err
	}
	secret, err := d.secret()
	if err != nil {
		return err
	}
	if err := d.apply(ctx, secret); err != nil {
		return err
	}
	for _, w := range workloads() {
		if err := d.deploy(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	fmt.Fprintf(out, "\nEach pod has a readiness probe that leaves an orphan every second. Waiting for %d of them ...\n", enough)
	return d.table(ctx)
}

// deploy pushes a workload's image and applies it as a user would.
func (d demo) deploy(ctx context.Context, w workload) error {
	image, err := d.builder.Build(ctx, images.Spec{
		Packages: w.packages, Programs: []string{"orphan"}, Config: imagetest.Spec{Entrypoint: w.argv},
	})
	if err != nil {
		return err
	}
	if _, err := d.stack.Registry.Push(ctx, "shop/"+w.name+":1", image); err != nil {
		return err
	}
	manifest, err := w.manifest(d.stack.Registry.Reference("shop/" + w.name + ":1"))
	if err != nil {
		return err
	}
	return d.apply(ctx, manifest)
}

func (d demo) secret() ([]byte, error) {
	return json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "registry"},
		"type": "kubernetes.io/dockerconfigjson", "data": map[string]any{".dockerconfigjson": d.stack.Registry.DockerConfig()},
	})
}

func (w workload) manifest(image string) ([]byte, error) {
	labels := map[string]any{"app": w.name}
	probe := []string{"/bin/sh", "-c", images.ProgramFolder + "/orphan"}
	return json.Marshal(map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": w.name},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec": map[string]any{
					"shareProcessNamespace": w.share, "terminationGracePeriodSeconds": 0, "dnsPolicy": "Default",
					"imagePullSecrets": []any{map[string]any{"name": "registry"}},
					"containers": []any{map[string]any{
						"name": "app", "image": image,
						"readinessProbe": map[string]any{"exec": map[string]any{"command": probe}, "periodSeconds": 1, "timeoutSeconds": 20},
					}},
				},
			},
		},
	})
}

// apply shows what kubectl shows.
func (d demo) apply(ctx context.Context, manifest []byte) error {
	cmd := d.stack.Cluster.Kubectl(ctx, "apply", "-f", "-")
	cmd.Stdin = bytes.NewReader(manifest)
	out, err := cmd.CombinedOutput()
	fmt.Fprintf(d.out, "$ kubectl apply\n%s", out)
	return err
}

// row is what the table says of a pod.
type row struct {
	workload, pid1   string
	orphans, zombies int
}

// table waits until every pod has had enough orphans, and prints what is left.
func (d demo) table(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, orphansMost)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		rows, err := d.rows(ctx)
		if err == nil && len(rows) == len(workloads()) && least(rows) >= enough {
			return d.print(rows)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the pods did not come so far: %w: %+v: %w", ctx.Err(), rows, err)
		case <-ticker.C:
		}
	}
}

func least(rows []row) int {
	n := rows[0].orphans
	for _, r := range rows {
		n = min(n, r.orphans)
	}
	return n
}

// rows looks into /proc for every pod that runs.
func (d demo) rows(ctx context.Context) ([]row, error) {
	out, err := d.stack.Cluster.Kubectl(ctx, "get", "pods", "-o", "json").Output()
	if err != nil {
		return nil, err
	}
	var pods struct {
		Items []struct {
			Metadata struct{ Labels map[string]string }
			Status   struct {
				ContainerStatuses []struct{ ContainerID string }
			}
		}
	}
	if err := json.Unmarshal(out, &pods); err != nil {
		return nil, err
	}
	all, err := podproc.Read()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, pod := range pods.Items {
		for _, c := range pod.Status.ContainerStatuses {
			_, id, _ := bytes.Cut([]byte(c.ContainerID), []byte("://"))
			member, ok := all.InContainer(string(id))
			if len(id) == 0 || !ok {
				continue
			}
			if first, ok := all.First(member); ok {
				rows = append(rows, row{
					workload: pod.Metadata.Labels["app"], pid1: first.Name,
					orphans: all.Orphans(string(id)), zombies: all.Zombies(first),
				})
			}
		}
	}
	return rows, nil
}

func (d demo) print(rows []row) error {
	w := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nWORKLOAD\tPID 1\tORPHANS\tZOMBIES")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", r.workload, r.pid1, r.orphans, r.zombies)
	}
	return w.Flush()
}
