package responder

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// containerID is an id as runtimes make them.
func containerID(n int) string { return fmt.Sprintf("%064x", 0xabc000+n) }

// newPod makes a running pod with one container on a node, and returns its UID.
func newPod(t *testing.T, meta metav1.ObjectMeta, node, container string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
		Name: "app", Image: "shop/mongo:7", Command: []string{"mongod", "--secret=hunter2canary"}, Env: []corev1.EnvVar{{Name: "A", Value: "hunter2canary"}},
		ReadinessProbe: &corev1.Probe{PeriodSeconds: 30, ProbeHandler: corev1.ProbeHandler{
			Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "mongosh --eval 1"}},
		}},
	}}}}
	create(t, pod)
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "app", Image: "shop/mongo:7", ImageID: "registry.example/shop/mongo@sha256:" + strings.Repeat("ab", 32), ContainerID: "containerd://" + container,
	}}}
	if err := shared.admin.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

// owned is the metadata of what an object controls.
func owned(namespace, name string, owner client.Object, apiVersion, kind string) metav1.ObjectMeta {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
	if owner != nil {
		yes := true
		meta.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: apiVersion, Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: &yes,
		}}
	}
	return meta
}

func template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "x"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "shop/mongo:7"}}},
	}
}

func selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}
}

// statefulSet, deployment and cronJob make a workload and what it makes, up to
// the owner of pods.
func statefulSet(t *testing.T, namespace, name string) metav1.ObjectMeta {
	t.Helper()
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: appsv1.StatefulSetSpec{Selector: selector(), Template: template()}}
	create(t, set)
	return owned(namespace, name+"-0", set, "apps/v1", "StatefulSet")
}

func deployment(t *testing.T, namespace, name string) *appsv1.ReplicaSet {
	t.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: appsv1.DeploymentSpec{Selector: selector(), Template: template()}}
	create(t, d)
	rs := &appsv1.ReplicaSet{ObjectMeta: owned(namespace, name+"-5d4f", d, "apps/v1", "Deployment"), Spec: appsv1.ReplicaSetSpec{Selector: selector(), Template: template()}}
	create(t, rs)
	return rs
}

func cronJob(t *testing.T, namespace, name string) *batchv1.Job {
	t.Helper()
	spec := template()
	spec.Spec.RestartPolicy = corev1.RestartPolicyNever
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: batchv1.CronJobSpec{
		Schedule: "@daily", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: spec}},
	}}
	create(t, cron)
	spec.Labels = nil
	job := &batchv1.Job{ObjectMeta: owned(namespace, name+"-1", cron, "batch/v1", "CronJob"), Spec: batchv1.JobSpec{Template: spec}}
	create(t, job)
	return job
}
