package remedy

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/remedy"
	"github.com/initguard/initguard/scanner/remedy/desk"
)

func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.admin.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func setStatus(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.admin.Status().Update(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func namespace(t *testing.T, name string, opened bool) {
	t.Helper()
	create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	if !opened {
		return
	}
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := shared.open(t.Context(), folder, name); err != nil {
		t.Fatal(err)
	}
}

func selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
}

func template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}, Annotations: map[string]string{remedy.Key: "evict"}},
		Spec:       corev1.PodSpec{NodeName: "node-1", Containers: []corev1.Container{{Name: "app", Image: "shop/web:1"}}},
	}
}

func owned(name string, owner client.Object, kind string) metav1.ObjectMeta {
	yes := true
	meta := template().ObjectMeta
	meta.Namespace, meta.Name = owner.GetNamespace(), name
	meta.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: &yes}}
	return meta
}

// deployment makes one with two ready pods.
func deployment(t *testing.T, namespace string) (*appsv1.ReplicaSet, []*corev1.Pod) {
	t.Helper()
	two := int32(2)
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
		Spec:       appsv1.DeploymentSpec{Replicas: &two, Selector: selector(), Template: template()},
	}
	create(t, d)
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 2}
	setStatus(t, d)
	set := &appsv1.ReplicaSet{ObjectMeta: owned("web-5d4f", d, "Deployment"), Spec: appsv1.ReplicaSetSpec{Selector: selector(), Template: template()}}
	create(t, set)
	return set, []*corev1.Pod{pod(t, set, "ReplicaSet", "web-5d4f-a"), pod(t, set, "ReplicaSet", "web-5d4f-b")}
}

// pod is one that has been ready for a day.
func pod(t *testing.T, owner client.Object, kind, name string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{ObjectMeta: owned(name, owner, kind), Spec: template().Spec}
	create(t, p)
	yesterday := metav1.NewTime(time.Now().Add(-24 * time.Hour))
	p.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: yesterday}},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", Ready: true, Image: "shop/web:1", ImageID: "image", ContainerID: "containerd://a",
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: yesterday}},
		}},
	}
	setStatus(t, p)
	return p
}

// budget is a PodDisruptionBudget that allows so many now.
func budget(t *testing.T, namespace string, allowed int32) {
	t.Helper()
	one := intstr.FromInt32(1)
	b := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: selector(), MinAvailable: &one},
	}
	create(t, b)
	b.Status = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: b.Generation, DisruptionsAllowed: allowed, CurrentHealthy: 1 + allowed, DesiredHealthy: 1, ExpectedPods: 2}
	setStatus(t, b)
}

// report says that pods are full of zombies.
func report(t *testing.T, namespace string, pods ...*corev1.Pod) *v1alpha1.ZombieReport {
	t.Helper()
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	before := metav1.NewTime(now.Add(-2 * time.Hour))
	r := &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "deployment-web"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "web"},
			Summary:  v1alpha1.Summary{Workload: "Deployment/web", Zombies: 2000, PerHour: "-", PIDLimitIn: "-"}, FirstSeen: before, LastSeen: now,
		},
	}
	for _, p := range pods {
		r.Status.Pods = append(r.Status.Pods, v1alpha1.Pod{Name: p.Name, UID: string(p.UID), Node: "node-1", Zombies: 2000, OldestSince: before, Containers: []v1alpha1.Container{{
			Name: "app", ImageID: "image", ArgvHash: "argv", Zombies: 2000, OldestSince: before,
			Causes: []v1alpha1.Cause{{Cause: string(scanner.PID1NotReaping), Parent: "node", ParentPID: 1, Parents: 1, Zombies: 2000, OldestSince: before, Children: []v1alpha1.Children{{Name: "sh", Count: 2000}}}},
		}}})
	}
	create(t, r)
	return r
}

func api(t *testing.T) *desk.API {
	t.Helper()
	a, err := desk.NewAPI(shared.config, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func target(p *corev1.Pod) desk.Target {
	return desk.Target{
		Namespace: p.Namespace, Pod: p.Name, UID: string(p.UID), Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "web"},
	}
}

// newDesk evicts at once what passes a threshold.
func newDesk(t *testing.T, change func(*remedy.Settings)) *desk.Desk {
	t.Helper()
	s := remedy.Default()
	s.Mode, s.Hold = remedy.Evict, 0
	if change != nil {
		change(&s)
	}
	if f := s.Validate(); len(f) > 0 {
		t.Fatal(f)
	}
	m, err := desk.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	a := api(t)
	return desk.New(desk.Options{
		Cluster: a, Recorder: a, Settings: func() remedy.Settings { return s }, KillSwitch: func() bool { return false },
		Own: []string{own, "initguard-node"}, Metrics: m, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: time.Now,
	})
}

// current is a pod as it is; an error when it is gone.
func current(t *testing.T, p *corev1.Pod) (*corev1.Pod, error) {
	t.Helper()
	now := new(corev1.Pod)
	if err := shared.admin.Get(t.Context(), client.ObjectKeyFromObject(p), now); err != nil {
		return nil, err
	}
	if now.UID != p.UID {
		return nil, fmt.Errorf("pod %s is another one", p.Name)
	}
	return now, nil
}
