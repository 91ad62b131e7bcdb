package sameowner

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/cluster/observed"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/scanner/responder"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

var digest = "sha256:" + strings.Repeat("0a", 32)

// cluster answers with the owners of objects, by kind and name. What it lacks
// may not be read, as most kinds may not.
type cluster map[string]metav1.OwnerReference

func (c cluster) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	kind := into.GetObjectKind().GroupVersionKind().Kind
	above, ok := c[kind+"/"+key.Name]
	if !ok {
		return apierrors.NewForbidden(schema.GroupResource{Resource: kind}, key.Name, nil)
	}
	into.SetUID("1")
	if above.Kind != "" {
		into.SetOwnerReferences([]metav1.OwnerReference{above})
	}
	return nil
}

func (cluster) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

func owner(api, kind, name string) metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{APIVersion: api, Kind: kind, Name: name, UID: "1", Controller: &yes}
}

// nobody has no image.
type nobody struct{}

func (nobody) Inspect(context.Context, imageinspect.Query) ([]imageinspect.Image, error) {
	return nil, &imageinspect.Failure{Reason: imageinspect.Reason{Code: imageinspect.CodeUnreachable, Text: "not asked"}}
}

// TestSameOwner: under whatever workload the responder reports a pod, there the
// webhook looks for it.
func TestSameOwner(t *testing.T) {
	minute := time.Now().Add(-time.Hour).Unix() / 60
	job := fmt.Sprintf("nightly-%d", minute)
	known := cluster{
		"ReplicaSet/web-6b7":           owner("apps/v1", "Deployment", "web"),
		"ReplicaSet/alone":             {},
		"ReplicationController/dc-3":   owner("apps.openshift.io/v1", "DeploymentConfig", "dc"),
		"ReplicationController/rc":     {},
		"Job/" + job:                   owner("batch/v1", "CronJob", "nightly"),
		"Job/by-hand":                  {},
		"StatefulSet/of-an-operator-0": owner("x.example/v1", "Database", "db"),
	}
	for name, test := range map[string]struct {
		owner       metav1.OwnerReference // none where its kind is empty
		labels      map[string]string
		annotations map[string]string
		generate    string
	}{
		"nobody's":              {},
		"nobody's, generated":   {generate: "pod-"},
		"of a Deployment":       {owner: owner("apps/v1", "ReplicaSet", "web-6b7"), labels: map[string]string{"pod-template-hash": "6b7"}, generate: "web-6b7-"},
		"of a ReplicaSet":       {owner: owner("apps/v1", "ReplicaSet", "alone"), generate: "alone-"},
		"of a StatefulSet":      {owner: owner("apps/v1", "StatefulSet", "of-an-operator-0")},
		"of a DaemonSet":        {owner: owner("apps/v1", "DaemonSet", "logs")},
		"of a DeploymentConfig": {owner: owner("v1", "ReplicationController", "dc-3"), annotations: map[string]string{"openshift.io/deployment-config.name": "dc"}},
		"of a controller":       {owner: owner("v1", "ReplicationController", "rc")},
		"of a CronJob":          {owner: owner("batch/v1", "Job", job)},
		"of a Job":              {owner: owner("batch/v1", "Job", "by-hand")},
		"of an operator":        {owner: owner("x.example/v1", "Database", "db")},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}}
			pod.Namespace, pod.Name, pod.GenerateName, pod.Labels, pod.Annotations = "shop", "pod-x", test.generate, test.labels, test.annotations
			pod.Spec.Containers = []corev1.Container{{Name: "app", Image: "r@" + digest, Command: []string{"sh", "$(A)"}, Args: []string{""}}}
			if test.owner.Kind != "" {
				pod.OwnerReferences = []metav1.OwnerReference{test.owner}
			}
			w, err := responder.NewOwners(known).Top(t.Context(), pod)
			if err != nil {
				t.Fatal(err)
			}
			if !looksUnder(t, w, pod) {
				t.Errorf("the responder reports it under %s (%s), where the webhook does not look", w, w.Group)
			}
			w.Name += "x"
			if looksUnder(t, w, pod) {
				t.Errorf("the webhook takes the report of %s for its own", w)
			}
		})
	}
}

// looksUnder says whether the webhook finds what a workload's report says of a
// pod's container.
func looksUnder(t *testing.T, w v1alpha1.Workload, pod *corev1.Pod) bool {
	t.Helper()
	c := pod.Spec.Containers[0]
	r := &v1alpha1.ZombieReport{Status: v1alpha1.ZombieReportStatus{Workload: w, Observations: []v1alpha1.Observation{{
		Container: c.Name, ImageID: c.Image, ArgvHash: v1alpha1.ArgvHash(c.Command, c.Args), Cause: "PID1NotReaping", FirstSeen: metav1.Now(), LastSeen: metav1.Now(),
	}}}}
	r.Namespace, r.Name = pod.Namespace, w.ReportName()
	index := observed.NewIndex(nil)
	index.Put(r)
	db, err := initdb.New()
	if err != nil {
		t.Fatal(err)
	}
	settings := webhook.Settings{
		Config: config.Default(), Observations: index, Assessor: webhook.Assessor{Inspector: nobody{}, Evaluator: imageinspect.NewEvaluator(db)},
	}
	raw, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	object, ok, err := webhook.DecodeObject(raw, pod.GroupVersionKind(), settings.Config)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	return settings.Judge(t.Context(), object, nil).Assessments[0].Observed != nil
}
