package responder

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
)

func report(t *testing.T, namespace, name string) (*v1alpha1.ZombieReport, error) {
	t.Helper()
	r := new(v1alpha1.ZombieReport)
	return r, shared.admin.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: name}, r)
}

// spaces are between two columns.
var spaces = regexp.MustCompile(` +`)

// TestReports follows pods of all kinds of owners from their zombies to the
// reports that people read, and a pod to its end.
func TestReports(t *testing.T) {
	namespace(t, "shop")
	one, two := &machine{name: "node-1"}, &machine{name: "node-2"}
	mongo := newPod(t, statefulSet(t, "shop", "mongo"), "node-1", containerID(1))
	workers := deployment(t, "shop", "worker")
	worker1 := newPod(t, owned("shop", "worker-5d4f-a", workers, "apps/v1", "ReplicaSet"), "node-1", containerID(2))
	worker2 := newPod(t, owned("shop", "worker-5d4f-b", workers, "apps/v1", "ReplicaSet"), "node-2", containerID(3))
	nightly := newPod(t, owned("shop", "nightly-1-x", cronJob(t, "shop", "nightly"), "batch/v1", "Job"), "node-2", containerID(4))
	bare := newPod(t, metav1.ObjectMeta{Namespace: "shop", Name: "bare"}, "node-2", containerID(5))
	custom := newPod(t, metav1.ObjectMeta{Namespace: "shop", Name: "kafka-0", OwnerReferences: []metav1.OwnerReference{{
		APIVersion: "example.com/v1", Kind: "Kafka", Name: "kafka", UID: "1", Controller: new(true),
	}}}, "node-2", containerID(6))
	newPod(t, metav1.ObjectMeta{Namespace: "shop", Name: "static-node-2", Annotations: map[string]string{
		"kubernetes.io/config.hash": "0123456789abcdef0123456789abcdef", "kubernetes.io/config.mirror": "x",
	}}, "node-2", containerID(7))
	replica := shared.run(t, "reports")
	one.say(
		zombies{string(mongo.UID), containerID(1), scanner.PID1NotReaping, 341},
		zombies{string(worker1.UID), containerID(2), scanner.ParentNotWaiting, 4},
		zombies{"", "", scanner.ParentNotWaiting, 2},
	)
	others := []zombies{
		{string(worker2.UID), containerID(3), scanner.ParentNotWaiting, 8},
		{string(nightly.UID), containerID(4), scanner.PID1Ambiguous, 3},
		{string(bare.UID), containerID(5), scanner.PID1NotReaping, 5},
		{string(custom.UID), containerID(6), scanner.PID1NotReaping, 6},
		{"0123456789abcdef0123456789abcdef", containerID(7), scanner.PID1NotReaping, 7},
		{"no-such-pod", containerID(8), scanner.PID1NotReaping, 9},
	}
	two.say(others...)
	one.serve(t)
	two.serve(t)

	want := strings.TrimSpace(`
NAME WORKLOAD PODS ZOMBIES OLDEST PER HOUR PID LIMIT IN CAUSE
cronjob-nightly CronJob/nightly 1 3 60m 2 - PID1Ambiguous
deployment-worker Deployment/worker 2 12 60m 10 - ParentNotWaiting
kafka.example.com-kafka-HASH Kafka/kafka 1 6 60m 5 - PID1NotReaping
pod-bare Pod/bare 1 5 60m 4 - PID1NotReaping
pod-static-node-2 Pod/static-node-2 1 7 60m 6 - PID1NotReaping
statefulset-mongo StatefulSet/mongo 1 341 60m 340 - PID1NotReaping`)
	eventually(t, 30*time.Second, "the reports", func() error {
		table := regexp.MustCompile(`-[0-9a-f]{16} `).ReplaceAllString(kubectl(t, "get", "zombies", "-n", "shop"), "-HASH ")
		table = regexp.MustCompile(`(?m) +$`).ReplaceAllString(spaces.ReplaceAllString(table, " "), "")
		if diff := cmp.Diff(want, strings.TrimSpace(table)); diff != "" {
			return fmt.Errorf("-want +got:\n%s", diff)
		}
		return nil
	})
	checkMongo(t, mongo)
	checkMetrics(t, replica)

	two.say(others[1:]...)
	if err := shared.admin.Delete(t.Context(), worker2, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	one.say(zombies{string(mongo.UID), containerID(1), scanner.PID1NotReaping, 341})
	eventually(t, 10*time.Second, "the pods are out of the report, which stays with its history", func() error {
		r, err := report(t, "shop", "deployment-worker")
		if err != nil {
			return err
		}
		if s := r.Status; len(s.Pods) != 0 || s.Summary.Zombies != 0 || len(s.History) != 1 || s.History[0].To == nil || s.History[0].MostZombies != 12 ||
			s.Summary.Cause != "ParentNotWaiting" || len(s.Observations) != 1 {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
}

// checkMongo looks at all that one report says.
func checkMongo(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	r, err := report(t, "shop", "statefulset-mongo")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "canary") {
		t.Errorf("the report says what only the pod may know: %s", text)
	}
	if len(r.Status.Pods) != 1 || len(r.Status.Pods[0].Containers) != 1 || len(r.Status.Pods[0].Containers[0].Causes) != 1 {
		t.Fatalf("%s", text)
	}
	p := r.Status.Pods[0]
	c := p.Containers[0]
	g := c.Causes[0]
	rate := int32(340)
	got := []any{p.Name, p.UID, p.Node, p.Zombies, *p.PerHour, c.Name, c.ArgvHash, g.Cause, g.Parent, g.ParentPID, g.Children}
	want := []any{
		"mongo-0", string(pod.UID), "node-1", int32(341), rate, "app", v1alpha1.ArgvHash(pod.Spec.Containers[0].Command, nil), "PID1NotReaping", "mongod",
		int32(1), []v1alpha1.Children{{Name: "sh", Count: 228}, {Name: "true", Count: 113}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !strings.HasPrefix(c.ImageID, "registry.example/shop/mongo@sha256:") {
		t.Errorf("image %q", c.ImageID)
	}
	if o := r.Status.Observations; len(o) != 1 || o[0].ImageID != c.ImageID || o[0].ArgvHash != c.ArgvHash || c.ExecHash != v1alpha1.ExecHash(&pod.Spec.Containers[0]) || o[0].ExecHash != c.ExecHash || o[0].Cause != "PID1NotReaping" {
		t.Errorf("observations %+v", o)
	}
	if h := r.Status.History; len(h) != 1 || h[0].To != nil || h[0].MostZombies != 341 {
		t.Errorf("history %+v", h)
	}
}

// checkMetrics looks at what the leader tells Prometheus.
func checkMetrics(t *testing.T, r *replica) {
	t.Helper()
	text, err := r.scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`initguard_zombies{cause="PID1NotReaping",container="app",namespace="shop",workload="StatefulSet/mongo"} 341`,
		`initguard_zombies{cause="ParentNotWaiting",container="app",namespace="shop",workload="Deployment/worker"} 12`,
		`initguard_zombies_per_hour{namespace="shop",workload="StatefulSet/mongo"} 340`,
		`initguard_zombies_elsewhere{where="host"} 2`,
		`initguard_zombies_elsewhere{where="unknown pod"} 9`,
		`initguard_scanner_nodes{state="answering"} 2`,
		`initguard_report_writes_total{operation="create",result="ok"} 6`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(text, `result="error"`) {
		t.Error("there were errors")
	}
	if t.Failed() {
		t.Log(text)
	}
}
