package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/responder"
)

// healthyPods are the pods of a node that have no zombies.
const healthyPods = 50

// pods lists those of a node, as the API server would once it was decoded.
type pods struct{ o options }

// Pods makes the pods of a node.
func (p pods) Pods(_ context.Context, node string) ([]corev1.Pod, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(node, nodePrefix))
	if err != nil {
		return nil, err
	}
	var all []corev1.Pod
	for i := range p.o.podsOf(n) + healthyPods {
		name := fmt.Sprintf("web-%d-%d", n, i)
		yes := true
		all = append(all, corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: fmt.Sprint("team-", n%200), Name: name + "-5d4f-x", UID: types.UID(podUID(n, i)),
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name + "-5d4f", UID: types.UID(name), Controller: &yes}},
			},
			Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Name: "app", Command: []string{"sleep", "infinity"}}}},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", ImageID: "registry.example/web@sha256:" + strings.Repeat("ab", 32), ContainerID: "containerd://" + containerID(n, i),
			}}},
		})
	}
	return all, nil
}

// owners answers for ReplicaSets.
type owners struct{ client.Reader }

// Get gives the metadata of a ReplicaSet, with the Deployment that owns it.
func (owners) Get(_ context.Context, k client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	name := strings.TrimSuffix(k.Name, "-5d4f")
	yes := true
	into.SetName(k.Name)
	into.SetUID(types.UID(name))
	into.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: types.UID("d-" + name), Controller: &yes}})
	return nil
}

// store keeps reports in memory and counts writes.
type store struct {
	mu      sync.Mutex
	reports map[responder.Key]v1alpha1.ZombieReport
	writes  atomic.Int64
}

func newStore() *store { return &store{reports: make(map[responder.Key]v1alpha1.ZombieReport)} }

func (*store) List(context.Context) ([]v1alpha1.ZombieReport, error) { return nil, nil }

func (s *store) Get(_ context.Context, k responder.Key) (*v1alpha1.ZombieReport, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.reports[k]; ok {
		return &r, nil
	}
	return nil, apierrors.NewNotFound(v1alpha1.Resource().GroupResource(), k.Name)
}

func (s *store) Create(_ context.Context, r *v1alpha1.ZombieReport) error { return s.put(r) }

func (s *store) Update(_ context.Context, r *v1alpha1.ZombieReport) error { return s.put(r) }

func (s *store) put(r *v1alpha1.ZombieReport) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes.Add(1)
	s.reports[responder.Key{Namespace: r.Namespace, Name: r.Name}] = *r
	return nil
}

func (s *store) Delete(context.Context, *v1alpha1.ZombieReport) error { return nil }
