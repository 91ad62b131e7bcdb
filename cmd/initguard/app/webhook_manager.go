package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/initguard/initguard/cluster/nodes"
)

// certificateFunc gives the certificate to serve.
type certificateFunc func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// newManager makes the manager that runs the servers, and what reads namespace
// labels. Of namespaces only the metadata is kept.
func newManager(
	ctx context.Context, cluster *rest.Config, o *WebhookOptions, serving func(*tls.Config), certificate certificateFunc, log logr.Logger,
) (manager.Manager, namespaceLabels, error) {
	p, err := newPlace(cluster, o, log.WithName("installation"))
	if err != nil {
		return nil, namespaceLabels{}, err
	}
	mgr, err := ctrl.NewManager(cluster, ctrl.Options{
		Scheme: runtime.NewScheme(),
		Cache: cache.Options{
			DefaultTransform:         cache.TransformStripManagedFields(),
			DefaultWatchErrorHandler: p.watchFailed,
			ByObject:                 map[client.Object]cache.ByObject{nodes.Object(): {Transform: nodes.Strip}},
		},
		Metrics:                metricsserver.Options{BindAddress: o.MetricsBindAddress},
		HealthProbeBindAddress: o.HealthBindAddress,
		WebhookServer: ctrlwebhook.NewServer(ctrlwebhook.Options{
			Host: o.BindAddress, Port: o.Port,
			TLSOpts: []func(*tls.Config){serving},
		}),
	})
	if err != nil {
		return nil, namespaceLabels{}, fmt.Errorf("start: %w", err)
	}
	informer, err := mgr.GetCache().GetInformer(ctx, namespaceObject(), cache.BlockUntilSynced(false))
	if err != nil {
		return nil, namespaceLabels{}, fmt.Errorf("watch namespaces: %w", err)
	}
	synced := func(*http.Request) error {
		if !informer.HasSynced() {
			return fmt.Errorf("namespaces are not read yet: may this ServiceAccount list and watch them?")
		}
		return nil
	}
	checks := map[string]healthz.Checker{"webhook": started(mgr, certificate), "namespaces": synced, "namespace": p.check(ctx)}
	for name, check := range checks {
		if err := mgr.AddReadyzCheck(name, check); err != nil {
			return nil, namespaceLabels{}, fmt.Errorf("readiness: %w", err)
		}
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, namespaceLabels{}, fmt.Errorf("liveness: %w", err)
	}
	return mgr, namespaceLabels{cached: mgr.GetClient(), live: mgr.GetAPIReader(), synced: informer.HasSynced}, nil
}

// started is nil when the webhook's server answers. It is not asked while there is
// no certificate to answer with: each failed handshake is a line of the log, which
// has to say what is wrong instead.
func started(mgr manager.Manager, certificate certificateFunc) healthz.Checker {
	answers := mgr.GetWebhookServer().StartedChecker()
	return func(req *http.Request) error {
		if _, err := certificate(nil); err != nil {
			return err
		}
		return answers(req)
	}
}

func namespaceObject() *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}}
}

// namespaceLabels reads labels from the informer's memory, and of a namespace
// that is too new for it from the API server.
type namespaceLabels struct {
	cached, live client.Reader
	synced       func() bool
}

// Labels gives the labels of a namespace.
func (n namespaceLabels) Labels(ctx context.Context, namespace string) (map[string]string, error) {
	reader := n.cached
	if !n.synced() {
		reader = n.live
	}
	object := namespaceObject()
	err := reader.Get(ctx, client.ObjectKey{Name: namespace}, object)
	if apierrors.IsNotFound(err) {
		err = n.live.Get(ctx, client.ObjectKey{Name: namespace}, object)
	}
	if err != nil {
		return nil, fmt.Errorf("read namespace %s: %w", namespace, err)
	}
	return object.Labels, nil
}
