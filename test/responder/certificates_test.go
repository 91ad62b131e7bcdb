package responder

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/certs"
)

func secrets(c client.Client, namespace string) *certs.MutualSecrets {
	return &certs.MutualSecrets{
		Client: c, Authority: types.NamespacedName{Namespace: namespace, Name: "ca"}, Server: types.NamespacedName{Namespace: namespace, Name: "tls"},
		ServerName: "server.example", ClientName: "client.example",
	}
}

// TestCertificatesInSecrets goes through a year: the Secrets are filled, left
// alone, renewed, and the authority is replaced without a gap.
func TestCertificatesInSecrets(t *testing.T) {
	namespace(t, "certs")
	s := secrets(shared.admin, "certs")
	if err := s.Sync(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), "there is no Secret certs/ca") || s.TLS() != nil {
		t.Fatalf("without Secrets: %v", err)
	}
	for _, name := range []string{"ca", "tls"} {
		create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "certs", Name: name}})
	}
	read := func(name string) *corev1.Secret {
		t.Helper()
		secret := new(corev1.Secret)
		if err := shared.admin.Get(t.Context(), types.NamespacedName{Namespace: "certs", Name: name}, secret); err != nil {
			t.Fatal(err)
		}
		return secret
	}
	begin := time.Now()
	sync := func(after time.Duration) (ca, server *corev1.Secret) {
		t.Helper()
		if err := s.Sync(t.Context(), begin.Add(after)); err != nil {
			t.Fatal(err)
		}
		return read("ca"), read("tls")
	}
	const day = 24 * time.Hour
	ca, server := sync(0)
	if len(server.Data) != 3 || !bytes.Equal(server.Data["ca.crt"], ca.Data["ca.crt"]) || s.TLS() == nil {
		t.Fatalf("%v, %v", ca.Data, server.Data)
	}
	if ca2, server2 := sync(19 * day); ca2.ResourceVersion != ca.ResourceVersion || server2.ResourceVersion != server.ResourceVersion {
		t.Error("written without need")
	}
	first := s.TLS()
	if ca2, server2 := sync(21 * day); ca2.ResourceVersion != ca.ResourceVersion || bytes.Equal(server2.Data["tls.crt"], server.Data["tls.crt"]) || s.TLS() == first {
		t.Error("not renewed")
	}
	// What another process has made is taken over.
	other := secrets(shared.admin, "certs")
	if err := other.Sync(t.Context(), begin.Add(21*day)); err != nil || read("ca").ResourceVersion != ca.ResourceVersion {
		t.Errorf("%v", err)
	}
	trusted := func(secret *corev1.Secret) int {
		return bytes.Count(secret.Data["ca.crt"], []byte("BEGIN CERTIFICATE"))
	}
	if _, server = sync(250 * day); trusted(server) != 2 {
		t.Errorf("%d CAs when the next one is made", trusted(server))
	}
	signed := read("ca").Data["tls.crt"]
	if ca, _ = sync(250*day + 23*time.Hour); !bytes.Equal(ca.Data["tls.crt"], signed) {
		t.Error("the next CA signs before everybody trusts it")
	}
	if ca, server = sync(251*day + time.Hour); bytes.Equal(ca.Data["tls.crt"], signed) || trusted(server) != 2 {
		t.Errorf("the next CA does not sign, or %d CAs are trusted", trusted(server))
	}
	if _, server = sync(253 * day); trusted(server) != 1 {
		t.Errorf("%d CAs in the end", trusted(server))
	}
	ca = read("ca")
	ca.Data["tls.key"] = []byte("nonsense")
	if err := shared.admin.Update(t.Context(), ca); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(t.Context(), begin.Add(254*day)); err == nil || !strings.Contains(err.Error(), "empty it to have a new one made") {
		t.Errorf("a broken authority: %v", err)
	}
}

// late reads a Secret, then lets somebody else be quicker.
type late struct {
	client.Client
	before func()
}

func (l late) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	l.before()
	return l.Client.Update(ctx, o, opts...)
}

// TestTwoAuthorities: of two that make one at the same time, one gives way.
func TestTwoAuthorities(t *testing.T) {
	namespace(t, "race")
	for _, name := range []string{"ca", "tls"} {
		create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "race", Name: name}})
	}
	now := time.Now()
	quick := secrets(shared.admin, "race")
	slow := secrets(late{shared.admin, func() {
		if err := quick.Sync(t.Context(), now); err != nil {
			t.Error(err)
		}
	}}, "race")
	var status apierrors.APIStatus
	if err := slow.Sync(t.Context(), now); err == nil || !errors.As(err, &status) || status.Status().Reason != metav1.StatusReasonConflict || slow.TLS() != nil {
		t.Errorf("both made one: %v", err)
	}
	if err := slow.Sync(t.Context(), now); err != nil || slow.TLS() == nil || !slow.TLS().RootCAs.Equal(quick.TLS().RootCAs) {
		t.Errorf("the second time: %v", err)
	}
}
