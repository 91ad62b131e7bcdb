package stack

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
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
	kubeconfig, err := s.serviceAccountKubeconfig(ctx)
	if err != nil {
		return nil, err
	}
	p, err := freePorts(ctx)
	if err != nil {
		return nil, err
	}
	started, err := s.group.Start(process.Spec{
		Name: "built-in", Path: s.binary,
		Args: []string{
			"webhook", "--kubeconfig", kubeconfig, "--cert-source=built-in",
			"--service=127.0.0.1", // by which the registrations call it here
			"--bind-address=127.0.0.1", "--port", strconv.Itoa(p.webhook), "--metrics-bind-address=0",
			"--health-probe-bind-address", fmt.Sprintf("127.0.0.1:%d", p.health), "--shutdown-delay=2s",
		},
		Env: os.Environ(), Grace: 20 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	health := fmt.Sprintf("http://127.0.0.1:%d/readyz?verbose", p.health)
	if err := s.awaitHealth(ctx, started, health); err != nil {
		return nil, errors.Join(err, started.Stop())
	}
	bundle, err := s.Cluster.Kubectl(ctx, "get", "mutatingwebhookconfiguration", "initguard", "-o", `go-template={{(index .webhooks 0).clientConfig.caBundle | base64decode}}`).Output()
	if err == nil {
		err = trusted(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.webhook)), bundle)
	}
	if err != nil {
		return nil, errors.Join(err, started.Stop())
	}
	return started.Stop, nil
}

func (s *Stack) awaitHealth(ctx context.Context, started *process.Process, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		body, code, err := get(ctx, url)
		if err == nil && code == 200 {
			return nil
		}
		select {
		case <-started.Done():
			return fmt.Errorf("the webhook ended: %w", started.Err())
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w %s\n%s", err, body, started.Logs(20))
		case <-tick.C:
		}
	}
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
