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
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/test/stack"
)

// disturbance is something that happens to the webhook. It is over when run
// returns: all replicas run and are ready again.
type disturbance struct {
	name string
	run  func(ctx context.Context, f *fleet) error
	// mayMiss is set where warnings may be missed: nobody can answer for a
	// process that is gone.
	mayMiss bool
}

// disturbances are those of docs/availability.md, in order.
func disturbances() []disturbance {
	return []disturbance{
		{name: "none", run: func(context.Context, *fleet) error { return nil }},
		{name: "rolling restart", run: rollingRestart},
		{name: "drain: one replica evicted", run: evict},
		{name: "`kill -9` of a replica", run: killOne, mayMiss: true},
		{name: "serving certificate renewed", run: func(ctx context.Context, f *fleet) error { return renew(ctx, f, "tls.crt", "tls.key") }},
		{name: "CA rotated", run: func(ctx context.Context, f *fleet) error {
			return renew(ctx, f, "ca.crt", "ca.key", "tls.crt", "tls.key")
		}},
		{name: "configuration reloaded, and a bad one refused", run: reload},
	}
}

// rollingRestart does what a Deployment does with maxSurge 1 and maxUnavailable
// 0: a new replica, and when it is ready an old one ends.
func rollingRestart(ctx context.Context, f *fleet) error {
	var ending errgroup.Group
	for _, old := range slices.Clone(f.live) {
		fresh, err := f.start(ctx)
		if err != nil {
			return errors.Join(err, ending.Wait())
		}
		if err := f.awaitReady(ctx, fresh); err != nil {
			return errors.Join(err, ending.Wait())
		}
		f.leaves(old)
		ending.Go(func() error { return f.stop(old) })
	}
	return ending.Wait()
}

// evict does what a node's drain does to one replica: it is told to end, and
// another one starts elsewhere at the same time.
func evict(ctx context.Context, f *fleet) error {
	old := f.live[0]
	f.leaves(old)
	var ending errgroup.Group
	ending.Go(func() error { return f.stop(old) })
	fresh, err := f.start(ctx)
	if err == nil {
		err = f.awaitReady(ctx, fresh)
	}
	return errors.Join(err, ending.Wait())
}

// killOne kills the replica that answers the most, and starts another one once
// its probe has failed.
func killOne(ctx context.Context, f *fleet) error {
	busiest, most := f.live[0], -1.0
	for _, r := range f.live {
		page, err := metrics(ctx, r)
		if err != nil {
			return err
		}
		n, err := sum(page, "controller_runtime_webhook_requests_total{")
		if err != nil {
			return err
		}
		if n > most {
			busiest, most = r, n
		}
	}
	if err := f.kill(ctx, busiest); err != nil {
		return err
	}
	fresh, err := f.start(ctx)
	if err != nil {
		return err
	}
	return f.awaitReady(ctx, fresh)
}

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
func serves(ctx context.Context, r *stack.Replica, secret *corev1.Secret) error {
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

// reload changes the configuration, breaks it, and mends it.
func reload(ctx context.Context, f *fleet) error {
	good, err := os.ReadFile(f.stack.ConfigFile)
	if err != nil {
		return err
	}
	changed := slices.Concat(good, []byte("cache: {images: 5000}\n"))
	bad := slices.Concat(good, []byte("nobodyKnowsThis: true\n"))
	for _, step := range []struct {
		content []byte
		result  string
	}{{changed, "taken"}, {bad, "refused"}, {good, "taken"}} {
		if err := f.configure(ctx, step.content, step.result); err != nil {
			return err
		}
	}
	return nil
}

// configure exchanges the configuration file, and waits until every replica
// has said what it did with it.
func (f *fleet) configure(ctx context.Context, content []byte, result string) error {
	counted := func(r *stack.Replica) (float64, error) {
		page, err := metrics(ctx, r)
		if err != nil {
			return 0, err
		}
		return sum(page, fmt.Sprintf("initguard_config_reloads_total{result=%q}", result))
	}
	before := map[string]float64{}
	for _, r := range f.live {
		n, err := counted(r)
		if err != nil {
			return err
		}
		before[r.Name] = n
	}
	fresh := filepath.Join(filepath.Dir(f.stack.ConfigFile), "config.fresh")
	if err := os.WriteFile(fresh, content, 0o600); err != nil {
		return err
	}
	if err := os.Rename(fresh, f.stack.ConfigFile); err != nil {
		return err
	}
	return f.poll(ctx, func() error {
		for _, r := range f.live {
			n, err := counted(r)
			if err != nil {
				return err
			}
			if n <= before[r.Name] {
				return fmt.Errorf("%s has not %s the configuration", r.Name, result)
			}
		}
		return nil
	})
}

// wait lets time pass while applies go on.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
