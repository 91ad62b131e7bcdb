package responder

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
	"github.com/initguard/initguard/scanner/responder"
)

// asResponder is a client with the rights of the responder.
func asResponder(t *testing.T) client.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", shared.cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config.Impersonate.UserName = "system:serviceaccount:" + systemNamespace + ":initguard-responder"
	c, err := client.New(config, client.Options{Scheme: shared.admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEventsOnWorkloads: whoever describes a Deployment reads there that it has
// zombies, once, however often the digest is told; with the responder's rights,
// and without argv.
func TestEventsOnWorkloads(t *testing.T) {
	const name = "notify-events"
	namespace(t, name)
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "web"}, Spec: appsv1.DeploymentSpec{Selector: selector(), Template: template()}}
	create(t, deployment)
	set := &appsv1.ReplicaSet{ObjectMeta: owned(name, "web-1", deployment, "apps/v1", "Deployment"), Spec: appsv1.ReplicaSetSpec{Selector: selector(), Template: template()}}
	create(t, set)
	pod := newPod(t, owned(name, "web-1-a", set, "apps/v1", "ReplicaSet"), "node-x", containerID(901))

	now := metav1.Now()
	report := &v1alpha1.ZombieReport{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "deployment-web"}, Status: v1alpha1.ZombieReportStatus{
		Workload: v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "web"}, FirstSeen: now, LastSeen: now,
		Summary: v1alpha1.Summary{Pods: 1, Zombies: 341, PerHour: "-", PIDLimitIn: "-", Cause: "PID1NotReaping"},
		Pods:    []v1alpha1.Pod{{Name: pod.Name, UID: string(pod.UID), Node: "node-x", Zombies: 341, OldestSince: now, Containers: []v1alpha1.Container{}}},
	}}
	create(t, report)
	as := asResponder(t)
	for range 2 { // the second is the next leader
		events, err := notify.NewEvents(notify.EventOptions{
			Settings: notify.DefaultEvents(), Writer: notify.APIEvents{Writer: as}, Pods: notify.APIPods{Reader: as}, Owners: responder.NewOwners(as),
			Instance: "responder-0", Log: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = events.Run(t.Context()) }()
		events.Tell(notice.Digest{ID: "d1", Namespace: name, Items: []notice.Item{{Report: report, Kind: "Firing", Severity: "Critical", Since: now.Time}}})
		eventually(t, 20*time.Second, "the result", func() error {
			told := events.Told()
			if len(told) == 0 {
				return errors.New("none")
			}
			if told[0].Failed != "" {
				t.Error(told[0].Failed)
			}
			return nil
		})
	}
	var list corev1.EventList
	if err := shared.admin.List(t.Context(), &list, client.InNamespace(name)); err != nil || len(list.Items) != 1 {
		t.Fatalf("%d Events: %v", len(list.Items), err)
	}
	out := kubectl(t, "-n", name, "describe", "deployment", "web")
	if !strings.Contains(out, "ZombieProcesses") || !strings.Contains(out, "341 zombies in 1 pod since") || strings.Contains(out, "hunter2canary") {
		t.Errorf("kubectl describe:\n%s", out)
	}
	if got := list.Items[0]; got.InvolvedObject.UID != deployment.UID {
		t.Errorf("%+v", got.InvolvedObject)
	}
}

// TestPodsForAdvice: the pod that fixes are for is found by name and UID, with the
// right to list alone.
func TestPodsForAdvice(t *testing.T) {
	const name = "notify-pods"
	namespace(t, name)
	pod := newPod(t, metav1.ObjectMeta{Namespace: name, Name: "a"}, "node-x", containerID(902))
	pods := notify.APIPods{Reader: asResponder(t)}
	got, err := pods.Pod(t.Context(), name, "a", string(pod.UID))
	if err != nil || got == nil || len(got.Spec.Containers) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	for _, other := range []string{"", "another"} {
		if got, err := pods.Pod(t.Context(), name, "a", other); err != nil || got != nil {
			t.Errorf("UID %q: %v, %v", other, got, err)
		}
	}
	if got, err := pods.Pod(t.Context(), name, "b", string(pod.UID)); err != nil || got != nil {
		t.Errorf("another name: %v, %v", got, err)
	}
}
