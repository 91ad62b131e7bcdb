package certs

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// mutualCAValidity is that of a CA; it is replaced when a third is left.
	mutualCAValidity = 365 * 24 * time.Hour
	// mutualLeafValidity is that of a certificate, renewed when a third is left.
	mutualLeafValidity = 30 * 24 * time.Hour
	// mutualOverlap is how long a new CA is trusted before it signs, and a former
	// one after it signed: kubelets bring a changed Secret to its pods within
	// minutes.
	mutualOverlap = 24 * time.Hour
	// clockSkew is by how much clocks of nodes may differ.
	clockSkew = 5 * time.Minute
)

// The keys of the Secret that holds a Mutual.
const (
	currentCert, currentKey = "tls.crt", "tls.key"
	nextCert, nextKey       = "next.crt", "next.key"
	previousCert            = "previous.crt"
	// BundleFile is the CAs to trust, in both Secrets.
	BundleFile = "ca.crt"
)

// Mutual is an authority by which a server and its clients know one another. Its
// CA is replaced in three steps, so that at no time anybody shows a certificate
// of a CA that the other side does not trust: the next CA is made and trusted;
// mutualOverlap later it signs; mutualOverlap after that the former one is no
// longer trusted.
type Mutual struct {
	name     string
	current  *CA
	next     *CA // nil unless a rotation goes on
	previous []byte
}

// NewMutual makes one with a new CA.
func NewMutual(name string, now time.Time) (*Mutual, error) {
	ca, err := newCAAt(name, now)
	if err != nil {
		return nil, err
	}
	return &Mutual{name: name, current: ca}, nil
}

// ParseMutual reads what Data wrote.
func ParseMutual(name string, data map[string][]byte) (*Mutual, error) {
	m := &Mutual{name: name, previous: data[previousCert]}
	var err error
	if m.current, err = parseCA(data[currentCert], data[currentKey]); err != nil {
		return nil, fmt.Errorf("%s and %s: %w", currentCert, currentKey, err)
	}
	if len(data[nextCert]) > 0 {
		if m.next, err = parseCA(data[nextCert], data[nextKey]); err != nil {
			return nil, fmt.Errorf("%s and %s: %w", nextCert, nextKey, err)
		}
	}
	return m, nil
}

// Data is what a Secret holds of it.
func (m *Mutual) Data() (map[string][]byte, error) {
	data := map[string][]byte{currentCert: m.current.pem, BundleFile: m.Bundle()}
	var err error
	if data[currentKey], err = pki.EncodePKCS8PrivateKey(m.current.key); err != nil {
		return nil, fmt.Errorf("CA key: %w", err)
	}
	if m.next != nil {
		data[nextCert] = m.next.pem
		if data[nextKey], err = pki.EncodePKCS8PrivateKey(m.next.key); err != nil {
			return nil, fmt.Errorf("CA key: %w", err)
		}
	}
	if m.previous != nil {
		data[previousCert] = m.previous
	}
	return data, nil
}

// Rotate takes the next step of a rotation when it is time, and says whether it
// changed anything.
func (m *Mutual) Rotate(now time.Time) (bool, error) {
	switch {
	case now.After(m.current.cert.NotAfter):
		// Nobody was here for months: nothing that it signed is trusted anyway.
		fresh, err := NewMutual(m.name, now)
		if err != nil {
			return false, err
		}
		*m = *fresh
		return true, nil
	case m.next == nil && old(m.current.cert, now):
		next, err := newCAAt(m.name, now)
		if err != nil {
			return false, err
		}
		m.next = next
		return true, nil
	case m.next != nil && now.Sub(m.next.cert.NotBefore) >= mutualOverlap+clockSkew:
		m.previous, m.current, m.next = m.current.pem, m.next, nil
		return true, nil
	case m.previous != nil && now.Sub(m.current.cert.NotBefore) >= 2*mutualOverlap+clockSkew:
		m.previous = nil
		return true, nil
	}
	return false, nil
}

// Bundle are the CAs to trust now, in PEM.
func (m *Mutual) Bundle() []byte {
	bundle := bytes.Clone(m.current.pem)
	if m.next != nil {
		bundle = append(bundle, m.next.pem...)
	}
	return append(bundle, m.previous...)
}

// Server makes a certificate of a server for DNS names, Client one of a client.
func (m *Mutual) Server(now time.Time, names ...string) (Pair, error) {
	return m.current.issueAt(now, cmapi.UsageServerAuth, names)
}

// Client makes a certificate of a client.
func (m *Mutual) Client(now time.Time, names ...string) (Pair, error) {
	return m.current.issueAt(now, cmapi.UsageClientAuth, names)
}

// Good says whether a certificate may go on being used: it is signed by the CA
// that signs now, for these names and this use, and more than a third of its
// time is left.
func (m *Mutual) Good(p Pair, usage x509.ExtKeyUsage, now time.Time, names ...string) bool {
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		return false
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil || leaf.CheckSignatureFrom(m.current.cert) != nil || old(leaf, now) || now.Before(leaf.NotBefore) {
		return false
	}
	return slices.Equal(leaf.DNSNames, names) && slices.Contains(leaf.ExtKeyUsage, usage)
}

// old says whether two thirds of a certificate's time have passed.
func old(c *x509.Certificate, now time.Time) bool {
	return now.After(c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / 3))
}

// newCAAt makes a CA whose time begins at a given one.
func newCAAt(name string, now time.Time) (*CA, error) {
	request := &cmapi.Certificate{Spec: cmapi.CertificateSpec{
		CommonName: name, IsCA: true, Duration: &metav1.Duration{Duration: mutualCAValidity},
		Usages:     []cmapi.KeyUsage{cmapi.UsageCertSign, cmapi.UsageDigitalSignature},
		PrivateKey: &cmapi.CertificatePrivateKey{Algorithm: cmapi.ECDSAKeyAlgorithm, Size: pki.ECCurve256},
	}}
	key, template, err := prepare(request)
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	template.NotBefore, template.NotAfter = now.Add(-clockSkew), now.Add(mutualCAValidity)
	text, cert, err := pki.SignCertificate(template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	return &CA{cert: cert, pem: text, key: key}, nil
}

func (ca *CA) issueAt(now time.Time, usage cmapi.KeyUsage, names []string) (Pair, error) {
	request := &cmapi.Certificate{Spec: cmapi.CertificateSpec{
		DNSNames: names, Duration: &metav1.Duration{Duration: mutualLeafValidity},
		Usages:     []cmapi.KeyUsage{usage, cmapi.UsageDigitalSignature},
		PrivateKey: &cmapi.CertificatePrivateKey{Algorithm: cmapi.ECDSAKeyAlgorithm, Size: pki.ECCurve256},
	}}
	key, template, err := prepare(request)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate for %q: %w", names, err)
	}
	template.NotBefore, template.NotAfter = now.Add(-clockSkew), now.Add(mutualLeafValidity)
	cert, _, err := pki.SignCertificate(template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate for %q: %w", names, err)
	}
	text, err := pki.EncodePKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate for %q: %w", names, err)
	}
	return Pair{Cert: cert, Key: text}, nil
}

func parseCA(cert, key []byte) (*CA, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok || !parsed.IsCA {
		return nil, errors.New("is not a CA with its key")
	}
	return &CA{cert: parsed, pem: cert, key: signer}, nil
}
