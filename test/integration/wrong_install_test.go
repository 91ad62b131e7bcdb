package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/test/stack"
)

// told waits until an Event of a namespace says what a webhook logged too, while
// that is alive and not ready.
func told(t *testing.T, s *stack.Beside, namespace, reason, text string) {
	t.Helper()
	logs(t, s, text)
	eventually(t, "an Event "+reason, func() error {
		out, err := kubectl(t, "", "get", "events", "-n", namespace, "--field-selector", "reason="+reason)
		if err == nil && !strings.Contains(out, text) {
			return errAgain
		}
		return err
	})
	if err := s.Alive(t.Context()); err != nil {
		t.Errorf("it ended: %v", err)
	}
	if s.Ready(t.Context()) == nil {
		t.Error("it says that it is ready")
	}
	// Readiness probes must not drown the sentence.
	for _, noise := range []string{"healthz check failed", "TLS handshake error from 127.0.0.1"} {
		if log := s.Logs(200); strings.Contains(log, noise) {
			t.Errorf("its log is full of %q", noise)
		}
	}
}

// serving makes a certificate for the webhook's address by a CA, valid for some
// time, and writes it into a directory.
func serving(t *testing.T, ca *certs.CA, validity time.Duration, dir string) {
	t.Helper()
	pair, err := ca.Serving(validity, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Write(dir); err != nil {
		t.Fatal(err)
	}
}

func authority(t *testing.T, name string) *certs.CA {
	t.Helper()
	ca, err := certs.NewCA(name, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// recovers puts the right certificate into a directory, with which the webhook
// has to become ready.
func recovers(t *testing.T, s *stack.Beside, dir string) {
	t.Helper()
	pair, err := shared.Serving()
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Write(dir); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready", func() error { return s.Ready(t.Context()) })
}

// TestSecretIsMissing: the webhook says what it waits for, and works once the
// certificate is there.
func TestSecretIsMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	s := second(t, "no-secret", "--cert-dir", dir)
	told(t, s, "initguard-system", "NoCertificate", "must hold tls.crt and tls.key: is their Secret there, and has whoever makes the certificate made it?")
	recovers(t, s, dir)
}

// TestOwnSecretIsMissing: the Secret that the webhook itself fills was not applied,
// or somebody deleted it.
func TestOwnSecretIsMissing(t *testing.T) {
	component := manifests + "/components/certs-built-in/"
	for _, args := range [][]string{
		{"apply", "-f", component + "rbac.yaml"}, {"delete", "--ignore-not-found", "-f", component + "secret.yaml"},
	} {
		if out, err := kubectl(t, "", args...); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	told(t, second(t, "own-secret", "--cert-source=built-in"), "initguard-system", "NoCertificate",
		"Secret initguard-system/initguard-webhook-tls is missing: apply the manifests")
}

// TestCertificateExpired: an expired certificate is told, and a renewed one taken
// over.
func TestCertificateExpired(t *testing.T) {
	dir := t.TempDir()
	serving(t, authority(t, "expired"), -time.Minute, dir)
	s := second(t, "expired", "--cert-dir", dir)
	told(t, s, "initguard-system", "CertificateNotTrusted", "the serving certificate expired at ")
	recovers(t, s, dir)
}

// TestAuthoritiesAreMixed: a certificate of one cluster's authority, and the
// caBundle of another.
func TestAuthoritiesAreMixed(t *testing.T) {
	dir := t.TempDir()
	serving(t, authority(t, "another cluster"), time.Hour, dir)
	told(t, second(t, "mixed", "--cert-dir", dir), "initguard-system", "CertificateNotTrusted",
		"does not trust the certificate that is served, its caBundle is of another authority")
}

// TestWrongNamespace: a Pod of another namespace than the one that everything is
// made for, with rights and without.
func TestWrongNamespace(t *testing.T) {
	namespace(t, "elsewhere", "")
	certDir := filepath.Join(filepath.Dir(shared.ConfigFile), "certs")
	const sentence = "this Pod runs in namespace elsewhere, but initguard's Service, Secret and rights are made for initguard-system: install it there"
	told(t, second(t, "elsewhere", "--cert-dir", certDir, "--pod", "elsewhere/initguard-webhook-a"), "elsewhere", "WrongNamespace", sentence)

	apply(t, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: initguard-webhook, namespace: elsewhere}}")
	token, err := kubectl(t, "", "create", "token", "initguard-webhook", "-n", "elsewhere")
	if err != nil {
		t.Fatal(token)
	}
	kubeconfig, err := os.ReadFile(filepath.Join(filepath.Dir(shared.ConfigFile), "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := regexp.MustCompile(`token: "[^"]*"`).ReplaceAllLiteralString(string(kubeconfig), `token: "`+strings.TrimSpace(token)+`"`)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := second(t, "no-rights", "--cert-dir", certDir, "--pod", "elsewhere/initguard-webhook-b", "--kubeconfig", file)
	logs(t, s, sentence)
	logs(t, s, "initguard lacks a right: are its ServiceAccount and its rights of one namespace")
	logs(t, s, "there is no Event of it")
	if s.Ready(t.Context()) == nil {
		t.Error("without rights it says that it is ready")
	}
}

// TestRightsAreMissing: without the cluster's rights but with those of its own
// namespace, the Event is there too.
func TestRightsAreMissing(t *testing.T) {
	role := `[{"op":"replace","path":"/subjects/0/namespace","value":"%s"}]`
	bind := func(to string) {
		if out, err := kubectl(t, "", "patch", "clusterrolebinding", "initguard-webhook", "--type=json", "-p", strings.Replace(role, "%s", to, 1)); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	bind("another")
	defer func() {
		bind("initguard-system")
		eventually(t, "ready again", func() error { return shared.Ready(t.Context()) })
	}()
	dir := filepath.Join(filepath.Dir(shared.ConfigFile), "certs")
	told(t, second(t, "unbound", "--cert-dir", dir, "--pod", "initguard-system/initguard-webhook-c"), "initguard-system", "RightsMissing",
		"initguard lacks a right: are its ServiceAccount and its rights of one namespace")
}
