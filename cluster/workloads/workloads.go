// Package workloads lists what runs in a cluster, or in one of its namespaces: the
// objects of the kinds that are judged, some at a time and as the API server
// gives them.
package workloads

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/webhook"
)

// Lister lists workloads. It is safe for concurrent use.
type Lister struct {
	// Client reads the objects, and knows the cluster's kinds.
	Client client.Client
	// PageSize is how many objects one answer of the API server holds.
	PageSize int64
	// PageMost bounds the time of one answer.
	PageMost time.Duration
}

// own are the bounds of the webhook: its pages are small, since it has little
// memory, and its caller's deadline comes first.
const (
	ownPageSize = 100
	ownPageMost = 2 * time.Second
)

// New makes a lister with the rights of initguard itself.
func New(cluster *rest.Config) (*Lister, error) {
	c := rest.CopyConfig(cluster)
	c.QPS = -1              // a deadline and a number of objects bound what is asked
	c.Timeout = ownPageMost // the cluster's kinds are asked for without a deadline
	reader, err := client.New(c, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("client of workloads: %w", err)
	}
	return &Lister{Client: reader, PageSize: ownPageSize, PageMost: ownPageMost}, nil
}

// List hands over what runs in a namespace, or in all for an empty name, until
// each says that it is enough. Kinds that this cluster lacks are left out, and
// so are pods and jobs that have ended. Of what it may not list it gives the
// resources, such as deployments.apps; all else that fails is an error.
func (l *Lister) List(ctx context.Context, namespace string, kinds []schema.GroupKind, each func(webhook.Workload) bool) (forbidden []string, err error) {
	for _, kind := range kinds {
		mapping, err := l.Client.RESTMapper().RESTMapping(kind)
		if meta.IsNoMatchError(err) {
			continue // this cluster has no such kind
		}
		if err != nil {
			return forbidden, fmt.Errorf("ask the cluster for its kinds: %w", err)
		}
		if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
			continue
		}
		enough := false
		err = l.Pages(ctx, namespace, mapping.GroupVersionKind, func(o *unstructured.Unstructured) (bool, error) {
			if ended(o) {
				return true, nil
			}
			raw, err := judgedPart(o)
			if err != nil {
				return false, err
			}
			enough = !each(webhook.Workload{Kind: o.GroupVersionKind(), Namespace: o.GetNamespace(), Name: o.GetName(), Raw: raw})
			return !enough, nil
		})
		switch {
		case apierrors.IsForbidden(err):
			forbidden = append(forbidden, mapping.Resource.GroupResource().String())
		case err != nil:
			return forbidden, fmt.Errorf("list %s: %w", mapping.Resource.GroupResource(), err)
		}
		if enough {
			break
		}
	}
	return forbidden, nil
}

// Pages hands over all objects of a kind, until each returns false.
func (l *Lister) Pages(ctx context.Context, namespace string, kind schema.GroupVersionKind, each func(*unstructured.Unstructured) (bool, error)) error {
	next := ""
	for {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := l.page(ctx, list, client.InNamespace(namespace), client.Limit(l.PageSize), client.Continue(next)); err != nil {
			return err
		}
		for i := range list.Items {
			if more, err := each(&list.Items[i]); err != nil || !more {
				return err
			}
		}
		if next = list.GetContinue(); next == "" {
			return nil
		}
	}
}

func (l *Lister) page(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	ctx, cancel := context.WithTimeout(ctx, l.PageMost)
	defer cancel()
	return l.Client.List(ctx, list, options...) //nolint:wrapcheck // The caller says what was read.
}

// ended is true for pods and jobs that run no more.
func ended(o *unstructured.Unstructured) bool {
	switch o.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Kind: "Pod"}:
		phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
		return phase == "Succeeded" || phase == "Failed"
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
		return slices.ContainsFunc(conditions, func(c any) bool {
			condition, _ := c.(map[string]any)
			return (condition["type"] == "Complete" || condition["type"] == "Failed") && condition["status"] == "True"
		})
	default:
		return false
	}
}

// judgedPart is an object without what nobody judges.
func judgedPart(o *unstructured.Unstructured) ([]byte, error) {
	kept := maps.Clone(o.Object)
	delete(kept, "status")
	o = &unstructured.Unstructured{Object: kept}
	o.SetManagedFields(nil)
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return raw, nil
}
