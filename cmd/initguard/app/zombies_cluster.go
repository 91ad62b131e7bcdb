package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
)

// reports lists those of a namespace, or of all.
func (c *callersCluster) reports(ctx context.Context, namespace string) (*v1alpha1.ZombieReportList, error) {
	ctx, cancel := context.WithTimeout(ctx, requestMost)
	defer cancel()
	list := &v1alpha1.ZombieReportList{}
	if err := c.client.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, explained(err, "list", namespace)
	}
	// The client drops them.
	list.APIVersion, list.Kind = v1alpha1.GroupVersion().String(), "ZombieReportList"
	for i := range list.Items {
		list.Items[i].APIVersion, list.Items[i].Kind = v1alpha1.GroupVersion().String(), "ZombieReport"
	}
	return list, nil
}

// explained adds to an error of the API server what can be done about it.
func explained(err error, verb, namespace string) error {
	where := inWhere(namespace)
	switch {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err):
		return fmt.Errorf("this cluster has no ZombieReports: initguard's responder writes them. A cluster administrator installs "+
			"the types with `kubectl apply -k https://github.com/initguard/initguard//manifests/crds` and then "+
			"manifests/components/scanner and manifests/components/responder (%w)", err)
	case apierrors.IsForbidden(err):
		hint := "the roles view, edit and admin have it"
		if namespace == "" {
			hint += "; those of one namespace are listed with -n NAMESPACE"
		}
		return fmt.Errorf("you may not %s zombiereports.initguard.dev %s: ask for that right, %s (%w)", verb, where, hint, err)
	default:
		return fmt.Errorf("%s zombiereports %s: %w", verb, where, err)
	}
}

// watch calls changed for each report that changes after a version, until ctx
// ends. The API server ends a watch now and then; then it lists anew.
func (c *callersCluster) watch(ctx context.Context, namespace, version string, changed func(v1alpha1.ZombieReport) error) error {
	seen := make(map[string]string) // namespace/name: version
	for ctx.Err() == nil {
		w, err := c.client.Watch(ctx, &v1alpha1.ZombieReportList{}, client.InNamespace(namespace),
			&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: version}})
		if err != nil && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
			return explained(err, "watch", namespace)
		}
		if err == nil {
			err = drain(w, seen, changed)
			w.Stop()
			if err != nil {
				return err
			}
		}
		list, err := c.reports(ctx, namespace)
		if err != nil {
			return err
		}
		version = list.ResourceVersion
		for _, r := range list.Items {
			if before, ok := seen[r.Namespace+"/"+r.Name]; ok && before != r.ResourceVersion {
				seen[r.Namespace+"/"+r.Name] = r.ResourceVersion
				if err := changed(r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// drain takes the events of one watch until it ends.
func drain(w watch.Interface, seen map[string]string, changed func(v1alpha1.ZombieReport) error) error {
	for event := range w.ResultChan() {
		r, ok := event.Object.(*v1alpha1.ZombieReport)
		if !ok {
			return nil // it says that the version is too old
		}
		if event.Type != watch.Added && event.Type != watch.Modified {
			continue
		}
		seen[r.Namespace+"/"+r.Name] = r.ResourceVersion
		if err := changed(*r); err != nil {
			return err
		}
	}
	return nil
}

// object reads any object, as JSON.
func (c *callersCluster) object(ctx context.Context, namespace string, kind schema.GroupKind, name string) ([]byte, schema.GroupVersionKind, error) {
	ctx, cancel := context.WithTimeout(ctx, requestMost)
	defer cancel()
	mapping, err := c.client.RESTMapper().RESTMapping(kind)
	if err != nil {
		return nil, schema.GroupVersionKind{}, err //nolint:wrapcheck // The caller says what was read.
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(mapping.GroupVersionKind)
	if err := c.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object); err != nil {
		return nil, schema.GroupVersionKind{}, err //nolint:wrapcheck // The caller says what was read.
	}
	text, err := json.Marshal(object)
	return text, mapping.GroupVersionKind, err //nolint:wrapcheck // It was JSON.
}

// completeZombies completes namespaces, workloads and pods out of the cluster.
func completeZombies(cmd *cobra.Command, o *ZombiesOptions) {
	completeNamespaces(cmd, &o.clusterOptions)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completed(cmd.Context(), &o.clusterOptions, begun, func(ctx context.Context, c *callersCluster) []string {
			list, err := c.reports(ctx, c.namespace)
			if err != nil {
				return nil
			}
			var names []string
			for _, r := range list.Items {
				names = append(names, strings.ToLower(r.Status.Workload.Kind)+"/"+r.Status.Workload.Name)
				for _, p := range r.Status.Pods {
					names = append(names, p.Name)
				}
			}
			return names
		})
	}
}
