package webhook

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/api/v1alpha1"
)

func TestTopLevel(t *testing.T) {
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC) // minute 29926680
	pod := schema.GroupKind{Kind: "Pod"}
	owned := func(api, kind, name string) *metav1.OwnerReference {
		return &metav1.OwnerReference{APIVersion: api, Kind: kind, Name: name}
	}
	hash := map[string]string{"pod-template-hash": "6b7"}
	for name, test := range map[string]struct {
		object Object
		want   string // group/kind/name
	}{
		"Deployment":                {Object{Kind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: "web"}, "apps/Deployment/web"},
		"of an operator":            {Object{Kind: schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, Name: "db", Owner: owned("x.example/v1", "Database", "db")}, "apps/StatefulSet/db"},
		"Rollout":                   {Object{Kind: schema.GroupKind{Group: "argoproj.io", Kind: "Rollout"}, Name: "web"}, "argoproj.io/Rollout/web"},
		"ReplicaSet":                {Object{Kind: schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}, Name: "web-6b7", Owner: owned("apps/v1", "Deployment", "web")}, "apps/Deployment/web"},
		"ReplicaSet of nobody":      {Object{Kind: schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}, Name: "web"}, "apps/ReplicaSet/web"},
		"Job of a CronJob":          {Object{Kind: schema.GroupKind{Group: "batch", Kind: "Job"}, Name: "x", Owner: owned("batch/v1", "CronJob", "nightly")}, "batch/CronJob/nightly"},
		"Pod":                       {Object{Kind: pod, IsPod: true, Name: "x"}, "/Pod/x"},
		"generated, not named yet":  {Object{Kind: pod, IsPod: true, Name: "run-", GenerateName: "run-"}, "/Pod/run-*"},
		"generated":                 {Object{Kind: pod, IsPod: true, Name: "run-x", GenerateName: "run-"}, "/Pod/run-*"},
		"named beside":              {Object{Kind: pod, IsPod: true, Name: "go-x", GenerateName: "run-"}, "/Pod/go-x"},
		"pod of a Deployment":       {Object{Kind: pod, IsPod: true, Labels: hash, Owner: owned("apps/v1", "ReplicaSet", "web-6b7")}, "apps/Deployment/web"},
		"another hash":              {Object{Kind: pod, IsPod: true, Labels: hash, Owner: owned("apps/v1", "ReplicaSet", "web-6b8")}, "apps/ReplicaSet/web-6b8"},
		"nothing but the hash":      {Object{Kind: pod, IsPod: true, Labels: hash, Owner: owned("apps/v1", "ReplicaSet", "-6b7")}, "apps/ReplicaSet/-6b7"},
		"no hash":                   {Object{Kind: pod, IsPod: true, Owner: owned("apps/v1", "ReplicaSet", "web-6b7")}, "apps/ReplicaSet/web-6b7"},
		"pod of a StatefulSet":      {Object{Kind: pod, IsPod: true, Owner: owned("apps/v1", "StatefulSet", "db")}, "apps/StatefulSet/db"},
		"pod of an operator":        {Object{Kind: pod, IsPod: true, Owner: owned("x.example/v1", "Database", "db")}, "x.example/Database/db"},
		"pod of a DeploymentConfig": {Object{Kind: pod, IsPod: true, Annotations: map[string]string{deploymentConfig: "web"}, Owner: owned("v1", "ReplicationController", "web-12")}, "apps.openshift.io/DeploymentConfig/web"},
		"of no DeploymentConfig":    {Object{Kind: pod, IsPod: true, Annotations: map[string]string{deploymentConfig: "web"}, Owner: owned("v1", "ReplicationController", "web-a")}, "/ReplicationController/web-a"},
		"pod of a CronJob":          {Object{Kind: pod, IsPod: true, Owner: owned("batch/v1", "Job", "nightly-29926620")}, "batch/CronJob/nightly"},
		"a date":                    {Object{Kind: pod, IsPod: true, Owner: owned("batch/v1", "Job", "nightly-20261125")}, "batch/Job/nightly-20261125"},
		"long ago":                  {Object{Kind: pod, IsPod: true, Owner: owned("batch/v1", "Job", "nightly-29026620")}, "batch/Job/nightly-29026620"},
		"a leading zero":            {Object{Kind: pod, IsPod: true, Owner: owned("batch/v1", "Job", "nightly-029926620")}, "batch/Job/nightly-029926620"},
		"a huge number":             {Object{Kind: pod, IsPod: true, Owner: owned("batch/v1", "Job", "nightly-99999999999999999999")}, "batch/Job/nightly-99999999999999999999"},
		"no name":                   {Object{Kind: pod, IsPod: true, Owner: owned("batch/v1", "Job", "-29926620")}, "batch/Job/-29926620"},
		"not a group":               {Object{Kind: pod, IsPod: true, Owner: owned("a/b/c", "Job", "x")}, "//"},
	} {
		if got := test.object.topLevel(now); text(got) != test.want {
			t.Errorf("%s: got %s, want %s", name, text(got), test.want)
		}
	}
}

func text(w v1alpha1.Workload) string { return w.Group + "/" + w.Kind + "/" + w.Name }
