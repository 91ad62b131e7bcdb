package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
)

// callers says who may have reviews answered: everybody who reaches the port, or
// whoever has a client certificate of one of some authorities. The zero value is
// everybody.
type callers struct {
	authorities *x509.CertPool
}

// newCallers reads the authorities; no file means everybody.
func newCallers(file string) (callers, error) {
	if file == "" {
		return callers{}, nil
	}
	pem, err := os.ReadFile(file) //nolint:gosec // The platform names it.
	if err != nil {
		return callers{}, fmt.Errorf("--client-ca: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return callers{}, fmt.Errorf("--client-ca: %s holds no certificate in PEM", file)
	}
	return callers{authorities}, nil
}

// ask has whoever connects asked for a certificate. One that is not an
// authority's ends the connection; none at all is looked at by only, so that
// probes that never send a request cause no errors.
func (c callers) ask(certificate certificateFunc) func(*tls.Config) {
	return func(t *tls.Config) {
		t.GetCertificate = certificate
		if c.authorities != nil {
			t.ClientCAs, t.ClientAuth = c.authorities, tls.VerifyClientCertIfGiven
		}
	}
}

// only lets requests through whose certificate was verified.
func (c callers) only(handler http.Handler) http.Handler {
	if c.authorities == nil {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			http.Error(w, "want a client certificate of --client-ca", http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
