//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/initguard/initguard/test/cluster"
)

const (
	// pollPods is how often a pod is looked at: many wait at once.
	pollPods = time.Second
	// endMost bounds how long a pod takes to end, grace is what its programs
	// get after SIGTERM, in seconds.
	endMost = 2 * time.Minute
	grace   = 5
	// cronMost is one minute until a CronJob's turn, and what a pod takes.
	cronMost = 4 * time.Minute
)

// newClient makes a client that leaves the warnings of a request where
// withWarnings says.
func newClient(c *cluster.Cluster) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst, config.WarningHandlerWithContext = 200, 400, warningsToContext{}
	return kubernetes.NewForConfig(config)
}

// warnings are what the API server said beside an answer.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

type warningsKey struct{}

func withWarnings(ctx context.Context) (context.Context, *warnings) {
	w := &warnings{}
	return context.WithValue(ctx, warningsKey{}, w), w
}

type warningsToContext struct{}

var _ rest.WarningHandlerWithContext = warningsToContext{}

func (warningsToContext) HandleWarningHeaderWithContext(ctx context.Context, _ int, _, text string) {
	if w, ok := ctx.Value(warningsKey{}).(*warnings); ok {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.texts = append(w.texts, text)
	}
}

// createPod creates a pod by way of the case's kind and returns its name.
func (in *injection) createPod(t *testing.T, c injectCase, name string, template corev1.PodTemplateSpec) string {
	t.Helper()
	clean := metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground), GracePeriodSeconds: new(int64)}
	namespace := c.place()
	batch := in.client.BatchV1()
	meta := metav1.ObjectMeta{Name: name}
	job := batchv1.JobSpec{Template: template, BackoffLimit: new(int32)}
	var err error
	var remove func(context.Context) error
	switch c.kind {
	case kindPod:
		meta.Annotations = template.Annotations
		_, err = in.client.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{ObjectMeta: meta, Spec: template.Spec}, metav1.CreateOptions{})
		remove = func(ctx context.Context) error { return in.client.CoreV1().Pods(namespace).Delete(ctx, name, clean) }
	case kindJob:
		_, err = batch.Jobs(namespace).Create(t.Context(), &batchv1.Job{ObjectMeta: meta, Spec: job}, metav1.CreateOptions{})
		remove = func(ctx context.Context) error { return batch.Jobs(namespace).Delete(ctx, name, clean) }
	case kindCronJob:
		spec := batchv1.CronJobSpec{Schedule: "* * * * *", ConcurrencyPolicy: batchv1.ForbidConcurrent, JobTemplate: batchv1.JobTemplateSpec{Spec: job}}
		_, err = batch.CronJobs(namespace).Create(t.Context(), &batchv1.CronJob{ObjectMeta: meta, Spec: spec}, metav1.CreateOptions{})
		remove = func(ctx context.Context) error { return batch.CronJobs(namespace).Delete(ctx, name, clean) }
	}
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	made := name
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(in.describe(namespace, made))
		}
		if err := remove(context.Background()); err != nil {
			t.Errorf("remove %s: %v", name, err)
		}
	})
	if c.kind != kindPod {
		made = in.podOf(t, namespace, name)
	}
	return made
}

// podOf waits for the first pod whose name begins with that of its maker.
func (in *injection) podOf(t *testing.T, namespace, maker string) string {
	t.Helper()
	var found string
	awaitEvery(t, pollPods, cronMost, "a pod of "+maker, func() (bool, string) {
		pods, err := in.client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return false, err.Error()
		}
		at := slices.IndexFunc(pods.Items, func(p corev1.Pod) bool { return strings.HasPrefix(p.Name, maker+"-") })
		if at < 0 {
			return false, fmt.Sprintf("none among %d pods", len(pods.Items))
		}
		found = pods.Items[at].Name
		return true, ""
	})
	return found
}

func (in *injection) describe(namespace, name string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	described, _ := in.cluster.Kubectl(ctx, "-n", namespace, "describe", "pod", name).CombinedOutput()
	logs, _ := in.cluster.Kubectl(ctx, "-n", namespace, "logs", name, "--all-containers", "--tail=20", "--prefix").CombinedOutput()
	return fmt.Sprintf("%s\nlogs:\n%s", described, logs)
}

// awaitRunning waits until all containers that run on do, after so many
// restarts.
func (in *injection) awaitRunning(t *testing.T, namespace, name string, restarts int32) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	awaitEvery(t, pollPods, readyMost, "containers of "+name+" run", func() (bool, string) {
		var err error
		if pod, err = in.client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{}); err != nil {
			return false, err.Error()
		}
		for _, container := range running(&pod.Spec) {
			s, ok := statusOf(pod, container)
			if !ok || s.State.Running == nil || s.RestartCount < restarts {
				return false, fmt.Sprintf("%s: %+v", container, s.State)
			}
		}
		return true, ""
	})
	return pod
}

// awaitEnd waits until all containers ended.
func (in *injection) awaitEnd(t *testing.T, namespace, name string) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	awaitEvery(t, pollPods, endMost, "containers of "+name+" end", func() (bool, string) {
		var err error
		if pod, err = in.client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{}); err != nil {
			return false, err.Error()
		}
		for _, container := range running(&pod.Spec) {
			s, ok := statusOf(pod, container)
			if !ok || s.State.Terminated == nil {
				return false, fmt.Sprintf("%s: %+v", container, s.State)
			}
		}
		return true, ""
	})
	return pod
}

// stop has the kubelet end a pod that stays there to be looked at: SIGTERM, the
// grace period, SIGKILL, as when a pod is deleted.
func (in *injection) stop(t *testing.T, namespace, name string) {
	t.Helper()
	patch := []byte(`{"spec": {"activeDeadlineSeconds": 1}}`)
	if _, err := in.client.CoreV1().Pods(namespace).Patch(t.Context(), name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatalf("stop %s: %v", name, err)
	}
}

func (in *injection) logs(t *testing.T, namespace, name, container string) string {
	t.Helper()
	text, err := in.client.CoreV1().Pods(namespace).GetLogs(name, &corev1.PodLogOptions{Container: container}).DoRaw(t.Context())
	if err != nil {
		t.Fatalf("logs of %s, %s: %v", name, container, err)
	}
	return string(text)
}

// running are the names of a pod's containers that run on, native sidecars
// included.
func running(spec *corev1.PodSpec) []string {
	var names []string
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			names = append(names, c.Name)
		}
	}
	for _, c := range spec.Containers {
		names = append(names, c.Name)
	}
	return names
}

func statusOf(pod *corev1.Pod, container string) (corev1.ContainerStatus, bool) {
	all := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
	at := slices.IndexFunc(all, func(s corev1.ContainerStatus) bool { return s.Name == container })
	if at < 0 {
		return corev1.ContainerStatus{}, false
	}
	return all[at], true
}
