package app

import (
	"context"
	"errors"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/initguard/initguard/cluster/events"
	"github.com/initguard/initguard/cluster/mirrors"
	"github.com/initguard/initguard/cluster/nodes"
	"github.com/initguard/initguard/cluster/workloads"
	"github.com/initguard/initguard/webhook"
)

// watchNodes has images judged for the platforms of the cluster's nodes.
func watchNodes(ctx context.Context, mgr manager.Manager, s *settings) error {
	platforms, err := nodes.Watch(ctx, mgr.GetCache())
	if err != nil {
		return err
	}
	s.platforms = platforms.List
	return nil
}

// watchNetwork has registries reached as the cluster and files of CAs say. Until
// it is known what the cluster says, the webhook is not ready.
func watchNetwork(mgr manager.Manager, cluster *rest.Config, n *network) error {
	watcher, err := mirrors.New(cluster, mirrors.Options{Log: n.log})
	if err != nil {
		return err
	}
	n.cluster, n.ready = watcher.Current, watcher.Ready
	return errors.Join(
		mgr.Add(everywhere(watcher.Run)), mgr.Add(everywhere(n.run)), mgr.AddReadyzCheck("registries", watcher.Ready),
	)
}

// serveReviews has admission requests answered, with what that asks of the
// cluster and tells it.
func serveReviews(mgr manager.Manager, cluster *rest.Config, s *settings, n namespaceLabels, counts *webhook.Metrics, end *ending, log logr.Logger) (*webhook.Handler, error) {
	named := log.WithName("webhook")
	h := webhook.NewHandler(s.current, n, counts, named)
	var err error
	if h.Late, err = newFollower(mgr, cluster, counts, log.WithName("late")); err != nil {
		return nil, err
	}
	if h.Existing, err = workloads.New(cluster); err != nil {
		return nil, err
	}
	server := mgr.GetWebhookServer()
	server.Register(webhook.ValidatePath, end.answers(s.callers.only(webhook.Serve(h, named))))
	server.Register(webhook.MutatePath, end.answers(s.callers.only(webhook.Serve(webhook.NewMutator(h), named))))
	return h, nil
}

// newFollower makes what tells late verdicts: every replica those of the
// requests that it answered.
func newFollower(mgr manager.Manager, cluster *rest.Config, counts *webhook.Metrics, log logr.Logger) (*webhook.Follower, error) {
	instance, err := os.Hostname()
	if err != nil {
		instance = "initguard-webhook" // an Event without its teller is one all the same
	}
	recorder, err := events.New(cluster, instance)
	if err != nil {
		return nil, err
	}
	follower := webhook.NewFollower(recorder, counts, log)
	return follower, mgr.Add(everywhere(follower.Run))
}
