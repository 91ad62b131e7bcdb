package stack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// BuiltIn starts a second webhook beside the stack's, which makes its own
// certificate and is ready when the registrations trust it, with the rights of
// manifests/components/certs-built-in. It gives the function that ends it.
func (s *Stack) BuiltIn(ctx context.Context, repo string) (stop func() error, err error) {
	component := filepath.Join(repo, "manifests", "components", "certs-built-in")
	for _, file := range []string{"secret.yaml", "rbac.yaml"} {
		if out, err := s.Cluster.Kubectl(ctx, "apply", "-f", filepath.Join(component, file)).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("apply %s: %w\n%s", file, err, out)
		}
	}
	started, err := s.Beside(ctx, "built-in", 20*time.Second, "--cert-source=built-in",
		"--service=127.0.0.1", // by which the registrations call it here
		"--shutdown-delay=2s")
	if err != nil {
		return nil, err
	}
	if err := awaitReady(ctx, started.Process, started.Ready); err != nil {
		return nil, errors.Join(err, started.Stop())
	}
	bundle, err := s.Cluster.Kubectl(ctx, "get", "mutatingwebhookconfiguration", "initguard", "-o", `go-template={{(index .webhooks 0).clientConfig.caBundle | base64decode}}`).Output()
	if err == nil {
		err = trusted(ctx, started.Address, bundle)
	}
	if err != nil {
		return nil, errors.Join(err, started.Stop())
	}
	return started.Stop, nil
}

// trusted is nil when a server's certificate is of one of the authorities.
func trusted(ctx context.Context, address string, bundle []byte) error {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		return errors.New("the registration has no caBundle")
	}
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}
