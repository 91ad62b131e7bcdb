package app

import (
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/initguard/initguard/cluster/seen"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

// watchSeen has the settings know where initguard's own image runs. Where the
// configuration lets wrap be used at all, that is read at once.
func watchSeen(mgr manager.Manager, cluster *rest.Config, s *settings, image string) error {
	watcher, err := seen.New(cluster, config.OwnNamespaces()...)
	if err != nil {
		return err
	}
	s.injection = webhook.Injection{Image: image, Version: Version(), Seen: watcher}
	wrap := s.config().Injection.Wrap
	if wrap.RequireSeen && s.config().Injection.Allows(config.StrategyWrap) && (wrap.Image != "" || image != "") {
		watcher.Ask()
	}
	return mgr.Add(everywhere(watcher.Run))
}
