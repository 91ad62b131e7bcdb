package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs client certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate = sign(t, template, template, a.key, a.key)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// client gives a certificate for a use.
func (a authority) client(t *testing.T, use x509.ExtKeyUsage) *tls.Certificate {
	t.Helper()
	key := newKey(t)
	c := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "apiserver"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{use},
	}, a.certificate, key, a.key)
	return &tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key}
}

// TestCallers: with --client-ca nobody but its certificates' owners is answered.
func TestCallers(t *testing.T) {
	own, other := newAuthority(t), newAuthority(t)
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.certificate.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, file  string
		certificate *tls.Certificate
		want        bool
	}{
		{"everybody", "", nil, true},
		{"no certificate", file, nil, false},
		{"an API server's", file, own.client(t, x509.ExtKeyUsageClientAuth), true},
		{"another authority's", file, other.client(t, x509.ExtKeyUsageClientAuth), false},
		{"a server's", file, own.client(t, x509.ExtKeyUsageServerAuth), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := newCallers(tc.file)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewUnstartedServer(c.only(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			c.ask(nil)(server.TLS)
			server.EnableHTTP2 = true
			server.StartTLS()
			defer server.Close()
			if transport, ok := server.Client().Transport.(*http.Transport); ok && tc.certificate != nil {
				transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return tc.certificate, nil }
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := server.Client().Do(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			if answered := err == nil && resp.StatusCode == http.StatusOK; answered != tc.want {
				t.Errorf("answered: %v (%v), want %v", answered, err, tc.want)
			}
		})
	}
	for _, bad := range []string{filepath.Join(t.TempDir(), "none"), os.Args[0]} {
		if _, err := newCallers(bad); err == nil || !strings.Contains(err.Error(), "--client-ca") {
			t.Errorf("%s: %v, want an error that names the flag", bad, err)
		}
	}
}
