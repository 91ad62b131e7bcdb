package responder

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

// objects is an API server that knows the metadata of some objects, and counts
// what it is asked.
type objects struct {
	client.Reader
	known map[string]*metav1.PartialObjectMetadata // by kind/name
	fail  map[string]error
	asked []string
}

func (o *objects) Get(_ context.Context, k client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	object, ok := into.(*metav1.PartialObjectMetadata)
	if !ok {
		return errors.New("more than metadata is asked for")
	}
	name := object.Kind + "/" + k.Name
	o.asked = append(o.asked, name)
	if err := o.fail[name]; err != nil {
		return err
	}
	found := o.known[name]
	if found == nil {
		return apierrors.NewNotFound(schema.GroupResource{Resource: object.Kind}, k.Name)
	}
	found.DeepCopyInto(object)
	return nil
}

// reference is to a controller.
func reference(apiVersion, kind, name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID(kind + name), Controller: new(true)}
}

func object(kind, name string, owners ...metav1.OwnerReference) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(kind + name), OwnerReferences: owners}}
}

func TestTop(t *testing.T) {
	api := &objects{
		known: map[string]*metav1.PartialObjectMetadata{
			"ReplicaSet/web-1":          object("ReplicaSet", "web-1", reference("apps/v1", "Deployment", "web")),
			"ReplicaSet/alone":          object("ReplicaSet", "alone"),
			"ReplicaSet/rollout-1":      object("ReplicaSet", "rollout-1", reference("argoproj.io/v1alpha1", "Rollout", "rollout")),
			"ReplicaSet/new":            {ObjectMeta: metav1.ObjectMeta{Name: "new", UID: "another", OwnerReferences: []metav1.OwnerReference{reference("apps/v1", "Deployment", "x")}}},
			"Job/nightly-1":             object("Job", "nightly-1", reference("batch/v1", "CronJob", "nightly")),
			"ReplicationController/d-1": object("ReplicationController", "d-1", reference("apps.openshift.io/v1", "DeploymentConfig", "d")),
			"PodSet/kafka-0":            object("PodSet", "kafka-0", reference("example.com/v1", "Kafka", "kafka")),
			"Loop/a":                    object("Loop", "a", reference("example.com/v1", "Loop", "a")),
		},
		fail: map[string]error{
			"Rollout/rollout": apierrors.NewForbidden(schema.GroupResource{}, "rollout", nil),
			"Gone/gone":       &meta.NoKindMatchError{},
			"Job/away":        errors.New("connection refused"),
		},
	}
	tests := []struct {
		name  string
		meta  metav1.ObjectMeta
		owner metav1.OwnerReference
		want  v1alpha1.Workload // the zero value stands for an error
	}{
		{"deployment", metav1.ObjectMeta{}, reference("apps/v1", "ReplicaSet", "web-1"), v1alpha1.Workload{Group: "apps", Kind: "Deployment", Name: "web"}},
		{"replica set alone", metav1.ObjectMeta{}, reference("apps/v1", "ReplicaSet", "alone"), v1alpha1.Workload{Group: "apps", Kind: "ReplicaSet", Name: "alone"}},
		{"replica set is gone", metav1.ObjectMeta{}, reference("apps/v1", "ReplicaSet", "gone"), v1alpha1.Workload{Group: "apps", Kind: "ReplicaSet", Name: "gone"}},
		{"another of that name", metav1.ObjectMeta{}, reference("apps/v1", "ReplicaSet", "new"), v1alpha1.Workload{Group: "apps", Kind: "ReplicaSet", Name: "new"}},
		{"may not be read", metav1.ObjectMeta{}, reference("apps/v1", "ReplicaSet", "rollout-1"), v1alpha1.Workload{Group: "argoproj.io", Kind: "Rollout", Name: "rollout"}},
		{"cron job", metav1.ObjectMeta{}, reference("batch/v1", "Job", "nightly-1"), v1alpha1.Workload{Group: "batch", Kind: "CronJob", Name: "nightly"}},
		{"deployment config", metav1.ObjectMeta{}, reference("v1", "ReplicationController", "d-1"), v1alpha1.Workload{Group: "apps.openshift.io", Kind: "DeploymentConfig", Name: "d"}},
		{"stateful set", metav1.ObjectMeta{}, reference("apps/v1", "StatefulSet", "db"), v1alpha1.Workload{Group: "apps", Kind: "StatefulSet", Name: "db"}},
		{"operator", metav1.ObjectMeta{}, reference("example.com/v1", "PodSet", "kafka-0"), v1alpha1.Workload{Group: "example.com", Kind: "Kafka", Name: "kafka"}},
		{"kind is gone", metav1.ObjectMeta{}, reference("example.com/v1", "Gone", "gone"), v1alpha1.Workload{Group: "example.com", Kind: "Gone", Name: "gone"}},
		{"a circle", metav1.ObjectMeta{}, reference("example.com/v1", "Loop", "a"), v1alpha1.Workload{Group: "example.com", Kind: "Loop", Name: "a"}},
		{"API server is away", metav1.ObjectMeta{}, reference("batch/v1", "Job", "away"), v1alpha1.Workload{}},
		{"static", metav1.ObjectMeta{Name: "etcd-n1"}, reference("v1", "Node", "n1"), v1alpha1.Workload{Kind: "Pod", Name: "etcd-n1"}},
		{"bare", metav1.ObjectMeta{Name: "bare"}, metav1.OwnerReference{}, v1alpha1.Workload{Kind: "Pod", Name: "bare"}},
		{"generated", metav1.ObjectMeta{Name: "run-x7", GenerateName: "run-"}, metav1.OwnerReference{}, v1alpha1.Workload{Kind: "Pod", Name: "run-*"}},
	}
	owners := NewOwners(api)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: test.meta}
			if test.owner.Kind != "" {
				pod.OwnerReferences = []metav1.OwnerReference{test.owner}
			}
			got, err := owners.Top(t.Context(), pod)
			if got != test.want || (err != nil) != (test.want == v1alpha1.Workload{}) {
				t.Errorf("%+v, %v; want %+v", got, err, test.want)
			}
			before := len(api.asked)
			if _, err := owners.Top(t.Context(), pod); err == nil && len(api.asked) != before {
				t.Errorf("asked again: %q", api.asked[before:])
			}
		})
	}
	if slices.ContainsFunc(api.asked, func(s string) bool { return s == "Deployment/web" || s == "StatefulSet/db" }) {
		t.Errorf("a top-level workload was read: %q", api.asked)
	}
}

