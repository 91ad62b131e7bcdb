package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// secretTimeout bounds a request for a Secret.
const secretTimeout = 15 * time.Second

// MutualSecrets keeps an authority in one Secret and the certificate of the
// server in another, which the server mounts. The client's own is in memory.
// Both Secrets have to be there, empty at first: so the right to read and change
// them can be given for these two by name, and none to make any.
type MutualSecrets struct {
	// Client must not read from a cache.
	Client client.Client
	// Authority and Server are the Secrets.
	Authority, Server types.NamespacedName
	// ServerName and ClientName are the DNS names of the certificates.
	ServerName, ClientName string

	config atomic.Pointer[tls.Config]
	pair   Pair // the client's
	bundle []byte
}

// TLS is the client's configuration; nil before the first Sync.
func (s *MutualSecrets) TLS() *tls.Config { return s.config.Load() }

// Sync makes, renews and rotates what it is time for. What changed meanwhile is
// an error, and the next Sync finds it.
func (s *MutualSecrets) Sync(ctx context.Context, now time.Time) error {
	m, err := s.authority(ctx, now)
	if err != nil {
		return err
	}
	if err := s.server(ctx, m, now); err != nil {
		return err
	}
	bundle := m.Bundle()
	if m.Good(s.pair, x509.ExtKeyUsageClientAuth, now, s.ClientName) && bytes.Equal(bundle, s.bundle) {
		return nil
	}
	pair, err := m.Client(now, s.ClientName)
	if err != nil {
		return err
	}
	config, err := clientConfig(pair, bundle, s.ServerName)
	if err != nil {
		return err
	}
	s.pair, s.bundle = pair, bundle
	s.config.Store(config)
	return nil
}

func (s *MutualSecrets) authority(ctx context.Context, now time.Time) (*Mutual, error) {
	secret, err := s.read(ctx, s.Authority)
	if err != nil {
		return nil, err
	}
	name := s.Authority.Name
	var m *Mutual
	changed := len(secret.Data) == 0
	if changed {
		m, err = NewMutual(name, now)
	} else {
		m, err = ParseMutual(name, secret.Data)
	}
	if err != nil {
		return nil, fmt.Errorf("the authority in Secret %s can't be used: %w; empty it to have a new one made", s.Authority, err)
	}
	rotated, err := m.Rotate(now)
	if err != nil {
		return nil, err
	}
	if !changed && !rotated {
		return m, nil
	}
	if secret.Data, err = m.Data(); err != nil {
		return nil, err
	}
	return m, s.write(ctx, secret)
}

func (s *MutualSecrets) server(ctx context.Context, m *Mutual, now time.Time) error {
	secret, err := s.read(ctx, s.Server)
	if err != nil {
		return err
	}
	pair := Pair{Cert: secret.Data[CertFile], Key: secret.Data[KeyFile]}
	good := m.Good(pair, x509.ExtKeyUsageServerAuth, now, s.ServerName)
	if good && bytes.Equal(secret.Data[BundleFile], m.Bundle()) {
		return nil
	}
	if !good {
		if pair, err = m.Server(now, s.ServerName); err != nil {
			return err
		}
	}
	secret.Data = map[string][]byte{CertFile: pair.Cert, KeyFile: pair.Key, BundleFile: m.Bundle()}
	return s.write(ctx, secret)
}

func (s *MutualSecrets) read(ctx context.Context, name types.NamespacedName) (*corev1.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	secret := new(corev1.Secret)
	err := s.Client.Get(ctx, name, secret)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("there is no Secret %s: apply the manifests, in which it is empty", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s: %w", name, err)
	}
	return secret, nil
}

func (s *MutualSecrets) write(ctx context.Context, secret *corev1.Secret) error {
	ctx, cancel := context.WithTimeout(ctx, secretTimeout)
	defer cancel()
	if err := s.Client.Update(ctx, secret); err != nil {
		return fmt.Errorf("write Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	return nil
}

func clientConfig(pair Pair, bundle []byte, server string) (*tls.Config, error) {
	certificate, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate of this client: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("the authority has no certificate")
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{certificate}, RootCAs: pool, ServerName: server}, nil
}
