package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

// The keys of the Secret beside tls.crt and tls.key.
const (
	caCertKey = "ca.crt"
	caKeyKey  = "ca.key"
)

// skew is how far a certificate is dated back, for clocks that go slow.
const skew = 5 * time.Minute

// Lifetimes say how long what is made is valid, and when it is made anew.
type Lifetimes struct {
	// CA and Serving are how long an authority and a serving certificate are
	// valid. Both are renewed when a third of it is left.
	CA, Serving time.Duration
	// Overlap is how long after a new authority the former ones stay trusted.
	// By then every replica has gone over; one that can't has long been unready.
	Overlap time.Duration
}

// DefaultLifetimes are those of an installation.
func DefaultLifetimes() Lifetimes {
	const day = 24 * time.Hour
	return Lifetimes{CA: 365 * day, Serving: 90 * day, Overlap: time.Hour}
}

// material is what the Secret holds.
type material struct {
	ca     *CA
	leaf   *x509.Certificate
	served *tls.Certificate
}

// errEmpty is the error of a Secret that holds nothing yet.
var errEmpty = errors.New("it is empty")

// readMaterial reads the data of a Secret. The authority may be right where the
// serving certificate is not.
func readMaterial(data map[string][]byte) (material, error) {
	var m material
	if len(data) == 0 {
		return m, errEmpty
	}
	cert, err := pki.DecodeX509CertificateBytes(data[caCertKey])
	if err != nil {
		return m, fmt.Errorf("%s: %w", caCertKey, err)
	}
	key, err := pki.DecodePrivateKeyBytes(data[caKeyKey])
	if err != nil {
		return m, fmt.Errorf("%s: %w", caKeyKey, err)
	}
	if ok, err := pki.PublicKeyMatchesCertificate(key.Public(), cert); err != nil || !ok {
		return m, fmt.Errorf("%s is not the key of %s", caKeyKey, caCertKey)
	}
	if !cert.IsCA {
		return m, fmt.Errorf("%s is no authority", caCertKey)
	}
	m.ca = &CA{cert: cert, pem: data[caCertKey], key: key}
	pair, err := tls.X509KeyPair(data[CertFile], data[KeyFile])
	if err != nil {
		return m, fmt.Errorf("%s and %s: %w", CertFile, KeyFile, err)
	}
	m.served, m.leaf = &pair, pair.Leaf
	return m, nil
}

// step is what a Secret needs.
type step int

// The steps. A new authority comes with a new serving certificate.
const (
	keep step = iota
	renewServing
	renewCA
)

// plan says what the Secret needs, and why.
func (l Lifetimes) plan(m material, problem error, hosts []string, now time.Time) (step, string) {
	switch {
	case m.ca == nil:
		return renewCA, problem.Error()
	case m.ca.cert.NotAfter.Sub(now) < l.CA/3:
		return renewCA, "the authority expires at " + m.ca.cert.NotAfter.UTC().Format(time.RFC3339)
	case now.Before(m.ca.cert.NotBefore):
		return renewCA, "the authority is not valid yet"
	case problem != nil:
		return renewServing, problem.Error()
	case m.leaf.NotAfter.Sub(now) < min(l.Serving, m.leaf.NotAfter.Sub(m.leaf.NotBefore))/3:
		return renewServing, "the certificate expires at " + m.leaf.NotAfter.UTC().Format(time.RFC3339)
	case now.Before(m.leaf.NotBefore):
		return renewServing, "the certificate is not valid yet"
	case m.leaf.CheckSignatureFrom(m.ca.cert) != nil:
		return renewServing, "the certificate is of another authority"
	case !slices.Equal(slices.Sorted(slices.Values(m.leaf.DNSNames)), slices.Sorted(slices.Values(dnsNames(hosts)))):
		return renewServing, "the certificate is for other names"
	}
	return keep, ""
}

// renew makes what the step asks for, as the Secret's data.
func (l Lifetimes) renew(s step, m material, hosts []string, now time.Time) (map[string][]byte, error) {
	ca := m.ca
	if s == renewCA {
		var err error
		// Each authority has a name of its own, so that no verifier takes one for
		// another.
		name := fmt.Sprintf("initguard webhook %s", now.UTC().Format("20060102T150405.000"))
		if ca, err = newCA(name, now.Add(-skew), now.Add(l.CA)); err != nil {
			return nil, err
		}
	}
	until := now.Add(l.Serving)
	if until.After(ca.cert.NotAfter) {
		until = ca.cert.NotAfter
	}
	pair, err := ca.serving(now.Add(-skew), until, hosts)
	if err != nil {
		return nil, err
	}
	keyPEM, err := pki.EncodePKCS8PrivateKey(ca.key)
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	return map[string][]byte{caCertKey: ca.pem, caKeyKey: keyPEM, CertFile: pair.Cert, KeyFile: pair.Key}, nil
}

// maxTrusted bounds the authorities of a registration; the newest count.
const maxTrusted = 8

// bundle is what a registration has to trust: the authority in force, and for
// the time of the overlap those that were trusted before and are still valid.
func (l Lifetimes) bundle(ca *CA, before []byte, now time.Time) []byte {
	out := bytes.TrimSpace(ca.pem)
	if now.Sub(ca.cert.NotBefore.Add(skew)) > l.Overlap {
		return append(out, '\n')
	}
	former, err := pki.DecodeX509CertificateSetBytes(before)
	if err != nil {
		return append(out, '\n') // nobody can trust what can't be read
	}
	slices.SortStableFunc(former, func(a, b *x509.Certificate) int { return b.NotBefore.Compare(a.NotBefore) })
	kept := 1
	for _, cert := range former {
		if cert.Equal(ca.cert) || now.After(cert.NotAfter) || kept == maxTrusted {
			continue
		}
		kept++
		pem, err := pki.EncodeX509(cert)
		if err != nil {
			continue
		}
		out = append(append(out, '\n'), bytes.TrimSpace(pem)...)
	}
	return append(out, '\n')
}