// lister is an API server with the pods of nodes.
type lister struct {
	pods  []corev1.Pod
	fail  error
	asked int
}

func (l *lister) Pods(context.Context, string) ([]corev1.Pod, error) {
	l.asked++
	return l.pods, l.fail
}

func runs(name, uid, id string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(uid)},
		Spec:       corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Name: "app", Args: []string{"secret"}}}},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "app", ImageID: "image@sha256:1", ContainerID: "cri-o://" + id}}},
	}
}

func tells(pod, id string, n int) node.Container {
	return node.Container{Pod: pod, ID: id, Zombies: n, Groups: []node.Group{{
		Cause: scanner.PID1NotReaping, Parent: "sleep", InsidePID: 1, Parents: 1, Zombies: n, Children: map[string]int{"sh": n}, OldestSeconds: 60,
	}}}
}

func answer(c ...node.Container) node.Answer {
	return node.Answer{Version: node.Version, AgeSeconds: 5, Containers: c}
}

func TestResolve(t *testing.T) {
	now := epoch()
	l := &lister{pods: []corev1.Pod{runs("web", "uid-1", "c1")}}
	static := runs("static", "uid-2", "c2")
	static.Annotations = map[string]string{configHash: "hash-2", corev1.MirrorPodAnnotationKey: "hash-2"}
	static.OwnerReferences = []metav1.OwnerReference{reference("v1", "Node", "n1")}
	l.pods = append(l.pods, static)
	r := NewResolver(l, NewOwners(&objects{}), FixedLimit(4096), nil, func() time.Time { return now })
	resolve := func(c ...node.Container) Outcome {
		t.Helper()
		o, err := r.Resolve(t.Context(), "n1", answer(c...))
		if (err != nil) != (l.fail != nil) || o.Incomplete != (err != nil) {
			t.Fatalf("%+v, %v", o, err)
		}
		slices.SortFunc(o.Sightings, mostZombies)
		return o
	}
	names := func(o Outcome) (names []string) {
		for _, s := range o.Sightings {
			for _, c := range s.Pod.Containers {
				names = append(names, s.Pod.Name+"/"+c.Name)
			}
		}
		return names
	}
	steps := []struct {
		about string
		said  []node.Container
		do    func()
		want  []string
		asked int // lists so far
		// elsewhere are zombies of no pod.
		elsewhere Elsewhere
	}{
		{"a new pod is asked for", []node.Container{tells("uid-1", "c1", 9)}, nil, []string{"web/app"}, 1, Elsewhere{}},
		{"it is remembered", []node.Container{tells("uid-1", "c1", 9)}, nil, []string{"web/app"}, 1, Elsewhere{}},
		{"a static pod has another name", []node.Container{tells("uid-1", "c1", 9), tells("hash-2", "c2", 5)}, nil, []string{"web/app", "static/app"}, 2, Elsewhere{}},
		{"by its container alone", []node.Container{tells("who", "c2", 5)}, nil, []string{"static/app"}, 3, Elsewhere{}},
		{"the host", []node.Container{{Zombies: 3}, tells("uid-1", "c1", 9)}, nil, []string{"web/app"}, 4, Elsewhere{Host: 3}},
		{"nobody knows it", []node.Container{tells("ghost", "c9", 7)}, nil, nil, 5, Elsewhere{Unknown: 7}},
		{"nor is asked again", []node.Container{tells("ghost", "c9", 7)}, nil, nil, 5, Elsewhere{Unknown: 7}},
		{"before a while", []node.Container{tells("ghost", "c9", 7)}, func() { now = now.Add(unknownAgain) }, nil, 6, Elsewhere{Unknown: 7}},
		{"known again", []node.Container{tells("uid-1", "c1", 9)}, nil, []string{"web/app"}, 7, Elsewhere{}},
		{"a container that was restarted", []node.Container{tells("uid-1", "c1b", 9)}, func() { l.pods[0] = runs("web", "uid-1", "c1b") }, []string{"web/app"}, 8, Elsewhere{}},
		{"a container that nobody knows", []node.Container{tells("uid-1", "c1c", 9)}, nil, []string{"web/"}, 9, Elsewhere{}},
		{"is not asked for again", []node.Container{tells("uid-1", "c1c", 9)}, nil, []string{"web/"}, 9, Elsewhere{}},
		{"the sandbox", []node.Container{tells("uid-1", "", 9)}, nil, []string{"web/"}, 9, Elsewhere{}},
		{"the API server is away", []node.Container{tells("uid-1", "c1b", 9), tells("uid-3", "c3", 1)}, func() { l.fail = errors.New("refused") }, []string{"web/app"}, 10, Elsewhere{}},
		{"it is back", []node.Container{tells("uid-1", "c1b", 9), tells("uid-3", "c3", 1)}, func() {
			l.fail = nil
			l.pods = append(l.pods, runs("late", "uid-3", "c3"))
		}, []string{"web/app", "late/app"}, 11, Elsewhere{}},
		{"the pod is deleted, its processes aren't gone", []node.Container{tells("uid-1", "c-new", 9)}, func() { l.pods = l.pods[1:] }, nil, 12, Elsewhere{Unknown: 9}},
	}
	for _, step := range steps {
		if step.do != nil {
			step.do()
		}
		o := resolve(step.said...)
		if diff := cmp.Diff(step.want, names(o)); diff != "" || l.asked != step.asked || o.Elsewhere != step.elsewhere {
			t.Errorf("%s: asked %d times, want %d; elsewhere %+v, want %+v; -want +got:\n%s", step.about, l.asked, step.asked, o.Elsewhere, step.elsewhere, diff)
		}
		if !o.Scanned.Equal(now.Add(-5 * time.Second)) {
			t.Errorf("%s: scanned at %v", step.about, o.Scanned)
		}
	}
}

