package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
)

// clusterOptions say which cluster, and as whom.
type clusterOptions struct {
	Kubeconfig, Context, Namespace, As string
}

func (o *clusterOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig, "`file` that says how to reach the cluster (default: as for kubectl)")
	fs.StringVar(&o.Context, "context", o.Context, "`name` of the kubeconfig's context to use")
	fs.StringVarP(&o.Namespace, "namespace", "n", o.Namespace, "`namespace` to look in (default: that of the context)")
	fs.StringVar(&o.As, "as", o.As, "`user` to ask as")
}

// zombieCluster reads a cluster with the caller's rights.
type zombieCluster struct {
	client    client.WithWatch
	namespace string
	// host is the API server's address.
	host string
}

// requestMost bounds one request, so that a cluster that is away ends in an
// error.
const requestMost = 30 * time.Second

// connect asks nothing of the cluster yet.
func (o *clusterOptions) connect() (*zombieCluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	overrides.Context.Namespace, overrides.AuthInfo.Impersonate = o.Namespace, o.As
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if err != nil {
		if clientcmd.IsEmptyConfig(err) {
			return nil, fmt.Errorf("which cluster is meant? there is no kubeconfig in %s nor in KUBECONFIG; name one with --kubeconfig",
				clientcmd.RecommendedHomeFile)
		}
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	config.UserAgent = toolName + "/" + Version()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("scheme: %w", err)
	}
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("scheme: %w", err)
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &zombieCluster{client: c, namespace: namespace, host: config.Host}, nil
}

// reports lists those of a namespace, or of all.
func (c *zombieCluster) reports(ctx context.Context, namespace string) (*v1alpha1.ZombieReportList, error) {
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
	where := "in namespace " + namespace
	if namespace == "" {
		where = "in all namespaces"
	}
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
func (c *zombieCluster) watch(ctx context.Context, namespace, version string, changed func(v1alpha1.ZombieReport) error) error {
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
func (c *zombieCluster) object(ctx context.Context, namespace string, kind schema.GroupKind, name string) ([]byte, schema.GroupVersionKind, error) {
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

// completeMost bounds what a completion waits for.
const completeMost = 2 * time.Second

// completeZombies completes namespaces, workloads and pods out of the cluster.
func completeZombies(cmd *cobra.Command, o *ZombiesOptions) {
	completeNamespaces(cmd, &o.clusterOptions)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completed(cmd.Context(), &o.clusterOptions, begun, func(ctx context.Context, c *zombieCluster) []string {
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

// completeNamespaces completes --namespace.
func completeNamespaces(cmd *cobra.Command, o *clusterOptions) {
	_ = cmd.RegisterFlagCompletionFunc("namespace", func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return completed(cmd.Context(), o, begun, func(ctx context.Context, c *zombieCluster) []string {
			var list corev1.NamespaceList
			if err := c.client.List(ctx, &list); err != nil {
				return nil
			}
			var names []string
			for _, n := range list.Items {
				names = append(names, n.Name)
			}
			return names
		})
	})
}

func completed(ctx context.Context, o *clusterOptions, begun string, names func(context.Context, *zombieCluster) []string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp
	c, err := o.connect()
	if err != nil {
		return nil, directive
	}
	ctx, cancel := context.WithTimeout(ctx, completeMost)
	defer cancel()
	found := slices.DeleteFunc(names(ctx, c), func(name string) bool { return !strings.HasPrefix(name, begun) })
	slices.Sort(found)
	return slices.Compact(found), directive
}
