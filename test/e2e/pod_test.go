//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
)

const (
	// readyMost bounds the way of a pod from its creation until it runs: a pull
	// and a start on a machine that is busy.
	readyMost = 3 * time.Minute
	pollEvery = 200 * time.Millisecond
)

// pod is what a test says about a pod; the rest is the same for all.
type pod struct {
	name  string
	image string
	// probe is an exec readiness probe, run every second.
	probe []string
	share bool
	// secret names a pull secret.
	secret string
}

func (p pod) manifest() ([]byte, error) {
	container := map[string]any{"name": "main", "image": p.image, "imagePullPolicy": "Always"}
	if len(p.probe) > 0 {
		container["readinessProbe"] = map[string]any{
			"exec": map[string]any{"command": p.probe}, "periodSeconds": 1, "timeoutSeconds": 20, "failureThreshold": 100,
		}
	}
	spec := map[string]any{
		"containers": []any{container}, "terminationGracePeriodSeconds": 0, "enableServiceLinks": false, "dnsPolicy": "Default",
		"automountServiceAccountToken": false, "shareProcessNamespace": p.share,
	}
	if p.secret != "" {
		spec["imagePullSecrets"] = []any{map[string]any{"name": p.secret}}
	}
	return json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": p.name}, "spec": spec,
	})
}

// push builds an image and pushes it to the open registry.
func (e *env) push(t *testing.T, name string, spec images.Spec) string {
	t.Helper()
	image, err := e.builder.Build(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.open.Push(t.Context(), name, image); err != nil {
		t.Fatal(err)
	}
	return e.open.Reference(name)
}

func (e *env) create(t *testing.T, p pod) {
	t.Helper()
	manifest, err := p.manifest()
	if err != nil {
		t.Fatal(err)
	}
	e.apply(t, manifest)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(e.describe(p.name))
		}
		cmd := e.cluster.Kubectl(context.Background(), "delete", "pod", p.name, "--grace-period=0", "--force", "--wait=false", "--ignore-not-found")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func (e *env) apply(t *testing.T, manifest []byte) {
	t.Helper()
	cmd := e.cluster.Kubectl(t.Context(), "create", "-f", "-")
	cmd.Stdin = bytes.NewReader(manifest)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("create: %v\n%s", err, out)
	}
}

// describe is what helps with a pod that failed.
func (e *env) describe(name string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	described, _ := e.cluster.Kubectl(ctx, "describe", "pod", name).CombinedOutput()
	logs, _ := e.cluster.Kubectl(ctx, "logs", name, "--tail=20").CombinedOutput()
	return fmt.Sprintf("%s\nlogs:\n%s", described, logs)
}

// status is what the API server says of a pod's one container.
type status struct {
	ID      string // without the runtime's name; empty until it runs
	Waiting string // why it doesn't run
}

func (e *env) status(ctx context.Context, name string) (status, error) {
	out, err := e.cluster.Kubectl(ctx, "get", "pod", name, "-o", "json").Output()
	if err != nil {
		return status{}, err
	}
	var got struct {
		Status struct {
			ContainerStatuses []struct {
				ContainerID string
				State       struct {
					Running *struct{}
					Waiting *struct{ Reason, Message string }
				}
			}
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		return status{}, err
	}
	if len(got.Status.ContainerStatuses) == 0 {
		return status{}, nil
	}
	c := got.Status.ContainerStatuses[0]
	var s status
	if c.State.Running != nil {
		_, s.ID, _ = strings.Cut(c.ContainerID, "://")
	}
	if c.State.Waiting != nil {
		s.Waiting = c.State.Waiting.Reason + ": " + c.State.Waiting.Message
	}
	return s, nil
}

// await polls until what is asked for holds; the text says what was seen last.
func await(t *testing.T, most time.Duration, what string, ask func() (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		ok, seen := ask()
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v: %s", what, most, seen)
		case <-ticker.C:
		}
	}
}

// running waits until a pod's container runs and returns its id.
func (e *env) running(t *testing.T, name string) string {
	t.Helper()
	var id string
	await(t, readyMost, "container of "+name+" runs", func() (bool, string) {
		s, err := e.status(t.Context(), name)
		if err != nil {
			return false, err.Error()
		}
		id = s.ID
		return id != "", s.Waiting
	})
	return id
}

// firstProcess waits until a container's processes are seen in /proc and
// returns the PID 1 that is theirs.
func firstProcess(t *testing.T, id string) podproc.Process {
	t.Helper()
	var first podproc.Process
	await(t, time.Minute, "processes of container "+id, func() (bool, string) {
		all, err := podproc.Read()
		if err != nil {
			return false, err.Error()
		}
		member, ok := all.InContainer(id)
		if !ok {
			return false, "none has it in its control group"
		}
		first, ok = all.First(member)
		return ok, "no PID 1 in its PID namespace"
	})
	return first
}
