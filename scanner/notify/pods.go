package notify

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Pods finds what reports do not say of pods.
type Pods interface {
	// Pod is the pod with that name and UID; nil where there is none any more.
	Pod(ctx context.Context, namespace, name, uid string) (*corev1.Pod, error)
}

// Owners finds what a pod belongs to.
type Owners interface {
	// Owner is the top-level workload of a pod; nil where nothing owns it.
	Owner(ctx context.Context, pod *corev1.Pod) (*metav1.OwnerReference, error)
}

// APIPods asks the API server. It lists, because the responder may list pods and
// not get them, and takes what the API server has in memory.
type APIPods struct{ Reader client.Reader }

// podTimeout bounds a request.
const podTimeout = 15 * time.Second

// Pod is the pod with that name and UID.
func (a APIPods) Pod(ctx context.Context, namespace, name, uid string) (*corev1.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, podTimeout)
	defer cancel()
	var list corev1.PodList
	err := a.Reader.List(ctx, &list, &client.ListOptions{
		Namespace: namespace, FieldSelector: fields.OneTermEqualSelector("metadata.name", name), Raw: &metav1.ListOptions{ResourceVersion: "0"},
	})
	if err != nil {
		return nil, fmt.Errorf("list pod %s/%s: %w", namespace, name, err)
	}
	for i := range list.Items {
		if p := &list.Items[i]; p.Name == name && string(p.UID) == uid {
			return p, nil
		}
	}
	return nil, nil //nolint:nilnil // There is none, and that is an answer.
}
