package app

import (
	"cmp"
	"fmt"
	"sync"

	"github.com/go-logr/logr"

	"github.com/initguard/initguard/configfile"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
)

// inspector looks images up within bounds that may change.
type inspector interface {
	webhook.Inspector
	SetBounds(b registry.Bounds) error
}

// settings gives the webhook what a request is judged by, made anew only when
// the configuration changed.
type settings struct {
	config    func() *config.Config
	inspector inspector
	injection webhook.Injection
	// observations say where zombies were seen; nil where nobody looks.
	observations webhook.Observations
	// platforms are those of the cluster's nodes; empty while nobody knows.
	platforms func() []string
	// ownImage is initguard's own image where no flag names it; empty while
	// nobody knows.
	ownImage func() string
	// callers are who may have reviews answered.
	callers callers
	log     logr.Logger

	mu   sync.Mutex
	made webhook.Settings
}

// readSettings reads the files that flags name.
func readSettings(o *WebhookOptions, observer configfile.Observer, log logr.Logger) (*settings, *configfile.Watcher[config.Config], error) {
	s, watcher, err := newSettings(o.ConfigFile, observer, log)
	if err != nil {
		return nil, nil, err
	}
	s.callers, err = newCallers(o.ClientCA)
	return s, watcher, err
}

// newSettings reads the configuration file, if there is one; the watcher is
// nil when there is none.
func newSettings(file string, observer configfile.Observer, log logr.Logger) (*settings, *configfile.Watcher[config.Config], error) {
	s := &settings{log: log, platforms: func() []string { return nil }, ownImage: func() string { return "" }}
	if file == "" {
		c := config.Default()
		s.config = func() *config.Config { return c }
		_, err := initdb.New()
		return s, nil, err
	}
	watcher, err := configfile.NewWatcher(file, config.Parse, configfile.WatcherOptions{Log: log.WithName("config"), Observer: observer})
	if err != nil {
		return nil, nil, err
	}
	s.config = watcher.Current
	if _, err := initdb.New(watcher.Current().Programs()...); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, watcher, nil
}

// current are the settings in force.
func (s *settings) current() webhook.Settings {
	c := s.config()
	s.mu.Lock()
	defer s.mu.Unlock()
	platforms := s.platformsFor(c)
	injection := s.injection
	injection.Image = cmp.Or(injection.Image, s.ownImage())
	if s.made.Config == c {
		// A slice of its own for each change: requests under way keep theirs.
		s.made.Assessor.Platforms = platforms
		s.made.Injection = injection
		return s.made
	}
	if err := s.inspector.SetBounds(boundsOf(c)); err != nil {
		// Validation lets no such bound in.
		s.log.Error(err, "bounds of the configuration can't be used: the former ones stay in force")
	}
	db, err := initdb.New(c.Programs()...)
	if err != nil {
		// Validation lets no such list in; the former table is better than none.
		s.log.Error(err, "programs of the configuration can't be used: the former ones stay in force")
		s.made.Config = c
		return s.made
	}
	verdicts, err := webhook.NewVerdicts()
	if err != nil {
		s.log.Error(err, "verdicts can't be kept")
	}
	s.made = webhook.Settings{Config: c, Injection: injection, Observations: s.observations, Assessor: webhook.Assessor{
		Inspector: s.inspector, Evaluator: imageinspect.NewEvaluator(db), Platforms: platforms, Verdicts: verdicts,
	}}
	return s.made
}

// platformsFor are the platforms that images are judged for.
func (s *settings) platformsFor(c *config.Config) []string {
	if len(c.Inspection.Platforms) > 0 {
		return c.Inspection.Platforms
	}
	if platforms := s.platforms(); len(platforms) > 0 {
		return platforms
	}
	return config.DefaultPlatforms()
}

// boundsOf are the bounds of the registry client that a configuration sets.
func boundsOf(c *config.Config) registry.Bounds {
	return registry.Bounds{
		CacheSize:      c.Cache.Images,
		TagTTL:         c.Cache.TagTTL,
		FailureTTL:     c.Cache.FailureTTL,
		FailureTTLMax:  c.Cache.FailureTTLMax,
		Timeout:        c.Inspection.Timeout,
		MaxInspections: c.Inspection.Concurrency,
		Budgets: registry.Budgets{
			Inspections: c.Budgets.NamespaceInspections,
			Queue:       c.Budgets.NamespaceQueue,
			Bytes:       int64(c.Budgets.NamespaceMiBPerHour) << 20,
			Requests:    c.Budgets.RegistryRequestsPerMinute,
			Reserve:     c.Budgets.RegistryReservePercent,
		},
	}
}
