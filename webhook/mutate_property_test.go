package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/test/podgen"
	"github.com/initguard/initguard/webhook"
)

// TestMutatorProperties holds injection against random pods. What it does is
// compared with what the kubelet makes of a pod, written here once more.
func TestMutatorProperties(t *testing.T) {
	images := randomImages(rand.New(rand.NewPCG(1, 1)))
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range images {
			if !yield(name) {
				return
			}
		}
	})
	f := newFixture(t, wrapSettings+"defaults: {inject: possible}\n")
	s := f.handler.Settings()
	s.Assessor.Inspector = images
	f.handler.Settings = func() webhook.Settings { return s }
	m := webhook.NewMutator(f.handler)
	count := map[string]int{}
	for seed := range uint64(4000) {
		original := podgen.Pod(seed, podgen.Options{Images: names, Restricted: seed%2 == 0})
		addUnknown(original)
		before := encode(t, original)
		patch := m.Handle(t.Context(), request("Pod", "plain", string(before))).Patch
		if len(patch) == 0 {
			count["nothing"]++
			continue
		}
		after := applied(t, before, patch)
		if again := m.Handle(t.Context(), request("Pod", "plain", string(after))).Patch; len(again) > 0 {
			t.Fatalf("pod %d: a second pass changes it again: %s", seed, again)
		}
		count[compare(t, seed, images, before, after)]++
	}
	t.Logf("%v", count)
	for _, what := range []string{"nothing", "share-pid", "wrap"} {
		if count[what] < 100 {
			t.Errorf("%s: only %d pods: the test shows little", what, count[what])
		}
	}
}

// byName answers for images by their name.
type byName map[string]imageinspect.Config

func (i byName) Inspect(_ context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	return []imageinspect.Image{{Platform: "linux/amd64", Config: i[q.Reference]}}, nil
}

func randomImages(r *rand.Rand) byName {
	out := byName{}
	words := func() []string {
		var list []string
		for range r.IntN(4) {
			list = append(list, podgen.Words()[r.IntN(len(podgen.Words()))])
		}
		return list
	}
	for i := range 60 {
		c := imageinspect.Config{}
		switch i % 4 {
		case 0:
			c.Entrypoint, c.Cmd = append([]string{"node"}, words()...), words()
		case 1:
			c.Cmd = append([]string{"/usr/bin/node"}, words()...)
		case 2:
			c.Entrypoint = append([]string{"java", "-jar"}, words()...)
		case 3:
			c.Entrypoint, c.Cmd = []string{"/bin/sh", "-c", "exec node \"$@\"", "--"}, words()
		}
		if i%20 == 0 {
			c = imageinspect.Config{Entrypoint: []string{"tini", "--"}, Cmd: []string{"node"}}
		}
		out[fmt.Sprintf("registry.example/app-%d@sha256:%064d", i, i)] = c
	}
	out["registry.example/app:tag"] = imageinspect.Config{Cmd: []string{"node"}}
	return out
}

// addUnknown adds fields that no API of today has.
func addUnknown(pod podgen.Object) {
	spec := pod["spec"].(podgen.Object)
	pod["newTop"], spec["newField"] = podgen.Object{"a": 1}, []any{"b"}
	for _, c := range spec["containers"].([]any) {
		c.(podgen.Object)["newInContainer"] = podgen.Object{"nested": true}
	}
}

// compare holds a pod against what it was, and says what was done.
func compare(t *testing.T, seed uint64, images byName, before, after []byte) string {
	t.Helper()
	was, is := podOf(t, before), podOf(t, after)
	if is.Annotations["initguard.dev/injected"] == "" {
		t.Fatalf("pod %d: no annotation", seed)
	}
	if share := is.Spec.ShareProcessNamespace; share != nil && *share {
		is.Spec.ShareProcessNamespace = nil
		delete(is.Annotations, "initguard.dev/injected")
		if len(is.Annotations) == 0 {
			is.Annotations = was.Annotations
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Fatalf("pod %d: share-pid changed more than that:\n%s", seed, diff)
		}
		return "share-pid"
	}
	if install := is.Spec.InitContainers[0]; install.Name != "initguard-tini" || len(is.Spec.InitContainers) != len(was.Spec.InitContainers)+1 {
		t.Fatalf("pod %d: the init container is not first: %+v", seed, is.Spec.InitContainers)
	}
	wrapped := 0
	all := func(s corev1.PodSpec) []corev1.Container {
		return append(append([]corev1.Container(nil), s.InitContainers...), s.Containers...)
	}
	is.Spec.InitContainers = is.Spec.InitContainers[1:]
	for i, c := range all(is.Spec) {
		want := kubeletArgv(images[c.Image], all(was.Spec)[i])
		got := kubeletArgv(images[c.Image], c)
		if reflect.DeepEqual(all(was.Spec)[i], c) {
			continue
		}
		wrapped++
		if !slices.Equal(got, append([]string{"/.initguard/tini", "--"}, want...)) {
			t.Fatalf("pod %d: container %s starts %q, and was to start %q", seed, c.Name, got, want)
		}
	}
	if wrapped == 0 {
		t.Fatalf("pod %d: nothing is wrapped", seed)
	}
	unchangedBesides(t, seed, before, after)
	return "wrap"
}

