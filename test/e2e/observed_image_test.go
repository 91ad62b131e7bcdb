//go:build e2e

package e2e

import (
	"encoding/json"
	"runtime"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/cluster/observed"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

// TestImageIDIsTheApplied: the id that a node tells of an image is one by which
// the webhook knows the image that is applied, so that what was seen in it is
// found again: of an image for one platform and for several, by tag and digest.
// They differ, because of an image that a node knows by several names it tells one.
func TestImageIDIsTheApplied(t *testing.T) {
	t.Parallel()
	assessor := newAssessor(t)
	build := func(name string) v1.Image {
		image, err := shared.builder.Build(t.Context(), images.Spec{Config: imagetest.Spec{Cmd: []string{"sleep", "infinity"}, Env: []string{"NAME=" + name}}})
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	single, err := shared.open.Push(t.Context(), "image-id-single:1", build("single"))
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: build("several"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}},
	})
	several, err := shared.open.PushIndex(t.Context(), "image-id-several:1", index)
	if err != nil {
		t.Fatal(err)
	}
	for name, image := range map[string]string{
		"image-id-single-tag": "image-id-single:1", "image-id-single-digest": "image-id-single@" + single,
		"image-id-several-tag": "image-id-several:1", "image-id-several-digest": "image-id-several@" + several,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pod{name: name, image: shared.open.Host() + "/" + image}
			shared.create(t, p)
			shared.running(t, name)
			out, err := shared.cluster.Kubectl(t.Context(), "get", "pod", name, "-o", "json").Output()
			if err != nil {
				t.Fatal(err)
			}
			var got corev1.Pod
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			id := got.Status.ContainerStatuses[0].ImageID
			r := &v1alpha1.ZombieReport{Status: v1alpha1.ZombieReportStatus{
				Workload: v1alpha1.Workload{Kind: "Pod", Name: name},
				Observations: []v1alpha1.Observation{{
					Container: "main", ImageID: id, ArgvHash: v1alpha1.ArgvHash(nil, nil), Cause: "PID1NotReaping", FirstSeen: metav1.Now(), LastSeen: metav1.Now(),
				}},
			}}
			r.Namespace, r.Name = got.Namespace, r.Status.Workload.ReportName()
			seen := observed.NewIndex(nil)
			seen.Put(r)
			settings := webhook.Settings{Config: config.Default(), Assessor: assessor, Observations: seen}
			object, ok, err := webhook.DecodeObject(out, got.GroupVersionKind(), settings.Config)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if a := settings.Judge(t.Context(), object, nil).Assessments[0]; a.Observed == nil {
				t.Errorf("the node says %s of %s, which the webhook does not know it by (verdict %s)", id, p.image, a.Result.Verdict.Outcome)
			}
		})
	}
}
