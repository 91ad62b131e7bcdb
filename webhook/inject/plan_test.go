package inject

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// planCase is one file of testdata.
type planCase struct {
	About    string                         `json:"about"`
	Strategy Strategy                       `json:"strategy"`
	Images   map[string]imageinspect.Config `json:"images"` // by container; those without one do not leak
	Unseen   string                         `json:"unseen"`
	Tags     bool                           `json:"trustTags"`
	Pod      json.RawMessage                `json:"pod"`
}

// TestPlans writes out what is done to pods: testdata/NAME.yaml is the pod,
// NAME.want the plan and the pod that comes of it.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			got := planned(t, file)
			golden := strings.TrimSuffix(file, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("not as in %s (-want +got):\n%s", golden, diff)
			}
		})
	}
	goldens, err := filepath.Glob("testdata/*.want")
	if err != nil || len(goldens) != len(files) {
		t.Errorf("%d golden files for %d cases: %v", len(goldens), len(files), err)
	}
}

func planned(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c planCase
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		t.Fatal(err)
	}
	plan := c.plan(t, c.Pod)
	var out strings.Builder
	fmt.Fprintf(&out, "strategy: %s\ncontainers: %s\nundone: %t\nwhy: %s\n", plan.Strategy, strings.Join(plan.Containers, ", "), plan.Undone, plan.Why())
	if len(plan.Operations) == 0 {
		return []byte(out.String())
	}
	patch, err := Patch(plan.Operations)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatal(err)
	}
	after, err := decoded.Apply(c.Pod)
	if err != nil {
		t.Fatalf("the patch does not fit: %v", err)
	}
	if again := c.plan(t, after); len(again.Operations) > 0 {
		t.Errorf("a second pass does more: %+v", again.Operations)
	}
	out.WriteString("patch:\n")
	for _, o := range plan.Operations {
		fmt.Fprintf(&out, "  %s\n", compact(t, o))
	}
	pod, err := yaml.JSONToYAML(after)
	if err != nil {
		t.Fatal(err)
	}
	out.WriteString("pod:\n")
	for line := range strings.Lines(string(pod)) {
		out.WriteString("  " + line)
	}
	return []byte(out.String())
}

func compact(t *testing.T, o Operation) string {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(o); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// plan makes the plan for a pod as the webhook does.
func (c planCase) plan(t *testing.T, raw []byte) Plan {
	t.Helper()
	var pod corev1.Pod
	if err := json.Unmarshal(raw, &pod); err != nil {
		t.Fatal(err)
	}
	restored := Restore(&pod.Spec, pod.Annotations)
	answers := map[string]imageinspect.Result{}
	for _, container := range policy.Containers(restored.Spec) {
		if r, ours := Answer(restored.Spec, container.Container, ownImage); ours {
			answers[container.Name] = r
			continue
		}
		image, leaks := c.Images[container.Name]
		answers[container.Name] = imageinspect.Result{Verdict: imageinspect.Verdict{Outcome: imageinspect.Reaps}}
		if leaks {
			r := imageinspect.Result{Argv: imageinspect.Argv(image, policy.Overrides(restored.Spec, container.Container)), PID1: "app"}
			if r.Verdict.Outcome = imageinspect.DoesNotReap; len(container.Command) == 0 {
				r.Entrypoint = len(image.Entrypoint)
			}
			answers[container.Name] = r
		}
	}
	o := options(c.Strategy)
	o.TrustTags, o.Unseen = c.Tags, func() string { return c.Unseen }
	return Make(Request{Pod: restored, Assessments: policy.Assess(restored.Spec, answers), Acts: always, Options: o})
}

// FuzzRead: what anybody writes into the annotation is read or not, and harms
// nobody.
func FuzzRead(f *testing.F) {
	f.Add(`{"version":"v1","strategy":"wrap","containers":["app"]}`)
	f.Add(`{"strategy":"share-pid"}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, value string) {
		r, ok := Read(map[string]string{Annotation: value})
		if ok && r.Strategy != SharePID && r.Strategy != Wrap {
			t.Errorf("%q is taken for %+v", value, r)
		}
		yes := true
		spec := &corev1.PodSpec{ShareProcessNamespace: &yes, Containers: []corev1.Container{{Name: "app"}}}
		if pod := Restore(spec, map[string]string{Annotation: value}); pod.Shared != (ok && r.Strategy == SharePID) {
			t.Errorf("%q: shared %t", value, pod.Shared)
		}
		if spec.ShareProcessNamespace == nil {
			t.Error("the pod itself was changed")
		}
	})
}
