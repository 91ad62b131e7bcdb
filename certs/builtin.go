package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// BuiltIn is the source that needs no other component: an authority and a
// serving certificate in a Secret, which replicas share, renew and have trusted
// by the webhook configurations. Its fields are set before Run.
type BuiltIn struct {
	// Client reads and patches the Secret and the webhook configurations.
	Client client.Client
	// Namespace and Secret name the Secret, which has to exist.
	Namespace, Secret string
	// Configuration is the name of both webhook configurations.
	Configuration string
	// Hosts are the DNS names of the certificate.
	Hosts []string
	// Lifetimes say when to renew.
	Lifetimes Lifetimes
	// Every is how often everything is looked at; while something is under way
	// it is Settle.
	Every time.Duration
	// Settle is how long an authority has to stand in the registrations before
	// a certificate of it is served: all API servers have read it by then.
	Settle time.Duration
	Now    func() time.Time
	Log    logr.Logger

	served  atomic.Pointer[tls.Certificate]
	problem atomic.Pointer[error]
	// candidate is trusted since then, and not served yet.
	candidate *x509.Certificate
	trusted   time.Time
}

// Certificate is what is served now; nil before there is one.
func (b *BuiltIn) Certificate() *tls.Certificate { return b.served.Load() }

// Problem is why the certificate can't be kept, by the last round.
func (b *BuiltIn) Problem() error {
	if problem := b.problem.Load(); problem != nil {
		return *problem
	}
	return nil
}

// maxSteps bounds how often a round begins again because others wrote.
const maxSteps = 10

// Run keeps the certificate fresh until ctx ends.
func (b *BuiltIn) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		settled, err := b.round(ctx)
		if ctx.Err() == nil {
			b.problem.Store(&err)
		}
		switch {
		case err != nil && ctx.Err() == nil && err.Error() != said:
			b.Log.Error(err, "the serving certificate can't be kept")
			said = err.Error()
		case err == nil:
			said = ""
		}
		next := b.Every
		if !settled || err != nil {
			next = min(b.Settle, b.Every)
		}
		timer.Reset(next)
	}
}

// roundMost bounds one round.
const roundMost = 30 * time.Second

// round brings the Secret, the registrations and what is served up to date. It
// is settled when nothing is under way.
func (b *BuiltIn) round(ctx context.Context) (settled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, roundMost)
	defer cancel()
	for range maxSteps {
		if settled, err = b.try(ctx); !errors.Is(err, errChanged) {
			return settled, err
		}
	}
	return false, err
}

func (b *BuiltIn) try(ctx context.Context) (bool, error) {
	// In this order: whoever renews writes the Secret first. If this replica sees
	// the former authority there, its registrations are from before that too, and
	// its write of them fails once the new authority stands in them.
	registrations, err := readRegistrations(ctx, b.Client, b.Configuration)
	if err != nil {
		return false, err
	}
	m, err := b.material(ctx)
	if err != nil {
		return false, err
	}
	now := b.Now()
	want := func(before []byte) []byte { return b.Lifetimes.bundle(m.ca, before, now) }
	wrote := false
	for _, r := range registrations {
		changed, err := r.setBundles(ctx, b.Client, want)
		if err != nil {
			return false, err
		}
		if changed {
			b.Log.Info("the API server is told whom to trust", "kind", r.kind, "name", b.Configuration, "authority", m.ca.cert.Subject.CommonName)
		}
		wrote = wrote || changed
	}
	if err := trustedByAll(registrations, m.served, now); err != nil {
		return false, err
	}
	return b.adopt(m, wrote, now), nil
}

// adopt serves a certificate that is trusted once it has been for long enough.
func (b *BuiltIn) adopt(m material, wrote bool, now time.Time) (settled bool) {
	if served := b.served.Load(); served != nil && served.Leaf.Equal(m.leaf) {
		return true
	}
	if wrote || b.candidate == nil || !b.candidate.Equal(m.leaf) {
		b.candidate, b.trusted = m.leaf, now
	}
	if now.Sub(b.trusted) < b.Settle {
		return false
	}
	b.served.Store(m.served)
	b.Log.Info("serving a certificate", "expires", m.leaf.NotAfter.UTC().Format(time.RFC3339), "authority", m.ca.cert.Subject.CommonName)
	return true
}

// material reads the Secret, and renews what is due in it. Of several replicas
// that do so at once one wins, and the others read what it wrote.
func (b *BuiltIn) material(ctx context.Context) (material, error) {
	where := fmt.Sprintf("Secret %s/%s", b.Namespace, b.Secret)
	var secret corev1.Secret
	err := b.Client.Get(ctx, client.ObjectKey{Namespace: b.Namespace, Name: b.Secret}, &secret)
	if apierrors.IsNotFound(err) {
		return material{}, fmt.Errorf("%s is missing: apply the manifests", where)
	}
	if err != nil {
		return material{}, readFailed(where, err)
	}
	now := b.Now()
	m, problem := readMaterial(secret.Data)
	todo, why := b.Lifetimes.plan(m, problem, b.Hosts, now)
	if todo == keep {
		return m, nil
	}
	data, err := b.Lifetimes.renew(todo, m, b.Hosts, now)
	if err != nil {
		return material{}, err
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]string{"resourceVersion": secret.ResourceVersion}, "data": data})
	if err != nil {
		return material{}, fmt.Errorf("%s: %w", where, err)
	}
	err = b.Client.Patch(ctx, &secret, client.RawPatch(types.MergePatchType, patch))
	if apierrors.IsConflict(err) {
		return material{}, errChanged
	}
	if err != nil {
		return material{}, fmt.Errorf("write %s: %w", where, err)
	}
	b.Log.Info("renewed", "secret", where, "why", why, "authority", todo == renewCA)
	return readMaterial(secret.Data)
}

// dnsNames are the hosts that are names.
func dnsNames(hosts []string) []string {
	var out []string
	for _, h := range hosts {
		if net.ParseIP(h) == nil {
			out = append(out, h)
		}
	}
	return out
}
