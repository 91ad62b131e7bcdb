package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/scanner/responder"
)

const (
	// responderName is that of the lease, and of the certificate that scanners
	// let in.
	responderName = "initguard-responder"
	// The Secrets of the authority and of the scanners.
	scannerAuthority   = "initguard-scanner-ca"
	scannerCertificate = "initguard-scanner-tls"
	// certsEvery is how often certificates are looked at, certsAgain how soon
	// after a failure.
	certsEvery = 10 * time.Minute
	certsAgain = 5 * time.Second
	// Requests to the API server in a second, and at once.
	responderQPS, responderBurst = 50, 100
)

func newResponderCommand(streams Streams) *cobra.Command {
	o := NewResponderOptions()
	cmd := &cobra.Command{
		Use:   "responder",
		Short: "Collect the zombies of all nodes and write ZombieReports",
		Long: `Collect the zombies of all nodes and write ZombieReports: one for each workload
whose pods have zombies, kept for 30 days after the last one.

It asks the scanners, which are the pods of a DaemonSet in a namespace of their
own, over TLS with certificates that it issues itself; finds the pods and the
workloads that own them; exports metrics; and is the only writer of reports. It
takes the alerts of an Alertmanager for pods that have some. Several may run: a
lease says which one works.`,
		Example: `  # What it finds
  kubectl get zombies -A

  # With a limit of 4096 processes a pod, for the time until it is reached
  initguard responder --pod-pid-limit 4096`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			return runResponder(cmd.Context(), o, streams.ErrOut)
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "log-format", "json", "text")
	completeWords(cmd, "log-level", "debug", "info", "warn", "error")
	return cmd
}

// runResponder works, or waits to lead, until ctx ends.
func runResponder(ctx context.Context, o *ResponderOptions, out io.Writer) error {
	log := newLogger(&WebhookOptions{LogFormat: o.LogFormat, LogLevel: o.LogLevel}, out)
	ctrl.SetLogger(log)
	current, follow, err := responderConfig(o.ConfigFile, metrics.Registry, log)
	if err != nil {
		return err
	}
	cluster, err := restConfig(o.Kubeconfig)
	if err != nil {
		return err
	}
	cluster.QPS, cluster.Burst = responderQPS, responderBurst
	mgr, live, err := newResponderManager(ctx, cluster, o)
	if err != nil {
		return err
	}
	counts, err := responder.NewMetrics(metrics.Registry)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	secrets := &certs.MutualSecrets{
		Client:     live,
		Authority:  types.NamespacedName{Namespace: o.Namespace, Name: scannerAuthority},
		Server:     types.NamespacedName{Namespace: o.ScannerNamespace, Name: scannerCertificate},
		ServerName: responder.ServerName, ClientName: responderName,
	}
	lines := slog.New(logr.ToSlogHandler(log.WithName("responder")))
	pods, owners := responder.APIPods{Reader: live}, responder.NewOwners(live)
	var work *responder.Responder
	heard := func(node string) time.Time { return work.Heard(node) } // It is asked by what work calls.
	acts, err := newActors(ctx, mgr, live, cluster, o, current, owners, heard, lines)
	if err != nil {
		return err
	}
	work = responder.New(responder.Options{
		Targets: responder.Targets{Reader: mgr.GetClient(), Namespace: o.ScannerNamespace}.List,
		Asker:   responder.NewClient(secrets.TLS),
		Lister:  pods, Owners: owners, Limits: responderLimits(o, mgr, lines), Match: responder.Starter,
		Store: responder.APIStore{Client: live}, Desks: acts.desks(), Interval: o.Interval, Refresh: o.Refresh, Metrics: counts, Log: lines, Now: time.Now,
	})
	if err := metrics.Registry.Register(work.Gauges()); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if err := errors.Join(mgr.Add(everywhere(follow)), acts.add(mgr), addAlerts(mgr, o, current, acts.shelf, work, pods, metrics.Registry, lines)); err != nil {
		return err
	}
	lead := func(ctx context.Context) error {
		if err := keepCertificates(ctx, secrets, lines); err != nil {
			return err
		}
		lines.Info("collecting", "interval", o.Interval.String(), "version", Version())
		return work.Run(ctx)
	}
	if err := mgr.Add(manager.RunnableFunc(lead)); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// newResponderManager makes the manager, whose cache holds the scanners' pods and
// what namespaces say of themselves, and a client that reads all else from the API server.
func newResponderManager(ctx context.Context, cluster *rest.Config, o *ResponderOptions) (manager.Manager, client.Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, eventsv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, nil, err
		}
	}
	scanners := labels.SelectorFromSet(labels.Set{responder.ScannerLabel: responder.ScannerValue})
	mgr, err := ctrl.NewManager(cluster, ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: map[client.Object]cache.ByObject{&corev1.Pod{}: {
			Namespaces: map[string]cache.Config{o.ScannerNamespace: {LabelSelector: scanners, Transform: responder.KeepPod}},
		}}},
		LeaderElection: true, LeaderElectionID: responderName, LeaderElectionNamespace: o.Namespace, LeaderElectionReleaseOnCancel: true,
		Metrics:                metricsserver.Options{BindAddress: o.MetricsBindAddress},
		HealthProbeBindAddress: o.HealthBindAddress,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("start: %w", err)
	}
	for _, object := range []client.Object{&corev1.Pod{}, namespaceObject()} {
		if _, err := mgr.GetCache().GetInformer(ctx, object, cache.BlockUntilSynced(false)); err != nil {
			return nil, nil, fmt.Errorf("watch scanners and namespaces: %w", err)
		}
	}
	for _, add := range []func(string, healthz.Checker) error{mgr.AddHealthzCheck, mgr.AddReadyzCheck} {
		if err := add("ping", healthz.Ping); err != nil {
			return nil, nil, fmt.Errorf("health: %w", err)
		}
	}
	live, err := client.New(cluster, client.Options{Scheme: scheme, Mapper: mgr.GetRESTMapper(), HTTPClient: mgr.GetHTTPClient()})
	if err != nil {
		return nil, nil, fmt.Errorf("start: %w", err)
	}
	return mgr, live, nil
}

func responderLimits(o *ResponderOptions, mgr manager.Manager, log *slog.Logger) responder.Limits {
	if o.KubeletPIDLimits {
		return responder.NewKubeletLimits(mgr.GetConfig().Host, mgr.GetHTTPClient(), log)
	}
	return responder.FixedLimit(o.PodPIDLimit)
}

// keepCertificates returns when there are certificates, and goes on renewing
// them until ctx ends.
func keepCertificates(ctx context.Context, secrets *certs.MutualSecrets, log *slog.Logger) error {
	wait := func(d time.Duration) bool {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		}
	}
	for {
		err := secrets.Sync(ctx, time.Now())
		if err == nil {
			break
		}
		log.Error("no certificates: nothing can be collected", "error", err)
		if !wait(certsAgain) {
			return ctx.Err()
		}
	}
	go func() {
		for wait(certsEvery) {
			if err := secrets.Sync(ctx, time.Now()); err != nil {
				log.Error("certificates not looked after, the former ones stay in force", "error", err)
			}
		}
	}()
	return nil
}
