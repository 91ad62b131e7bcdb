package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/cmd/initguard/manifest"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

// running is what was found in a cluster.
type running struct {
	documents []manifest.Document
	// labels are those of the namespaces, by name.
	labels map[string]map[string]string
	// problems are what could not be read.
	problems []string
}

// pageSize is how many objects one answer of the API server holds.
const pageSize = 500

// workloads reads what runs in a namespace, or in all when it is empty: what
// holds a pod template and belongs to nothing that does.
func (c *zombieCluster) workloads(ctx context.Context, namespace string, settings *config.Config, p *progress) (running, error) {
	found := running{labels: map[string]map[string]string{}}
	if err := c.namespaceLabels(ctx, namespace, &found); err != nil {
		return running{}, err
	}
	for _, kind := range webhook.JudgedKinds(settings) {
		mapping, err := c.client.RESTMapper().RESTMapping(kind)
		if meta.IsNoMatchError(err) {
			continue // this cluster has no such kind
		}
		if err != nil {
			return running{}, fmt.Errorf("ask the cluster for its kinds: %w", err)
		}
		if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
			continue
		}
		err = c.pages(ctx, namespace, mapping.GroupVersionKind, func(o *unstructured.Unstructured) error {
			if ended(o) || settings.ExemptsNamespace(o.GetNamespace()) {
				return nil
			}
			d, err := document(o)
			if err != nil {
				return err
			}
			if object, ok, err := webhook.DecodeObject(d.Raw, d.GVK(), settings); err == nil && ok && object.ClaimsOwner(settings) {
				return nil
			}
			found.documents = append(found.documents, d)
			p.found(len(found.documents))
			return nil
		})
		switch {
		case apierrors.IsForbidden(err):
			found.problems = append(found.problems, fmt.Sprintf("you may not list %s %s: they are not judged", mapping.Resource.GroupResource(), inWhere(namespace)))
		case err != nil:
			return running{}, fmt.Errorf("list %s %s: %w", mapping.Resource.GroupResource(), inWhere(namespace), err)
		}
		if len(found.documents) > manifest.MaxDocuments {
			return running{}, fmt.Errorf("more than %d workloads: look at one namespace after the other with -n", manifest.MaxDocuments)
		}
	}
	return found, nil
}

// namespaceLabels reads the labels that set the modes.
func (c *zombieCluster) namespaceLabels(ctx context.Context, namespace string, found *running) error {
	kind := schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}
	if namespace == "" {
		err := c.pages(ctx, "", kind, func(o *unstructured.Unstructured) error {
			found.labels[o.GetName()] = o.GetLabels()
			return nil
		})
		if err != nil && !apierrors.IsForbidden(err) {
			return fmt.Errorf("list namespaces: %w", err)
		}
		if err != nil {
			found.problems = append(found.problems, "you may not list namespaces: their labels are not known, the modes are those of the configuration")
		}
		return nil
	}
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(kind)
	ctx, cancel := context.WithTimeout(ctx, requestMost)
	defer cancel()
	err := c.client.Get(ctx, client.ObjectKey{Name: namespace}, o)
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Errorf("there is no namespace %q", namespace)
	case apierrors.IsForbidden(err):
		found.problems = append(found.problems, fmt.Sprintf("you may not read namespace %s: its labels are not known, the modes are those of the configuration", namespace))
	case err != nil:
		return fmt.Errorf("read namespace %s: %w", namespace, err)
	default:
		found.labels[namespace] = o.GetLabels()
	}
	return nil
}

// pages lists all objects of a kind, some at a time.
func (c *zombieCluster) pages(ctx context.Context, namespace string, kind schema.GroupVersionKind, each func(*unstructured.Unstructured) error) error {
	next := ""
	for {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := c.page(ctx, list, client.InNamespace(namespace), client.Limit(pageSize), client.Continue(next)); err != nil {
			return err
		}
		for i := range list.Items {
			if err := each(&list.Items[i]); err != nil {
				return err
			}
		}
		if next = list.GetContinue(); next == "" {
			return nil
		}
	}
}

func (c *zombieCluster) page(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	ctx, cancel := context.WithTimeout(ctx, requestMost)
	defer cancel()
	return c.client.List(ctx, list, options...) //nolint:wrapcheck // The caller says what was read.
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

// document is the part of an object that is judged.
func document(o *unstructured.Unstructured) (manifest.Document, error) {
	kept := maps.Clone(o.Object)
	delete(kept, "status")
	o = &unstructured.Unstructured{Object: kept}
	o.SetManagedFields(nil)
	raw, err := json.Marshal(o)
	if err != nil {
		return manifest.Document{}, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return manifest.Document{
		APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName(), Raw: raw,
	}, nil
}

func inWhere(namespace string) string {
	if namespace == "" {
		return "in all namespaces"
	}
	return "in namespace " + strings.TrimSpace(namespace)
}
