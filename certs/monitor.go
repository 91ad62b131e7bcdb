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
	// Problem says in one sentence why there is no certificate, or why it won't be
	// renewed; nil where nothing is known to be wrong.
	Problem() error
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
	told map[string]telling
	// wrong is since when the source has had a problem; zero where it has none.
	wrong time.Time
}

// telling is what was told last for a reason.
type telling struct {
	at   time.Time
	note string
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
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case pair == nil && m.err != nil:
		return m.err
	case pair == nil:
		return errNone
	case m.leaf == nil:
		return errors.New("the webhook configurations are not read yet")
	case m.err != nil:
		return m.err
	}
	// What is served may have been exchanged since: a source exchanges it only
	// for another one that is trusted.
	return valid(pair.Leaf, m.Now())
}

func valid(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the serving certificate expired at %s: whoever makes it has to renew it", leaf.NotAfter.UTC().Format(time.RFC3339))
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
		m.Log.Error(err, "not ready: the API server can't call this webhook")
	case err == nil && (changed || first):
		m.Log.Info("the API server trusts the serving certificate", "expires", leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	if err != nil && leaf != nil {
		m.tell("CertificateNotTrusted", err.Error())
	}
	if err == nil {
		m.tellEnd(leaf)
	}
	m.tellSource(leaf)
	return err
}

// patience is how long a source may have a problem before it is told: a
// certificate that is being made, an API server that restarts.
const patience = 10 * time.Second

// tellSource tells what keeps the source from having a certificate, or from
// renewing it.
func (m *Monitor) tellSource(leaf *x509.Certificate) {
	problem, now := m.Source.Problem(), m.Now()
	switch {
	case problem == nil:
		m.wrong = time.Time{}
	case m.wrong.IsZero():
		m.wrong = now
	case now.Sub(m.wrong) < patience:
	case leaf == nil:
		m.tell("NoCertificate", problem.Error())
	default:
		m.tell("CertificateNotRenewed", problem.Error())
	}
}

// tellEnd tells that a certificate should have been renewed.
func (m *Monitor) tellEnd(leaf *x509.Certificate) {
	left := leaf.NotAfter.Sub(m.Now())
	if left < min(m.Warn, leaf.NotAfter.Sub(leaf.NotBefore)/6) {
		m.tell("CertificateExpires", fmt.Sprintf("the serving certificate expires at %s and was not renewed", leaf.NotAfter.UTC().Format(time.RFC3339)))
	}
}

func (m *Monitor) compare(ctx context.Context) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, roundMost)
	defer cancel()
	pair := m.Source.Certificate()
	if pair == nil {
		if err := m.Source.Problem(); err != nil {
			return nil, err
		}
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

// tellAgain is how long the same is not told again, and tellOther how long
// nothing else is for the same reason.
const (
	tellAgain = time.Hour
	tellOther = 10 * time.Second
)

// tell makes an Event, unless the same was told lately.
func (m *Monitor) tell(reason, note string) {
	if m.Tell == nil {
		return
	}
	now := m.Now()
	if last, ok := m.told[reason]; ok && (now.Sub(last.at) < tellOther || last.note == note && now.Sub(last.at) < tellAgain) {
		return
	}
	if m.told == nil {
		m.told = map[string]telling{}
	}
	m.told[reason] = telling{at: now, note: note}
	m.Tell(reason, note)
}
