package app

import (
	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/initguard/initguard/cluster/observed"
	"github.com/initguard/initguard/webhook"
)

// watchObserved has the settings know where zombies were seen, from ZombieReports.
// Nothing waits for it: what is not read yet was not observed.
func watchObserved(mgr manager.Manager, cluster *rest.Config, s *settings, counts *webhook.Metrics, log logr.Logger) error {
	watcher, err := observed.New(cluster, observed.Options{Log: log.WithName("observed"), Known: counts.ObservedContainers})
	if err != nil {
		return err
	}
	s.observations = watcher
	return mgr.Add(everywhere(watcher.Run))
}
