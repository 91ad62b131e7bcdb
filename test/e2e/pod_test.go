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

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	args  []string
	user  *int64
	// probe is an exec readiness probe.
	probe []string
	share bool
	// secret names a pull secret.
	secret string
	// scripts is a folder over which a ConfigMap of the pod's name is mounted.
	scripts string
}

// probePeriod is how often a probe runs, in seconds. Each run costs this machine
// some 100 ms of CPU time.
const probePeriod = 3

func (p pod) spec() corev1.PodSpec {
	container := corev1.Container{Name: "main", Image: p.image, Args: p.args, ImagePullPolicy: corev1.PullAlways}
	if len(p.probe) > 0 {
		container.ReadinessProbe = &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: p.probe}},
			PeriodSeconds: probePeriod, TimeoutSeconds: 20, FailureThreshold: 100,
		}
	}
	spec := corev1.PodSpec{
		TerminationGracePeriodSeconds: new(int64), EnableServiceLinks: new(bool), DNSPolicy: corev1.DNSDefault,
		AutomountServiceAccountToken: new(bool), ShareProcessNamespace: &p.share,
		SecurityContext: &corev1.PodSecurityContext{RunAsUser: p.user},
	}
	if p.secret != "" {
		spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: p.secret}}
	}
	if p.scripts != "" {
		mode := int32(0o755)
		container.VolumeMounts = []corev1.VolumeMount{{Name: "scripts", MountPath: p.scripts}}
		spec.Volumes = []corev1.Volume{{Name: "scripts", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: p.name}, DefaultMode: &mode,
		}}}}
	}
	spec.Containers = []corev1.Container{container}
	return spec
}

func (p pod) manifest() ([]byte, error) {
	return json.Marshal(corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: p.name}, Spec: p.spec(),
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
	awaitEvery(t, pollEvery, most, what, ask)
}

// awaitEvery is await with a pace of its own.
func awaitEvery(t *testing.T, every, most time.Duration, what string, ask func() (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	ticker := time.NewTicker(every)
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
