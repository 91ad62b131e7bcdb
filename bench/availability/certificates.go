package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/test/stack"
)

const (
	ownNamespace = "initguard-system"
	certSecret   = "initguard-webhook-tls"
	serviceName  = "initguard-webhook." + ownNamespace + ".svc"
)

// renew takes keys out of the Secret of the built-in certificates, which are
// made anew then as when they are about to expire, and waits until every replica
// serves what is new there.
func renew(ctx context.Context, f *fleet, keys ...string) error {
	secrets := f.admin.CoreV1().Secrets(ownNamespace)
	before, err := secrets.Get(ctx, certSecret, metav1.GetOptions{})
	if err != nil {
		return err
	}
	gone := map[string]any{}
	for _, key := range keys {
		gone[key] = nil
	}
	patch, err := json.Marshal(map[string]any{"data": gone})
	if err != nil {
		return err
	}
	if _, err := secrets.Patch(ctx, certSecret, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	return f.poll(ctx, func() error {
		now, err := secrets.Get(ctx, certSecret, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, key := range keys {
			if len(now.Data[key]) == 0 || bytes.Equal(now.Data[key], before.Data[key]) {
				return fmt.Errorf("%s is not made anew", key)
			}
		}
		for _, r := range f.live {
			if err := serves(ctx, r, now); err != nil {
				return fmt.Errorf("%s: %w", r.Name, err)
			}
		}
		return nil
	})
}

// serves is nil when a replica serves the certificate of the Secret.
func serves(ctx context.Context, r *stack.Beside, secret *corev1.Secret) error {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(secret.Data["ca.crt"]) {
		return errors.New("the Secret holds no CA")
	}
	block, _ := pem.Decode(secret.Data["tls.crt"])
	if block == nil {
		return errors.New("the Secret holds no certificate")
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: serviceName}}
	conn, err := dialer.DialContext(ctx, "tcp", r.Address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	secure, ok := conn.(*tls.Conn)
	if !ok || !bytes.Equal(secure.ConnectionState().PeerCertificates[0].Raw, block.Bytes) {
		return errors.New("it serves another certificate")
	}
	return nil
}
