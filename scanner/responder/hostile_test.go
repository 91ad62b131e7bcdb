package responder

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// What tenants may write into their own pods must not change what is said of
// those of others.

// inNamespace is a pod with another namespace and owners.
func inNamespace(namespace string, p corev1.Pod, owners ...metav1.OwnerReference) corev1.Pod {
	p.Namespace, p.OwnerReferences = namespace, owners
	return p
}

func TestOwnerThatCannotBe(t *testing.T) {
	for _, name := range []string{"a/b", "..", "."} {
		api := &objects{fail: map[string]error{"ReplicaSet/" + name: errors.New("invalid resource name")}}
		pod := inNamespace("evil", runs("bad", "uid-1", "c1"), reference("apps/v1", "ReplicaSet", name))
		got, err := NewOwners(api).Top(t.Context(), &pod)
		if want := (v1alpha1.Workload{Group: "apps", Kind: "ReplicaSet", Name: name}); err != nil || got != want || len(api.asked) > 0 {
			t.Errorf("%q: %+v, %v, asked %q; want %+v", name, got, err, api.asked, want)
		}
	}
}

// TestOwnerNotToldHoldsUpNobodyElse: a pod whose owner can't be told stays as it
// was; one beside it that was deleted goes.
func TestOwnerNotToldHoldsUpNobodyElse(t *testing.T) {
	l := &lister{pods: []corev1.Pod{
		inNamespace("shop", runs("web", "uid-1", "c1")), inNamespace("evil", runs("bad", "uid-2", "c2"), reference("batch/v1", "Job", "away")),
	}}
	api := &objects{}
	r := NewResolver(l, NewOwners(api), FixedLimit(0), nil, epoch)
	s := NewState()
	step := func(wantErr bool) Outcome {
		t.Helper()
		o, err := r.Resolve(t.Context(), "n1", answer(tells("uid-1", "c1", 9), tells("uid-2", "c2", 5)))
		if (err != nil) != wantErr {
			t.Fatalf("%+v, %v", o, err)
		}
		s.Set("n1", o)
		return o
	}
	step(false)
	if keys := s.Keys(); len(keys) != 2 {
		t.Fatalf("%v", keys)
	}
	// The leader changes; now the owner can't be told, and web is deleted.
	api.fail = map[string]error{"Job/away": errors.New("no answer")}
	r = NewResolver(l, NewOwners(api), FixedLimit(0), nil, epoch)
	l.pods = l.pods[1:]
	o := step(true)
	if o.Incomplete || !o.Unsure["uid-2"] || o.Elsewhere.Unknown != 9 {
		t.Errorf("%+v", o)
	}
	if keys := s.Keys(); len(keys) != 1 || keys[0].Namespace != "evil" {
		t.Errorf("%v; want that of evil alone", keys)
	}
}

// TestOwnersOfOthers: a reference with the UID of another namespace's ReplicaSet
// neither learns whose it is nor changes what is known of it.
func TestOwnersOfOthers(t *testing.T) {
	api := &objects{known: map[string]*metav1.PartialObjectMetadata{"ReplicaSet/web-1": object("ReplicaSet", "web-1", reference("apps/v1", "Deployment", "web"))}}
	honest := inNamespace("shop", runs("web", "uid-1", "c1"), reference("apps/v1", "ReplicaSet", "web-1"))
	forged := honest.OwnerReferences[0]
	forged.Name = "none"
	evil := inNamespace("evil", runs("bad", "uid-2", "c2"), forged)
	want := map[string]string{"shop": "Deployment/web", "evil": "ReplicaSet/none"}
	for _, order := range [][]corev1.Pod{{honest, evil}, {evil, honest}} {
		owners := NewOwners(api)
		for i := range order {
			got, err := owners.Top(t.Context(), &order[i])
			if name := order[i].Namespace; err != nil || got.Kind+"/"+got.Name != want[name] {
				t.Errorf("%s after %s first: %+v, %v; want %s", name, order[0].Namespace, got, err, want[name])
			}
		}
	}
}

// TestForgedHash: the annotation of a static pod's manifest on a pod of a tenant
// does not make the static pod's zombies the tenant's.
func TestForgedHash(t *testing.T) {
	static := inNamespace("kube-system", runs("etcd-n1", "uid-2", "c2"), reference("v1", "Node", "n1"))
	static.Annotations = map[string]string{configHash: "hash-2", corev1.MirrorPodAnnotationKey: "hash-2"}
	plain := inNamespace("evil", runs("bad", "uid-9", "c9"))
	plain.Annotations = map[string]string{configHash: "hash-2"}
	owned := inNamespace("evil", runs("bad", "uid-9", "c9"), reference("apps/v1", "StatefulSet", "bad"))
	owned.Annotations = static.Annotations
	elsewhere := inNamespace("evil", runs("bad", "uid-9", "c9"), reference("v1", "Node", "n2"))
	elsewhere.Annotations = static.Annotations
	mirrored := inNamespace("evil", runs("bad", "uid-9", "c9"), reference("v1", "Node", "n1"))
	mirrored.Annotations = static.Annotations
	for about, forged := range map[string]corev1.Pod{"plain": plain, "owned": owned, "of another node": elsewhere, "a mirror in all but its containers": mirrored} {
		for _, pods := range [][]corev1.Pod{{static, forged}, {forged, static}} {
			r := NewResolver(&lister{pods: pods}, NewOwners(&objects{}), FixedLimit(0), nil, epoch)
			o, err := r.Resolve(t.Context(), "n1", answer(tells("hash-2", "c2", 5)))
			if err != nil || len(o.Sightings) != 1 || o.Sightings[0].Namespace != "kube-system" {
				t.Errorf("%s, %s first: %+v, %v", about, pods[0].Namespace, o.Sightings, err)
			}
		}
	}
}

// byNode lists as the API server does: the pods of the node that is asked for.
type byNode []corev1.Pod

func (b byNode) Pods(_ context.Context, node string) ([]corev1.Pod, error) {
	var pods []corev1.Pod
	for i := range b {
		if b[i].Spec.NodeName == node {
			pods = append(pods, b[i])
		}
	}
	return pods, nil
}

// TestNodeOfOthers: what a node says of the pods of another one, by their UIDs or
// their containers, counts for no pod.
func TestNodeOfOthers(t *testing.T) {
	other := inNamespace("shop", runs("web", "uid-2", "c2"))
	other.Spec.NodeName = "n2"
	r := NewResolver(byNode{inNamespace("shop", runs("api", "uid-1", "c1")), other}, NewOwners(&objects{}), FixedLimit(0), nil, epoch)
	o, err := r.Resolve(t.Context(), "n1", answer(tells("uid-2", "c2", 9), tells("made-up", "c2", 5), tells("uid-1", "c2", 3)))
	if err != nil || len(o.Sightings) != 1 || o.Sightings[0].Pod.UID != "uid-1" || o.Elsewhere.Unknown != 14 {
		t.Errorf("%+v, %v", o, err)
	}
}
