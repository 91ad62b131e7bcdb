package responder

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
)

const (
	// apiTimeout bounds a request to the API server.
	apiTimeout = 15 * time.Second
	// maxOwners bounds the way up: Pod, Job, CronJob and one more would do.
	maxOwners = 5
	// ownersKept and ownersFresh bound what is remembered: who owns an object
	// hardly ever changes.
	ownersKept  = 10000
	ownersFresh = 30 * time.Minute
)

// Owners finds the top-level workload of a pod.
type Owners struct {
	reader client.Reader
	known  *expirable.LRU[ownerKey, *metav1.OwnerReference]
}

// ownerKey is a reference with its namespace. Anybody may write any UID into
// one: the answer for it is that for no other reference.
type ownerKey struct {
	namespace, apiVersion, kind, name string
	uid                               types.UID
}

// NewOwners asks a reader, which is not to watch what it is asked for, for
// metadata alone.
func NewOwners(r client.Reader) *Owners {
	return &Owners{reader: r, known: expirable.NewLRU[ownerKey, *metav1.OwnerReference](ownersKept, nil, ownersFresh)}
}

// Top is the top-level workload of a pod: from controller to controller, until
// one that people apply (Deployment, StatefulSet, DaemonSet, CronJob,
// DeploymentConfig), that nobody controls, or that may not be read. An operator
// above a StatefulSet is not looked for: the StatefulSet is what has the pods.
// An error means that it can't be told now.
func (o *Owners) Top(ctx context.Context, pod *corev1.Pod) (v1alpha1.Workload, error) {
	owner, err := o.Owner(ctx, pod)
	switch {
	case err != nil:
		return v1alpha1.Workload{}, err
	case owner == nil:
		return bare(pod), nil
	}
	return v1alpha1.Workload{Group: groupOf(*owner), Kind: owner.Kind, Name: owner.Name}, nil
}

// Owner is what Top goes by, with its UID; nil where nothing owns the pod.
func (o *Owners) Owner(ctx context.Context, pod *corev1.Pod) (*metav1.OwnerReference, error) {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || mirror(*owner) {
		return nil, nil //nolint:nilnil // Nothing owns it, and that is an answer.
	}
	for range maxOwners {
		if top(*owner) {
			break
		}
		above, err := o.above(ctx, pod.Namespace, *owner)
		if err != nil {
			return nil, fmt.Errorf("owner of pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		if above == nil {
			break
		}
		owner = above
	}
	return owner, nil
}

// above is the controller of an owner; nil when there is none to be found.
func (o *Owners) above(ctx context.Context, namespace string, owner metav1.OwnerReference) (*metav1.OwnerReference, error) {
	key := ownerKey{namespace: namespace, apiVersion: owner.APIVersion, kind: owner.Kind, name: owner.Name, uid: owner.UID}
	if above, ok := o.known.Get(key); ok {
		return above, nil
	}
	if len(content.IsPathSegmentName(owner.Name)) > 0 {
		return nil, nil // The API takes any name in a reference; no object has this one.
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	object := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: owner.APIVersion, Kind: owner.Kind}}
	err := o.reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: owner.Name}, object)
	var above *metav1.OwnerReference
	switch {
	case err == nil && object.UID == owner.UID:
		above = metav1.GetControllerOf(object)
	case err == nil: // another one of that name: the owner is gone
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err), meta.IsNoMatchError(err):
		// Gone, not ours to read, or of a kind that is gone: it is the highest
		// that we know.
	default:
		return nil, fmt.Errorf("read %s %s: %w", owner.Kind, owner.Name, err)
	}
	o.known.Add(key, above)
	return above, nil
}

// top are the kinds that people apply, whoever applied them.
func top(owner metav1.OwnerReference) bool {
	switch groupOf(owner) + "/" + owner.Kind {
	case "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "batch/CronJob", "apps.openshift.io/DeploymentConfig":
		return true
	}
	return false
}

// mirror says whether it is the owner of a static pod's mirror.
func mirror(owner metav1.OwnerReference) bool {
	return owner.APIVersion == "v1" && owner.Kind == "Node"
}

func groupOf(owner metav1.OwnerReference) string {
	gv, err := schema.ParseGroupVersion(owner.APIVersion)
	if err != nil {
		return owner.APIVersion
	}
	return gv.Group
}

// bare is the workload of a pod that nothing controls. Those with a generated
// name are one workload, or each run of a pipeline would be one for a month.
func bare(pod *corev1.Pod) v1alpha1.Workload {
	if prefix := pod.GenerateName; prefix != "" && len(prefix) < len(pod.Name) && pod.Name[:len(prefix)] == prefix {
		return v1alpha1.Workload{Kind: "Pod", Name: prefix + "*"}
	}
	return v1alpha1.Workload{Kind: "Pod", Name: pod.Name}
}
