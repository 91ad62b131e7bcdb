// Package certs holds the webhook's serving certificate: where it comes from
// (files that somebody else renews, or a Secret that initguard renews itself),
// and whether the API server trusts it. Keys, requests and signatures are made
// with cert-manager's own utilities, so that a certificate looks the same whoever
// made it.
//
// One rule keeps the API server trusting every replica at any moment, however
// many start or renew at once: a replica serves a certificate only once every
// webhook registration trusts it, and until then goes on with the one before.
// Authorities are added to the registrations before they are used, and taken out
// long after the last replica has left them.
package certs

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/util/pki"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The files of a serving certificate, as a kubernetes.io/tls Secret names them.
const (
	CertFile = "tls.crt"
	KeyFile  = "tls.key"
)

// CA signs serving certificates.
type CA struct {
	cert *x509.Certificate
	pem  []byte
	key  crypto.Signer
}

// NewCA makes a CA that is valid from now on.
func NewCA(name string, validity time.Duration) (*CA, error) {
	now := time.Now()
	return newCA(name, now, now.Add(validity))
}

func newCA(name string, from, until time.Time) (*CA, error) {
	request := &cmapi.Certificate{Spec: cmapi.CertificateSpec{
		CommonName: name, IsCA: true, Duration: &metav1.Duration{Duration: until.Sub(from)},
		Usages:     []cmapi.KeyUsage{cmapi.UsageCertSign, cmapi.UsageDigitalSignature},
		PrivateKey: &cmapi.CertificatePrivateKey{Algorithm: cmapi.ECDSAKeyAlgorithm, Size: pki.ECCurve256},
	}}
	key, template, err := prepareAt(request, from, until)
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	pem, cert, err := pki.SignCertificate(template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	return &CA{cert: cert, pem: pem, key: key}, nil
}

// PEM is the CA's certificate: what a webhook configuration's caBundle holds.
func (ca *CA) PEM() []byte { return ca.pem }

// Pair is a serving certificate with its key, both in PEM.
type Pair struct {
	Cert, Key []byte
}

// Serving makes a serving certificate for hosts, which are DNS names and IP
// addresses.
func (ca *CA) Serving(validity time.Duration, hosts ...string) (Pair, error) {
	now := time.Now()
	return ca.serving(now, now.Add(validity), hosts)
}

func (ca *CA) serving(from, until time.Time, hosts []string) (Pair, error) {
	request := &cmapi.Certificate{Spec: cmapi.CertificateSpec{
		Duration:   &metav1.Duration{Duration: until.Sub(from)},
		Usages:     []cmapi.KeyUsage{cmapi.UsageServerAuth, cmapi.UsageDigitalSignature},
		PrivateKey: &cmapi.CertificatePrivateKey{Algorithm: cmapi.ECDSAKeyAlgorithm, Size: pki.ECCurve256},
	}}
	for _, h := range hosts {
		if net.ParseIP(h) != nil {
			request.Spec.IPAddresses = append(request.Spec.IPAddresses, h)
			continue
		}
		request.Spec.DNSNames = append(request.Spec.DNSNames, h)
	}
	key, template, err := prepareAt(request, from, until)
	if err != nil {
		return Pair{}, fmt.Errorf("serving certificate: %w", err)
	}
	cert, _, err := pki.SignCertificate(template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return Pair{}, fmt.Errorf("serving certificate: %w", err)
	}
	keyPEM, err := pki.EncodePKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("serving certificate: %w", err)
	}
	return Pair{Cert: cert, Key: keyPEM}, nil
}

// prepareAt makes the key and the template of a certificate that is valid from
// one time until another.
func prepareAt(request *cmapi.Certificate, from, until time.Time) (crypto.Signer, *x509.Certificate, error) {
	key, template, err := prepare(request)
	if err == nil {
		template.NotBefore, template.NotAfter = from, until
	}
	return key, template, err
}

func prepare(request *cmapi.Certificate) (crypto.Signer, *x509.Certificate, error) {
	key, err := pki.GeneratePrivateKeyForCertificate(request)
	if err != nil {
		return nil, nil, err
	}
	template, err := pki.CertificateTemplateFromCertificate(request)
	if err != nil {
		return nil, nil, err
	}
	template.PublicKey = key.Public()
	return key, template, nil
}

// Write puts the pair into a directory, the key readable by its owner alone.
func (p Pair) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	for name, content := range map[string][]byte{CertFile: p.Cert, KeyFile: p.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("serving certificate: %w", err)
		}
	}
	return nil
}

// Check says in one sentence what is wrong with the serving certificate in a
// directory: missing, not a pair, not yet or no longer valid.
func Check(dir string, now time.Time) error {
	certFile, keyFile := filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("serving certificate: %s must hold %s and %s: is their Secret there, and has whoever makes the certificate made it?: %w", dir, CertFile, KeyFile, err)
	}
	if err != nil {
		return fmt.Errorf("serving certificate: %s and %s: %w", certFile, keyFile, err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return fmt.Errorf("serving certificate: %s: %w", certFile, err)
	}
	if now.After(leaf.NotAfter) {
		return fmt.Errorf("serving certificate: %s expired at %s: renew it", certFile, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	if now.Before(leaf.NotBefore) {
		return fmt.Errorf("serving certificate: %s is valid only from %s: check the clocks", certFile, leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
