package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/certs"
)

func pair(t *testing.T, validity time.Duration) (*certs.CA, certs.Pair) {
	t.Helper()
	ca, err := certs.NewCA("initguard test", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ca.Serving(validity, "initguard-webhook.initguard-system.svc", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return ca, p
}

func TestServingCertificateIsTrusted(t *testing.T) {
	ca, p := pair(t, time.Hour)
	cert, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	for name, trusted := range map[string]bool{"127.0.0.1": true, "initguard-webhook.initguard-system.svc": true, "elsewhere.svc": false} {
		conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12})
		if (err == nil) != trusted {
			t.Errorf("%s: trusted %v, error %v", name, trusted, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

func TestCheck(t *testing.T) {
	_, good := pair(t, time.Hour)
	_, other := pair(t, time.Hour)
	tests := []struct {
		name string
		pair certs.Pair
		at   time.Duration
		want string
	}{
		{"good", good, 0, ""},
		{"expired", good, 2 * time.Hour, "expired at"},
		{"not yet", good, -2 * time.Hour, "valid only from"},
		{"of two pairs", certs.Pair{Cert: good.Cert, Key: other.Key}, 0, "private key does not match"},
		{"garbage", certs.Pair{Cert: []byte("x"), Key: good.Key}, 0, "tls.crt"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		if err := test.pair.Write(dir); err != nil {
			t.Fatal(err)
		}
		err := certs.Check(dir, time.Now().Add(test.at))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	if err := certs.Check(filepath.Join(t.TempDir(), "none"), time.Now()); err == nil || !strings.Contains(err.Error(), "must hold tls.crt and tls.key") {
		t.Errorf("missing: got %v", err)
	}
}

func TestKeyIsPrivate(t *testing.T) {
	_, p := pair(t, time.Hour)
	dir := t.TempDir()
	if err := p.Write(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, certs.KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want 0600", info.Mode(), err)
	}
}
