package responder

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A View is what is known of a pod without zombies.
type View struct {
	// Asked says that the API server answered, Found that it has the pod.
	Asked, Found bool
	// Node is where the pod is, empty while it is nowhere. Scanned is when that
	// node was last scanned, as far as it has told; zero when it has told nothing.
	// Silent says that it did not answer the last time.
	Node    string
	Scanned time.Time
	Silent  bool
}

// Sighted is the report of a pod that has zombies, as its node last told.
func (r *Responder) Sighted(namespace, pod string) (Key, bool) { return r.state.Find(namespace, pod) }

// View says what is known of a pod. find may be nil; then the API server isn't
// asked.
func (r *Responder) View(ctx context.Context, find Finder, namespace, pod string) View {
	var v View
	if find == nil {
		return v
	}
	node, found, err := find.Node(ctx, namespace, pod)
	if err != nil {
		r.options.Log.Warn("pod of an alert not looked for", "namespace", namespace, "pod", pod, "error", err)
		return v
	}
	v.Asked, v.Found, v.Node = true, found, node
	if node != "" {
		v.Scanned, v.Silent = r.collector.Scanned(node)
	}
	return v
}

// Hurry has reports brought up to date within a second: somebody waits.
func (r *Responder) Hurry() { r.hurry.Store(true) }

// Finder finds the node of a pod.
type Finder interface {
	// Node is where a pod is; empty while it is nowhere. found is false where there
	// is no such pod.
	Node(ctx context.Context, namespace, pod string) (node string, found bool, err error)
}

// Node finds it by a list, which is the one right to pods that the responder has.
func (a APIPods) Node(ctx context.Context, namespace, pod string) (node string, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	var list corev1.PodList
	err = a.Reader.List(ctx, &list, &client.ListOptions{
		Namespace: namespace, FieldSelector: fields.OneTermEqualSelector("metadata.name", pod), Raw: &metav1.ListOptions{ResourceVersion: "0"},
	})
	if err != nil {
		return "", false, fmt.Errorf("find pod %s/%s: %w", namespace, pod, err)
	}
	for i := range list.Items {
		if list.Items[i].Name == pod {
			return list.Items[i].Spec.NodeName, true, nil
		}
	}
	return "", false, nil
}

// Find is the report of a pod that has zombies.
func (s *State) Find(namespace, pod string) (Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, pods := range s.keys {
		if k.Namespace != namespace {
			continue
		}
		for _, sighting := range pods {
			if sighting.Pod.Name == pod {
				return k, true
			}
		}
	}
	return Key{}, false
}

// Scanned is when a node was last scanned, zero where it has told nothing, and
// whether it did not answer the last time.
func (c *Collector) Scanned(node string) (at time.Time, silent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.nodes[node]; n != nil {
		return n.scanned, n.failures > 0
	}
	return time.Time{}, false
}
