package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/scanner/remedy"
)

const (
	// apiTimeout bounds a request to the API server.
	apiTimeout = 15 * time.Second
	// apiQPS and apiBurst are requests a second, and at once.
	apiQPS, apiBurst = 20, 40
	// pageSize is how many pods are listed at a time.
	pageSize = 500
)

// API is the cluster by its API server. Nothing is watched or kept.
type API struct {
	reader   client.Reader
	core     rest.Interface
	events   rest.Interface
	instance string
	now      func() time.Time
}

// NewAPI makes a client; instance is the name of this process, such as its
// pod's. The rights that it takes are in manifests/components/remedy.
func NewAPI(cluster *rest.Config, instance string, now func() time.Time) (*API, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme, eventsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("remedy: %w", err)
		}
	}
	c := rest.CopyConfig(cluster)
	c.QPS, c.Burst, c.RateLimiter, c.Timeout = apiQPS, apiBurst, nil, apiTimeout
	reader, err := client.New(c, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("remedy: %w", err)
	}
	a := &API{reader: reader, instance: instance, now: now}
	if a.core, err = restFor(c, scheme, "/api", corev1.SchemeGroupVersion); err != nil {
		return nil, err
	}
	if a.events, err = restFor(c, scheme, "/apis", eventsv1.SchemeGroupVersion); err != nil {
		return nil, err
	}
	return a, nil
}

func restFor(cluster *rest.Config, scheme *runtime.Scheme, path string, version schema.GroupVersion) (rest.Interface, error) {
	c := rest.CopyConfig(cluster)
	c.GroupVersion, c.APIPath = &version, path
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	r, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("remedy: %w", err)
	}
	return r, nil
}

// Facts implements Cluster. What is not needed any more is not asked for.
func (a *API) Facts(ctx context.Context, t Target) (remedy.Facts, error) {
	var f remedy.Facts
	pod, err := a.pod(ctx, t)
	if err != nil || pod == nil {
		return f, err
	}
	f.Pod = pod
	if pod.DeletionTimestamp != nil {
		return f, nil
	}
	namespace := metadata("v1", "Namespace")
	if err := a.get(ctx, client.ObjectKey{Name: t.Namespace}, namespace); err != nil {
		return f, fmt.Errorf("namespace %s: %w", t.Namespace, err)
	}
	f.Label = namespace.Labels[remedy.Key]
	o, selector, err := a.owner(ctx, pod)
	if err != nil {
		return f, err
	}
	f.Owner = o
	if o == nil || o.Gone || t.Since.IsZero() {
		return f, nil
	}
	f.Young, f.TooMany, err = a.young(ctx, t, o, selector)
	return f, err
}

// pod is the pod of a UID, nil where it is gone.
func (a *API) pod(ctx context.Context, t Target) (*corev1.Pod, error) {
	pod := new(corev1.Pod)
	err := a.get(ctx, client.ObjectKey{Namespace: t.Namespace, Name: t.Pod}, pod)
	switch {
	case apierrors.IsNotFound(err), err == nil && string(pod.UID) != t.UID:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("pod %s/%s: %w", t.Namespace, t.Pod, err)
	}
	return pod, nil
}

// owner is the Deployment or StatefulSet of a pod and its selector, nil where
// it has none.
func (a *API) owner(ctx context.Context, pod *corev1.Pod) (*remedy.Owner, *metav1.LabelSelector, error) {
	ref := metav1.GetControllerOf(pod)
	if ref == nil || ref.APIVersion != appsv1.SchemeGroupVersion.String() {
		return nil, nil, nil
	}
	switch ref.Kind {
	case "StatefulSet":
		return a.statefulSet(ctx, pod.Namespace, ref)
	case "ReplicaSet":
		set := metadata(ref.APIVersion, ref.Kind)
		err := a.get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: ref.Name}, set)
		switch {
		case apierrors.IsNotFound(err), err == nil && set.UID != ref.UID:
			return nil, nil, nil
		case err != nil:
			return nil, nil, fmt.Errorf("ReplicaSet %s/%s: %w", pod.Namespace, ref.Name, err)
		}
		above := metav1.GetControllerOf(set)
		if above == nil || above.APIVersion != appsv1.SchemeGroupVersion.String() || above.Kind != "Deployment" {
			return nil, nil, nil
		}
		return a.deployment(ctx, pod.Namespace, above)
	}
	return nil, nil, nil
}

