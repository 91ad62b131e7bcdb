package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

// callersCluster is a cluster as whoever runs the command may read it.
type callersCluster struct {
	client    client.WithWatch
	namespace string
	// host is the API server's address.
	host string
}

// requestMost bounds one request, so that a cluster that is away ends in an
// error.
const requestMost = 30 * time.Second

// connect asks nothing of the cluster yet.
func (o *clusterOptions) connect() (*callersCluster, error) {
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
	return &callersCluster{client: c, namespace: namespace, host: config.Host}, nil
}

// inWhere says where something is looked for.
func inWhere(namespace string) string {
	if namespace == "" {
		return "in all namespaces"
	}
	return "in namespace " + namespace
}

// completeMost bounds what a completion waits for.
const completeMost = 2 * time.Second

// completeNamespaces completes --namespace.
func completeNamespaces(cmd *cobra.Command, o *clusterOptions) {
	_ = cmd.RegisterFlagCompletionFunc("namespace", func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return completed(cmd.Context(), o, begun, func(ctx context.Context, c *callersCluster) []string {
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

func completed(ctx context.Context, o *clusterOptions, begun string, names func(context.Context, *callersCluster) []string) ([]string, cobra.ShellCompDirective) {
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
