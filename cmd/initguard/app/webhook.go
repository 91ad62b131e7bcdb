package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

func newWebhookCommand(streams Streams) *cobra.Command {
	o := NewWebhookOptions()
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Serve the admission webhook",
		Long: `Serve the admission webhook: every workload that is applied is judged, and
whoever applies it is told which container's PID 1 will not reap zombies.

Images are read with the rights of the pods that they are for: their pull secrets
and their ServiceAccounts', in namespaces that let initguard read them.

Registry credentials that are shared with the nodes are read as by docker, from
$DOCKER_CONFIG/config.json; they are used only for registries that the
configuration marks "shared: true".

$HTTPS_PROXY, $HTTP_PROXY and $NO_PROXY are honoured; through a proxy only what
the configuration names is asked.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(o.Validate()...); err != nil {
				return usageError{err}
			}
			return runWebhook(cmd.Context(), o, streams.ErrOut)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// runWebhook serves until ctx ends.
func runWebhook(ctx context.Context, o *WebhookOptions, out io.Writer) error {
	log := newLogger(o, out)
	ctrl.SetLogger(log)
	counts, err := webhook.NewMetrics(metrics.Registry, registry.Results()...)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	settings, watcher, err := readSettings(o, counts, log)
	if err != nil {
		return err
	}
	cluster, err := restConfig(o.Kubeconfig)
	if err != nil {
		return err
	}
	reached := newNetwork(settings.config, log.WithName("network"))
	client, err := newInspector(settings.config(), reached, counts, cluster)
	if err != nil {
		return err
	}
	defer client.Close()
	settings.inspector = client

	certificates, err := newCertificates(cluster, o, metrics.Registry, log.WithName("certificates"))
	if err != nil {
		return err
	}
	mgr, namespaces, err := newManager(ctx, cluster, o, settings.callers.ask(certificates.GetCertificate), certificates.GetCertificate, log)
	if err != nil {
		return err
	}
	if err := addCertificates(mgr, certificates, o); err != nil {
		return err
	}
	if err := watchSeen(mgr, cluster, settings, o, log.WithName("image")); err != nil {
		return err
	}
	if err := errors.Join(watchNodes(ctx, mgr, settings), watchNetwork(mgr, cluster, reached), watchObserved(mgr, cluster, settings, counts, log)); err != nil {
		return err
	}
	var end ending
	handler, err := serveReviews(mgr, cluster, settings, namespaces, counts, &end, log)
	if err != nil {
		return err
	}
	if err := errors.Join(mgr.Add(everywhere(tuneGC)), mgr.Add(warmUp(handler, settings, reached))); err != nil {
		return err
	}
	if watcher != nil {
		if err := mgr.Add(everywhere(watcher.Run)); err != nil {
			return err
		}
	}
	log.Info("serving", "address", o.BindAddress, "port", o.Port, "version", Version())
	serving, err := end.late(ctx, mgr, o.ShutdownDelay, log)
	if err != nil {
		return err
	}
	return mgr.Start(serving)
}

// everywhere is a part of the manager that runs in every replica, not in the
// leader alone.
type everywhere func(context.Context) error

func (f everywhere) Start(ctx context.Context) error { return f(ctx) }

func (everywhere) NeedLeaderElection() bool { return false }

func newLogger(o *WebhookOptions, out io.Writer) logr.Logger {
	var level slog.LevelVar
	_ = level.UnmarshalText([]byte(o.LogLevel)) // Validate has read it before
	options := &slog.HandlerOptions{Level: &level}
	if o.LogFormat == "text" {
		return logr.FromSlogHandler(withoutProbes{slog.NewTextHandler(out, options)})
	}
	return logr.FromSlogHandler(withoutProbes{slog.NewJSONHandler(out, options)})
}

func restConfig(kubeconfig string) (*rest.Config, error) {
	c, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err == nil {
		return c, nil
	}
	if kubeconfig != "" {
		return nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	return nil, fmt.Errorf("no cluster: run in a pod, or set --kubeconfig: %w", err)
}

// newInspector makes the registry client of the webhook: it acts for every
// tenant, so addresses are guarded, images are read with the rights of the pods
// that they are for, and its own credentials are used for shared registries
// only.
func newInspector(c *config.Config, reached *network, observer registry.Observer, cluster *rest.Config) (*registry.Client, error) {
	options := registry.Options{
		Registries:     reached.registries,
		Rules:          reached.rules,
		Proxy:          http.ProxyFromEnvironment,
		ProxyHosts:     reached.proxyHosts,
		Keychain:       authn.DefaultKeychain,
		GuardAddresses: true,
		Bounds:         boundsOf(c),
		Observer:       observer,
	}
	if err := rightsOfPods(&options, cluster); err != nil {
		return nil, fmt.Errorf("rights of pods: %w", err)
	}
	client, err := registry.New(options)
	if err != nil {
		return nil, fmt.Errorf("registry client: %w", err)
	}
	return client, nil
}