// unchangedBesides wants all but what wrap writes to be as it was, fields that
// nobody knows included.
func unchangedBesides(t *testing.T, seed uint64, before, after []byte) {
	t.Helper()
	strip := func(raw []byte, first int) any {
		var pod map[string]any
		if err := json.Unmarshal(raw, &pod); err != nil {
			t.Fatal(err)
		}
		delete(pod["metadata"].(map[string]any), "annotations")
		spec := pod["spec"].(map[string]any)
		delete(spec, "volumes")
		for _, field := range []string{"containers", "initContainers"} {
			list, _ := spec[field].([]any)
			if field == "initContainers" {
				list = list[min(first, len(list)):]
			}
			for _, c := range list {
				for _, name := range []string{"command", "args", "volumeMounts"} {
					delete(c.(map[string]any), name)
				}
			}
			if spec[field] = list; len(list) == 0 {
				delete(spec, field)
			}
		}
		return pod
	}
	if diff := cmp.Diff(strip(before, 0), strip(after, 1)); diff != "" {
		t.Fatalf("pod %d: wrap changed more than that:\n%s", seed, diff)
	}
}

// kubeletArgv is what the runtime starts, as kubelet and containerd compute it.
//
// Sources: https://github.com/kubernetes/kubernetes/blob/v1.37.2/third_party/forked/golang/expansion/expand.go,
// https://github.com/containerd/containerd/blob/v2.4.2/internal/cri/opts/spec_opts.go (WithProcessArgs)
func kubeletArgv(image imageinspect.Config, c corev1.Container) []string {
	env := map[string]string{}
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			env[e.Name] = expandOnce(e.Value, env)
		} else {
			env[e.Name] = "\x00" + e.Name
		}
	}
	var command, args []string
	for _, w := range c.Command {
		command = append(command, expandOnce(w, env))
	}
	for _, w := range c.Args {
		args = append(args, expandOnce(w, env))
	}
	if len(command) == 0 {
		command = image.Entrypoint
		if len(args) == 0 {
			args = image.Cmd
		}
	}
	return append(append([]string(nil), command...), args...)
}

// expandOnce replaces $(NAME) and $$.
func expandOnce(word string, env map[string]string) string {
	var out strings.Builder
	for i := 0; i < len(word); i++ {
		switch {
		case word[i] != '$' || i+1 == len(word):
			out.WriteByte(word[i])
		case word[i+1] == '$':
			out.WriteByte('$')
			i++
		case word[i+1] == '(' && strings.Contains(word[i:], ")"):
			end := i + strings.IndexByte(word[i:], ')')
			name := word[i+2 : end]
			if value, ok := env[name]; ok {
				out.WriteString(value)
			} else {
				out.WriteString("$(" + name + ")")
			}
			i = end
		default:
			out.WriteByte('$')
		}
	}
	return out.String()
}

func encode(t *testing.T, object any) []byte {
	t.Helper()
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// applied applies a patch as the API server does, with the same library.
func applied(t *testing.T, object, patch []byte) []byte {
	t.Helper()
	p, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Apply(object)
	if err != nil {
		t.Fatalf("the patch %s does not fit %s: %v", patch, object, err)
	}
	return out
}

func podOf(t *testing.T, raw []byte) corev1.Pod {
	t.Helper()
	var pod corev1.Pod
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&pod); err != nil {
		t.Fatal(err)
	}
	return pod
}
