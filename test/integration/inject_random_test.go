package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/podgen"
)

// randomPods is how many random pods the API server is asked about, each three
// times.
const randomPods = 120

// TestInjectRandomPods: whatever a pod looks like, the API server and Pod
// Security take it with injection where they take it without, and a second
// pass changes nothing more.
func TestInjectRandomPods(t *testing.T) {
	var images []string
	for i, spec := range []imagetest.Spec{
		{Entrypoint: []string{"node", "$(NAME)", "$$"}, Cmd: []string{"$", "a b"}},
		{Cmd: []string{"/usr/bin/node", ""}}, {Entrypoint: []string{"java", "-jar", "x.jar"}},
		{Entrypoint: []string{"/bin/sh", "-c", `exec node "$@"`, "--"}, Cmd: []string{"${HOME}"}},
		{Entrypoint: []string{"tini", "--"}, Cmd: []string{"node"}},
	} {
		name := fmt.Sprintf("random/app%d", i)
		digest, err := shared.Registry.PushSpecs(t.Context(), name+":1", spec)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, fmt.Sprintf("REGISTRY/%s@%s", name, digest))
	}
	for level, restricted := range map[string]bool{"privileged": false, "restricted": true} {
		security := "pod-security.kubernetes.io/enforce: " + level
		off, on := "random-off-"+level, "random-on-"+level
		namespace(t, off, security+", initguard.dev/inject: never")
		namespace(t, on, security+", initguard.dev/inject: possible")
		var pods []any
		for seed := range uint64(randomPods) {
			pods = append(pods, podgen.Pod(1000+seed, podgen.Options{Images: images, Restricted: restricted}))
		}
		without, _ := dryRun(t, off, pods)
		with, said := dryRun(t, on, pods)
		count := map[string]int{}
		again := make([]any, 0, len(with))
		for name := range without {
			pod, ok := with[name]
			if !ok {
				t.Errorf("%s: pod %s is taken without injection, and not with it:\n%s", level, name, said)
				continue
			}
			count[strategyOf(pod)]++
			again = append(again, podgen.Object{
				"apiVersion": "v1", "kind": "Pod", "metadata": podgen.Object{"name": name, "annotations": pod.Annotations}, "spec": pod.Spec,
			})
		}
		t.Logf("%s: %d of %d pods are valid: %v", level, len(without), len(pods), count)
		if len(without) < randomPods/2 || len(count) < 3 {
			t.Errorf("%s: too few pods to show anything", level)
		}
		second, said := dryRun(t, on, again)
		for name, pod := range second {
			if diff := cmp.Diff(with[name].Spec, pod.Spec); diff != "" {
				t.Errorf("%s: a second pass changes pod %s:\n%s", level, name, diff)
			}
		}
		if len(second) != len(again) {
			t.Errorf("%s: %d pods of %d are taken a second time:\n%s", level, len(second), len(again), said)
		}
	}
}

// dryRun has the API server say what it would make of pods, by name; those that
// it does not take are left out. The second answer is all that it said.
func dryRun(t *testing.T, namespace string, pods []any) (map[string]corev1.Pod, string) {
	t.Helper()
	manifest, err := json.Marshal(podgen.Object{"apiVersion": "v1", "kind": "List", "items": pods})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := shared.Cluster.Kubectl(ctx, "-n", namespace, "create", "--dry-run=server", "-f", "-", "-o", "json")
	var out, said strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(strings.ReplaceAll(string(manifest), "REGISTRY", shared.Registry.Host())), &out, &said
	if err := cmd.Run(); err != nil && said.Len() == 0 { // it fails where one pod is not taken
		t.Fatal(err)
	}
	taken := map[string]corev1.Pod{}
	for decoder := json.NewDecoder(strings.NewReader(out.String())); ; {
		var pod corev1.Pod
		switch err := decoder.Decode(&pod); {
		case errors.Is(err, io.EOF):
			return taken, said.String()
		case err != nil || pod.Kind != "Pod":
			t.Fatalf("kubectl: %v: %s", err, said.String())
		}
		taken[pod.Name] = pod
	}
}