func (a *API) deployment(ctx context.Context, namespace string, ref *metav1.OwnerReference) (*remedy.Owner, *metav1.LabelSelector, error) {
	d := new(appsv1.Deployment)
	o, err := a.workload(ctx, namespace, ref, d)
	if err != nil || o.Gone {
		return o, nil, err
	}
	o.Wanted, o.Ready = wanted(d.Spec.Replicas), min(d.Status.ReadyReplicas, d.Status.AvailableReplicas)
	o.Steady = d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas >= o.Wanted && d.Status.UpdatedReplicas == d.Status.Replicas
	return o, d.Spec.Selector, nil
}

func (a *API) statefulSet(ctx context.Context, namespace string, ref *metav1.OwnerReference) (*remedy.Owner, *metav1.LabelSelector, error) {
	s := new(appsv1.StatefulSet)
	o, err := a.workload(ctx, namespace, ref, s)
	if err != nil || o.Gone {
		return o, nil, err
	}
	o.Wanted, o.Ready = wanted(s.Spec.Replicas), min(s.Status.ReadyReplicas, s.Status.AvailableReplicas)
	// With an update that waits (OnDelete, a partition), the next pod would be
	// another one than the last.
	o.Steady = s.Status.ObservedGeneration >= s.Generation && s.Status.CurrentRevision == s.Status.UpdateRevision
	return o, s.Spec.Selector, nil
}

// workload reads what a reference means.
func (a *API) workload(ctx context.Context, namespace string, ref *metav1.OwnerReference, object client.Object) (*remedy.Owner, error) {
	o := &remedy.Owner{Kind: ref.Kind, Name: ref.Name, UID: string(ref.UID)}
	err := a.get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, object)
	switch {
	case apierrors.IsNotFound(err):
		o.Gone = true
	case err != nil:
		return nil, fmt.Errorf("%s %s/%s: %w", ref.Kind, namespace, ref.Name, err)
	default:
		o.Gone = object.GetUID() != ref.UID || object.GetDeletionTimestamp() != nil
	}
	return o, nil
}

func wanted(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}

// young lists a workload's pods, of which those count that were created since.
func (a *API) young(ctx context.Context, t Target, o *remedy.Owner, s *metav1.LabelSelector) ([]remedy.Replica, bool, error) {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil, false, fmt.Errorf("selector of %s %s/%s: %w", o.Kind, t.Namespace, o.Name, err)
	}
	var list []remedy.Replica
	seen := 0
	for next := ""; ; {
		var page corev1.PodList
		err := a.reader.List(ctx, &page, client.InNamespace(t.Namespace), client.MatchingLabelsSelector{Selector: selector}, client.Limit(pageSize), client.Continue(next))
		if err != nil {
			return nil, false, fmt.Errorf("pods of %s %s/%s: %w", o.Kind, t.Namespace, o.Name, err)
		}
		for i := range page.Items {
			p := &page.Items[i]
			if ref := metav1.GetControllerOf(p); ref == nil || o.Kind == "StatefulSet" && string(ref.UID) != o.UID || o.Kind == "Deployment" && ref.Kind != "ReplicaSet" {
				continue
			}
			if !p.CreationTimestamp.Time.Before(t.Since) {
				list = append(list, remedy.Replica{Name: p.Name, Terminating: p.DeletionTimestamp != nil, ReadySince: remedy.ReadySince(p)})
			}
		}
		seen += len(page.Items)
		next = page.Continue
		if next == "" || seen >= remedy.MaxReplicas {
			return list, next != "", nil
		}
	}
}

// get reads one object, and says which right may be missing.
func (a *API) get(ctx context.Context, key client.ObjectKey, object client.Object) error {
	err := a.reader.Get(ctx, key, object)
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("may this ServiceAccount read it? See manifests/components/remedy: %w", err)
	}
	return err
}

func metadata(apiVersion, kind string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}}
}

// status is the API server's own answer in an error, nil where it gave none.
func status(err error) *metav1.Status {
	var s apierrors.APIStatus
	if !errors.As(err, &s) {
		return nil
	}
	answer := s.Status()
	return &answer
}
