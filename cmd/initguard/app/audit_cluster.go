package app

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/cluster/workloads"
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
func (c *callersCluster) workloads(ctx context.Context, namespace string, settings *config.Config, p *progress) (running, error) {
	found := running{labels: map[string]map[string]string{}}
	if err := c.namespaceLabels(ctx, namespace, &found); err != nil {
		return running{}, err
	}
	forbidden, err := c.lister().List(ctx, namespace, webhook.JudgedKinds(settings), func(w webhook.Workload) bool {
		if settings.ExemptsNamespace(w.Namespace) {
			return true
		}
		if object, ok, err := webhook.DecodeObject(w.Raw, w.Kind, settings); err == nil && ok && object.ClaimsOwner(settings) {
			return true
		}
		found.documents = append(found.documents, manifest.Document{
			APIVersion: w.Kind.GroupVersion().String(), Kind: w.Kind.Kind, Namespace: w.Namespace, Name: w.Name, Raw: w.Raw,
		})
		p.found(len(found.documents))
		return len(found.documents) <= manifest.MaxDocuments
	})
	if err != nil {
		return running{}, fmt.Errorf("what runs %s: %w", inWhere(namespace), err)
	}
	for _, resource := range forbidden {
		found.problems = append(found.problems, fmt.Sprintf("you may not list %s %s: they are not judged", resource, inWhere(namespace)))
	}
	if len(found.documents) > manifest.MaxDocuments {
		return running{}, fmt.Errorf("more than %d workloads: look at one namespace after the other with -n", manifest.MaxDocuments)
	}
	return found, nil
}

// lister lists with the rights of whoever runs the command.
func (c *callersCluster) lister() *workloads.Lister {
	return &workloads.Lister{Client: c.client, PageSize: pageSize, PageMost: requestMost}
}

// namespaceLabels reads the labels that set the modes.
func (c *callersCluster) namespaceLabels(ctx context.Context, namespace string, found *running) error {
	kind := schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}
	if namespace == "" {
		err := c.lister().Pages(ctx, "", kind, func(o *unstructured.Unstructured) (bool, error) {
			found.labels[o.GetName()] = o.GetLabels()
			return true, nil
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
