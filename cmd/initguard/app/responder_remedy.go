package app

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/scanner/config"
	"github.com/initguard/initguard/scanner/remedy"
	"github.com/initguard/initguard/scanner/remedy/desk"
	webhookconfig "github.com/initguard/initguard/webhook/config"
)

// switchEvery is how often the kill switch is looked at.
const switchEvery = 5 * time.Second

// newRemedy makes the desk that evicts pods where the configuration says so.
func newRemedy(
	cluster *rest.Config, current func() *config.Config, kill *killSwitch, own []string, heard func(node string) time.Time, instance string,
	r prometheus.Registerer, log *slog.Logger,
) (*desk.Desk, error) {
	api, err := desk.NewAPI(cluster, instance, time.Now)
	if err != nil {
		return nil, err
	}
	counts, err := desk.NewMetrics(r)
	if err != nil {
		return nil, err
	}
	return desk.New(desk.Options{
		Cluster: api, Recorder: api, Settings: func() remedy.Settings { return current().Remedy }, KillSwitch: kill.On,
		Heard: heard, Own: own, Metrics: counts, Log: log, Now: time.Now,
	}), nil
}

// own are initguard's namespaces: the usual ones, and those that it runs in.
func own(o *ResponderOptions) []string {
	return append(webhookconfig.OwnNamespaces(), o.Namespace, o.ScannerNamespace)
}

// killSwitch is killSwitch in the webhook's configuration file: one for all that
// changes pods. While the file can't be read it is on: nothing is evicted while
// nobody knows whether that is wanted.
type killSwitch struct {
	file string // empty: there is no switch
	log  *slog.Logger

	off     atomic.Bool
	failure string
}

// On says that nothing may be done.
func (k *killSwitch) On() bool { return k.file != "" && !k.off.Load() }

// Run follows the file until ctx ends.
func (k *killSwitch) Run(ctx context.Context) error {
	if k.file == "" {
		return nil
	}
	tick := time.NewTicker(switchEvery)
	defer tick.Stop()
	for {
		k.read()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// read takes over what the file says. One that can't be read may be one in which
// somebody has just turned the switch on.
func (k *killSwitch) read() {
	data, err := os.ReadFile(k.file)
	var c *webhookconfig.Config
	if err == nil {
		c, err = webhookconfig.Parse(k.file, data)
	}
	if err != nil {
		if text := err.Error(); text != k.failure {
			k.log.Warn("the kill switch can't be read: it counts as on, so that nothing is evicted", "file", k.file, "error", text)
			k.failure = text
		}
		k.off.Store(false)
		return
	}
	k.failure = ""
	if was := k.off.Swap(!c.KillSwitch); was == c.KillSwitch {
		k.log.Info("kill switch", "on", c.KillSwitch)
	}
}
