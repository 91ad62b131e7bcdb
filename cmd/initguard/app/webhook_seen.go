package app

import (
	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/initguard/initguard/cluster/seen"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

// ownContainer is the container of the Deployment in which this runs.
const ownContainer = "webhook"

// watchSeen has the settings know which image initguard's own is, and where it
// runs. Where the configuration lets wrap be used at all, that is read at once.
func watchSeen(mgr manager.Manager, cluster *rest.Config, s *settings, o *WebhookOptions, log logr.Logger) error {
	watcher, err := seen.New(cluster, config.OwnNamespaces()...)
	if err != nil {
		return err
	}
	s.injection = webhook.Injection{Image: o.InjectImage, Version: Version(), Seen: watcher}
	ask := func() {
		if wrap := s.config().Injection.Wrap; wrap.RequireSeen && s.config().Injection.Allows(config.StrategyWrap) {
			watcher.Ask()
		}
	}
	namespace, pod := o.ownPod()
	if o.InjectImage != "" || s.config().Injection.Wrap.Image != "" {
		ask()
	}
	if o.InjectImage == "" && pod != "" {
		own, err := seen.NewOwn(cluster, seen.OwnOptions{
			Namespace: namespace, Pod: pod, Container: ownContainer, Fault: config.InjectImageFault, Found: ask, Log: log,
		})
		if err != nil {
			return err
		}
		s.ownImage = own.Image
		if err := mgr.Add(everywhere(own.Run)); err != nil {
			return err
		}
	}
	return mgr.Add(everywhere(watcher.Run))
}