func TestStateKeepsWhatIsPending(t *testing.T) {
	s := NewState()
	s.Set("n1", outcome(epoch(), sighted("shop", "web", "1", "n1", 5, epoch()), sighted("shop", "db", "2", "n1", 7, epoch())))
	o := outcome(epoch(), sighted("shop", "web", "1", "n1", 6, epoch()))
	o.Incomplete = true
	s.Set("n1", o)
	if web, db := s.Of(Key{"shop", "deployment-web"}), s.Of(Key{"shop", "deployment-db"}); len(web) != 1 || web[0].Pod.Zombies != 6 || len(db) != 1 {
		t.Errorf("%+v, %+v", web, db)
	}
	if silent := s.Silent(epoch().Add(time.Second)); len(silent) != 1 {
		t.Errorf("silent: %q", silent)
	}
	s.Retain("n1", map[string]bool{"2": true})
	if keys := s.Keys(); len(keys) != 1 || keys[0].Name != "deployment-db" {
		t.Errorf("%v", keys)
	}
	s.Retain("n1", nil)
	if keys := s.Keys(); len(keys) != 0 {
		t.Errorf("%v", keys)
	}
	if gone := s.Prune(epoch()); len(gone) != 0 {
		t.Errorf("forgotten too early: %q", gone)
	}
	if gone := s.Prune(epoch().Add(time.Second)); len(gone) != 1 || s.Elsewhere() != (Elsewhere{}) {
		t.Errorf("forgotten: %q", gone)
	}
	// A pod whose owner is found out only later is not in two reports.
	s.Set("n1", outcome(epoch(), sighted("shop", "old", "1", "n1", 5, epoch())))
	o = outcome(epoch(), sighted("shop", "new", "1", "n1", 6, epoch()))
	o.Incomplete = true
	s.Set("n1", o)
	if keys := s.Keys(); len(keys) != 1 || keys[0].Name != "deployment-new" {
		t.Errorf("%v", keys)
	}
}
