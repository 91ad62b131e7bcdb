//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/poll"
)

// withCertManager runs cert-manager's own controllers and its cainjector, which
// outlive the overlay.
func withCertManager(t *testing.T, in *installation) string {
	t.Helper()
	program, crds, err := binaries.FindCertManager(t.Context(), binaries.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in.run(t, "", "apply", "--server-side", "-f", crds)
	in.run(t, "", "wait", "crd", "--all", "--for=condition=Established", "--timeout=1m")
	group, err := process.New(t.Context(), filepath.Dir(in.Dir), "certmanager")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(group.Logs(40))
		}
		if err := group.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := group.Start(process.Spec{
		Name: binaries.CertManager, Path: program, Args: []string{"-kubeconfig", in.Kubeconfig()}, Env: os.Environ(), Grace: 10 * time.Second,
	}); err != nil {
		t.Fatal(err)
	}
	return ""
}

// withRenewals has cert-manager renew the serving certificate while workloads are
// applied: as `cmctl renew` does, and because its Secret was deleted. None of the
// applies may fail, or miss its warning.
func withRenewals(t *testing.T, in *installation) {
	t.Helper()
	applies := in.startApplying(t)
	for i, renew := range []func(){
		func() {
			in.run(t, "", "patch", "certificate", "initguard-webhook", "-n", "initguard-system", "--subresource=status", "--type=json", "-p",
				`[{"op":"add","path":"/status/conditions/-","value":{"type":"Issuing","status":"True","reason":"ManuallyTriggered","message":"renewed by a test","lastTransitionTime":"`+
					time.Now().UTC().Format(time.RFC3339)+`"}}]`)
		},
		func() { in.run(t, "", "delete", "secret", "initguard-webhook-tls", "-n", "initguard-system") },
	} {
		before := in.certificate(t)
		applies.more(t, 20)
		renew()
		var renewed []byte
		poll.Until(t, 100*time.Millisecond, rolloutMost, "cert-manager renews", func() error {
			if renewed = in.certificate(t); len(renewed) == 0 || bytes.Equal(renewed, before) {
				return errors.New("not yet")
			}
			return nil
		})
		// The kubelet renews the files of a pod when it looks at it, once a minute
		// by itself.
		in.run(t, "", "annotate", "pods", "--all", "-n", "initguard-system", fmt.Sprintf("e2e.initguard.dev/renewals=%d", i+1), "--overwrite")
		poll.Until(t, 200*time.Millisecond, rolloutMost, "every replica serves it", func() error { return in.serves(t.Context(), renewed) })
		applies.more(t, 100)
	}
	in.ready(t)
	applies.stop()
	told := fmt.Sprintf("%d applies during two renewals by cert-manager: %d failed, %d without their warning", applies.sent.Load(), applies.failed, applies.missed)
	if applies.failed > 0 || applies.missed > 0 {
		t.Errorf("%s; the first %s", told, applies.first)
	}
	t.Log(told)
}

// certificate is the serving certificate that is stored, as DER; empty where there
// is none.
func (in *installation) certificate(t *testing.T) []byte {
	t.Helper()
	out := in.run(t, "", "get", "secret", "initguard-webhook-tls", "-n", "initguard-system", "--ignore-not-found", "-o", `jsonpath={.data.tls\.crt}`)
	text, err := base64.StdEncoding.DecodeString(out)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil
	}
	return block.Bytes
}

// serves is nil when every replica serves that certificate.
func (in *installation) serves(ctx context.Context, certificate []byte) error {
	out, err := in.Kubectl(ctx, "get", "pods", "-n", "initguard-system", "-l", "app.kubernetes.io/component=webhook", "-o", "jsonpath={.items[*].status.podIP}").Output()
	if err != nil {
		return err
	}
	addresses := strings.Fields(string(out))
	if len(addresses) != 2 {
		return fmt.Errorf("replicas at %q", addresses)
	}
	for _, a := range addresses {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}} // which one it is, is compared
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(a, "9443"))
		if err != nil {
			return err
		}
		served := conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw
		if err := conn.Close(); err != nil {
			return err
		}
		if !bytes.Equal(served, certificate) {
			return fmt.Errorf("%s serves another one", a)
		}
	}
	return nil
}
