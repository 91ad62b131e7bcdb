package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/scanner/config"
	"github.com/initguard/initguard/scanner/node"
	"github.com/initguard/initguard/scanner/responder"
)

// maxAlertConnections bounds what strangers can take. Alertmanager opens one for
// each group that it sends at a time.
const maxAlertConnections = 256

// addAlerts has the manager serve Alertmanager's webhook in every replica: one
// that does not lead says so.
func addAlerts(
	mgr manager.Manager, o *ResponderOptions, current func() *config.Config, shelf *alerts.Shelf, work *responder.Responder,
	pods responder.Finder, r prometheus.Registerer, log *slog.Logger,
) error {
	if o.AlertsBindAddress == "" || o.AlertsBindAddress == "0" {
		return nil
	}
	counts, err := alerts.NewMetrics(r)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	handler := alerts.NewHandler(alerts.Options{
		Settings: func() alerts.Settings { return current().Alerts }, Desk: shelf, Looker: podLooker{work, pods}, Hurry: work.Hurry,
		Metrics: counts, Log: log.With("part", "alerts"), Now: time.Now,
	})
	listener, err := net.Listen("tcp", o.AlertsBindAddress)
	if err != nil {
		return fmt.Errorf("--alerts-bind-address: %w", err)
	}
	listener = node.LimitTo(listener, maxAlertConnections)
	if o.AlertsCertDir != "" {
		files := certs.NewFiles(o.AlertsCertDir)
		if err := files.Problem(); err != nil {
			log.Error("alerts can't be taken before there is a good certificate", "error", err)
		}
		if err := mgr.Add(everywhere(files.Run)); err != nil {
			return err
		}
		listener = tls.NewListener(listener, alertsTLS(files))
	}
	log.Info("taking alerts", "address", listener.Addr().String(), "path", alerts.Path, "tls", o.AlertsCertDir != "")
	return mgr.Add(everywhere(func(ctx context.Context) error { return node.Serve(ctx, listener, handler.Mux(), log) }))
}

var errNoCertificate = errors.New("there is no certificate yet")

func alertsTLS(files *certs.Files) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if pair := files.Certificate(); pair != nil {
			return pair, nil
		}
		return nil, errNoCertificate
	}}
}

// podLooker says of pods what the responder knows.
type podLooker struct {
	work *responder.Responder
	pods responder.Finder
}

func (l podLooker) Sighted(namespace, pod string) (string, bool) {
	key, ok := l.work.Sighted(namespace, pod)
	return key.Name, ok
}

func (l podLooker) Look(ctx context.Context, namespace, pod string) alerts.Look {
	v := l.work.View(ctx, l.pods, namespace, pod)
	look := alerts.Look{Pod: alerts.PodNotAsked, Node: v.Node, Silent: v.Silent}
	switch {
	case v.Found:
		look.Pod = alerts.PodFound
	case v.Asked:
		look.Pod = alerts.PodUnknown
	}
	if !v.Scanned.IsZero() {
		scanned := v.Scanned.UTC().Truncate(time.Second)
		look.Scanned = &scanned
	}
	return look
}
