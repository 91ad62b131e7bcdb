package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Source gives the serving certificate.
type Source interface {
	// Certificate is what is served now; nil before there is one.
	Certificate() *tls.Certificate
	// Run keeps it fresh until ctx ends.
	Run(ctx context.Context) error
}

// Monitor says whether the API server trusts what a source serves. Its fields
// are set before Run.
type Monitor struct {
	Source Source
	// Client reads the webhook configurations of the name Configuration.
	Client        client.Reader
	Configuration string
	// Every is how often it looks; while something is wrong it is Retry.
	Every, Retry time.Duration
	// Warn is how long before its end a certificate that nobody renewed is told,
	// and at most a sixth of its life: every source renews before that.
	Warn time.Duration
	Now  func() time.Time
	Log  logr.Logger
	// Tell makes one Event of a problem, in one sentence.
	Tell func(reason, note string)

	expiry  prometheus.Gauge
	trusted prometheus.Gauge

	mu   sync.Mutex
	err  error
	leaf *x509.Certificate
	told map[string]time.Time
}

// Register makes the metrics and registers them.
func (m *Monitor) Register(r prometheus.Registerer) error {
	m.expiry = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "initguard_certificate_expiry_timestamp_seconds", Help: "When the serving certificate expires, in seconds since 1970; 0 when there is none.",
	})
	m.trusted = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "initguard_certificate_trusted", Help: "1 when every webhook registration trusts the serving certificate, 0 when one does not.",
	})
	return errors.Join(r.Register(m.expiry), r.Register(m.trusted))
}

// GetCertificate is tls.Config's.
func (m *Monitor) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if pair := m.Source.Certificate(); pair != nil {
		return pair, nil
	}
	return nil, errNone
}

var errNone = errors.New("there is no serving certificate yet")

// Ready is nil when the certificate that is served is valid and trusted by every
// registration, as they were when last looked at.
func (m *Monitor) Ready() error {
	pair := m.Source.Certificate()
	if pair == nil {
		return errNone
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leaf == nil {
		return errors.New("the webhook configurations are not read yet")
	}
	if m.err != nil {
		return m.err
	}
	// What is served may have been exchanged since: a source exchanges it only
	// for another one that is trusted.
	return valid(pair.Leaf, m.Now())
}

func valid(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the serving certificate expired at %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the serving certificate is valid only from %s: check the clocks", leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

// Run looks until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		next := m.Every
		if m.look(ctx) != nil {
			next = m.Retry
		}
		timer.Reset(next)
	}
}

// look compares what is served with the registrations, and tells what is wrong.
func (m *Monitor) look(ctx context.Context) error {
	leaf, err := m.compare(ctx)
	if ctx.Err() != nil {
		return err
	}
	m.mu.Lock()
	first, changed := m.leaf == nil, (err == nil) != (m.err == nil) || err != nil && err.Error() != m.err.Error()
	m.err = err
	if leaf != nil {
		m.leaf = leaf
	}
	m.mu.Unlock()
	m.measure(leaf, err)
	switch {
	case err != nil && changed:
		m.Log.Error(err, "not ready: the API server would not trust this webhook")
	case err == nil && (changed || first):
		m.Log.Info("the API server trusts the serving certificate", "expires", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	if err != nil && leaf != nil {
		m.tell("CertificateNotTrusted", err.Error())
	}
	if err == nil {
		m.tellEnd(leaf)
	}
	return err
}

// tellEnd tells that a certificate should have been renewed.
func (m *Monitor) tellEnd(leaf *x509.Certificate) {
	left := leaf.NotAfter.Sub(m.Now())
	if left < min(m.Warn, leaf.NotAfter.Sub(leaf.NotBefore)/6) {
		m.tell("CertificateExpires", fmt.Sprintf("the serving certificate expires in %s and was not renewed", left.Round(time.Minute)))
	}
}

func (m *Monitor) compare(ctx context.Context) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, roundMost)
	defer cancel()
	pair := m.Source.Certificate()
	if pair == nil {
		return nil, errNone
	}
	now := m.Now()
	if err := valid(pair.Leaf, now); err != nil {
		return pair.Leaf, err
	}
	registrations, err := readRegistrations(ctx, m.Client, m.Configuration)
	if err != nil {
		return pair.Leaf, err
	}
	return pair.Leaf, trustedByAll(registrations, pair, now)
}

func (m *Monitor) measure(leaf *x509.Certificate, err error) {
	if m.expiry == nil {
		return
	}
	if leaf != nil {
		m.expiry.Set(float64(leaf.NotAfter.Unix()))
	}
	if err == nil {
		m.trusted.Set(1)
	} else {
		m.trusted.Set(0)
	}
}

// tellAgain is how long the same is not told again.
const tellAgain = time.Hour

// tell makes an Event, unless the same was told lately.
func (m *Monitor) tell(reason, note string) {
	if m.Tell == nil {
		return
	}
	now := m.Now()
	if last, ok := m.told[reason]; ok && now.Sub(last) < tellAgain {
		return
	}
	if m.told == nil {
		m.told = map[string]time.Time{}
	}
	m.told[reason] = now
	m.Tell(reason, note)
}
