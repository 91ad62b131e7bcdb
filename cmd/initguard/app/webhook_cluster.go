package app

import (
	"context"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/initguard/initguard/cluster/events"
	"github.com/initguard/initguard/cluster/nodes"
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
