package app

import (
	"context"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/initguard/initguard/configfile"
	"github.com/initguard/initguard/scanner/config"
)

// responderConfig gives the configuration in force, and what follows its file
// until ctx ends; without a file the defaults, and nothing to follow. A bad file
// is refused.
func responderConfig(file string, r prometheus.Registerer, log logr.Logger) (current func() *config.Config, follow func(context.Context) error, err error) {
	if file == "" {
		c := config.Default()
		return func() *config.Config { return c }, func(context.Context) error { return nil }, nil
	}
	counts, err := config.NewMetrics(r)
	if err != nil {
		return nil, nil, err
	}
	watcher, err := configfile.NewWatcher(file, config.Parse, configfile.WatcherOptions{Log: log.WithName("config"), Observer: counts})
	if err != nil {
		return nil, nil, err
	}
	return watcher.Current, watcher.Run, nil
}
