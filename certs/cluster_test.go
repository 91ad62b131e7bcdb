package certs

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/poll"
)

// fixture is a real API server with both webhook configurations, one entry a
// replica, none of which may fail.
type fixture struct {
	client   client.Client
	cluster  *cluster.Cluster
	log      *safeLog
	replicas []*replica
	// later is by how much the replicas' clocks are ahead.
	later atomic.Int64
}

type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) write(prefix, args string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.text, time.Now().Format("05.000"), prefix, args)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// replica is a webhook server with a built-in source.
type replica struct {
	source  *BuiltIn
	monitor *Monitor
	server  *httptest.Server
	calls   int
	mu      sync.Mutex
}

func (r *replica) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var review struct {
		Request struct{ UID string } `json:"request"`
	}
	_ = json.NewDecoder(req.Body).Decode(&review)
	r.mu.Lock()
	r.calls++
	r.mu.Unlock()
	// Each call makes a connection of its own, so that the certificate is
	// looked at each time.
	w.Header().Set("Connection", "close")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": map[string]any{"uid": review.Request.UID, "allowed": true},
	})
}

const (
	testNamespace = "default"
	testSecret    = "serving"
	testName      = "initguard"
)

func newClusterFixture(t *testing.T, replicas int, l Lifetimes) *fixture {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 1000, 1000
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), admissionregistrationv1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	direct, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{client: direct, cluster: c, log: &safeLog{}}
	if err := direct.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: testNamespace, Name: testSecret}}); err != nil {
		t.Fatal(err)
	}
	for i := range replicas {
		f.add(t, i, l)
	}
	f.register(t)
	return f
}

func (f *fixture) now() time.Time { return time.Now().Add(time.Duration(f.later.Load())) }

func (f *fixture) add(t *testing.T, i int, l Lifetimes) {
	t.Helper()
	log := funcr.New(func(prefix, args string) { f.log.write(fmt.Sprint("replica ", i, ": ", prefix), args) }, funcr.Options{})
	r := &replica{source: &BuiltIn{
		Client: f.client, Namespace: testNamespace, Secret: testSecret, Configuration: testName, Hosts: []string{"127.0.0.1", "webhook.test.svc"},
		Lifetimes: l, Every: 200 * time.Millisecond, Settle: 700 * time.Millisecond, Now: f.now, Log: log,
	}}
	r.monitor = &Monitor{Source: r.source, Client: f.client, Configuration: testName, Every: 100 * time.Millisecond, Retry: 50 * time.Millisecond, Now: f.now, Log: log}
	r.server = httptest.NewUnstartedServer(r)
	r.server.TLS = &tls.Config{GetCertificate: r.monitor.GetCertificate, MinVersion: tls.VersionTLS12}
	r.server.StartTLS()
	// StartTLS puts in a certificate of its own, which would come first.
	r.server.TLS.Certificates = nil
	t.Cleanup(r.server.Close)
	f.replicas = append(f.replicas, r)
}

// register makes both configurations, with an entry for each replica.
func (f *fixture) register(t *testing.T) {
	t.Helper()
	fail, none := admissionregistrationv1.Fail, admissionregistrationv1.SideEffectClassNone
	rules := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
	}}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: testName}}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: testName}}
	for i, r := range f.replicas {
		where := admissionregistrationv1.WebhookClientConfig{URL: &r.server.URL}
		name := fmt.Sprintf("replica%d.example.com", i)
		validating.Webhooks = append(validating.Webhooks, admissionregistrationv1.ValidatingWebhook{
			Name: name, ClientConfig: where, Rules: rules, FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		})
		mutating.Webhooks = append(mutating.Webhooks, admissionregistrationv1.MutatingWebhook{
			Name: name, ClientConfig: where, Rules: rules, FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		})
	}
	if err := errors.Join(f.client.Create(t.Context(), validating), f.client.Create(t.Context(), mutating)); err != nil {
		t.Fatal(err)
	}
}

// run runs all replicas at once until the test ends.
func (f *fixture) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for _, r := range f.replicas {
		wait.Go(func() { _ = r.source.Run(ctx) })
		wait.Go(func() { _ = r.monitor.Run(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		wait.Wait()
		if t.Failed() {
			t.Log(f.log.String())
		}
	})
}

// eventually polls until check is nil or a minute has passed.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	poll.Until(t, 20*time.Millisecond, time.Minute, what, check)
}

func (f *fixture) allReady() error {
	var errs []error
	for _, r := range f.replicas {
		errs = append(errs, r.monitor.Ready())
	}
	return errors.Join(errs...)
}

// ask has the API server call every replica twice, each over a connection of
// its own; it fails when the API server trusts one of them not.
func (f *fixture) ask(ctx context.Context) error {
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: testNamespace, GenerateName: "ask-"}}
	return f.client.Create(ctx, object, client.DryRunAll)
}

// served are the certificate and the authority that a replica serves now.
func served(r *replica) (serial, authority string) {
	leaf := r.source.Certificate().Leaf
	return leaf.SerialNumber.String(), leaf.Issuer.CommonName
}

// TestAlwaysTrusted: five replicas start, renew and rotate at once, and the API
// server, which calls all of them for each request, never meets one that it
// does not trust. When to renew is told by TestPlan; here somebody takes out of
// the Secret what is to be made anew.
func TestAlwaysTrusted(t *testing.T) {
	f := newClusterFixture(t, 5, DefaultLifetimes())
	f.run(t)
	eventually(t, "all replicas are ready", f.allReady)
	eventually(t, "the API server calls all", func() error { return f.ask(t.Context()) })
	serials, authorities := map[string]bool{}, map[string]bool{}
	for _, lost := range [][]string{{CertFile, KeyFile}, {CertFile, KeyFile, caCertKey, caKeyKey}, {CertFile}, {caKeyKey}, {CertFile, KeyFile, caCertKey, caKeyKey}} {
		before, _ := served(f.replicas[0])
		f.lose(t, lost)
		eventually(t, fmt.Sprint("all serve another certificate without ", lost), func() error {
			if err := f.ask(t.Context()); err != nil {
				t.Fatalf("without %v: %v", lost, err)
			}
			return f.agree(before)
		})
		serial, authority := served(f.replicas[0])
		serials[serial], authorities[authority] = true, true
	}
	if len(serials) != 5 || len(authorities) != 4 { // the first, and three that were made anew
		t.Errorf("%d certificates of %d authorities were served; that proves little", len(serials), len(authorities))
	}
	f.later.Store(int64(2 * DefaultLifetimes().Overlap))
	eventually(t, "former authorities go", func() error {
		if err := f.ask(t.Context()); err != nil {
			t.Fatal(err)
		}
		registrations, err := readRegistrations(t.Context(), f.client, testName)
		if err != nil {
			return err
		}
		for _, e := range slices.Concat(registrations[0].entries, registrations[1].entries) {
			if n := strings.Count(string(e.bundle), "BEGIN CERTIFICATE"); n > 1 {
				return fmt.Errorf("%s: %d authorities are trusted", e.name, n)
			}
		}
		return nil
	})
}

// lose takes keys out of the Secret.
func (f *fixture) lose(t *testing.T, keys []string) {
	t.Helper()
	var secret corev1.Secret
	if err := f.client.Get(t.Context(), client.ObjectKey{Namespace: testNamespace, Name: testSecret}, &secret); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		delete(secret.Data, key)
	}
	if err := f.client.Update(t.Context(), &secret); err != nil {
		t.Fatal(err)
	}
}

// agree is nil when all replicas serve the same, and not what was before.
func (f *fixture) agree(before string) error {
	first, _ := served(f.replicas[0])
	for i, r := range f.replicas {
		if serial, _ := served(r); serial == before || serial != first {
			return fmt.Errorf("replica %d serves %s, before %s", i, serial, before)
		}
	}
	return f.allReady()
}

// TestWrongInstalls: what is wrong is said in one sentence, nothing untrusted is
// served, and it mends itself once the fault is gone.
func TestWrongInstalls(t *testing.T) {
	f := newClusterFixture(t, 1, DefaultLifetimes())
	r := f.replicas[0]
	said := map[string]string{}
	r.monitor.Tell = func(reason, note string) { said[reason] = note }
	ctx := t.Context()
	r.source.Secret = "missing"
	if _, err := r.source.round(ctx); err == nil || !strings.Contains(err.Error(), "Secret default/missing is missing: apply the manifests") {
		t.Errorf("missing Secret: %v", err)
	}
	r.source.Secret, r.source.Configuration = testSecret, "other"
	if _, err := r.source.round(ctx); err == nil || !strings.Contains(err.Error(), "there is no ValidatingWebhookConfiguration other: apply the manifests") {
		t.Errorf("no registration: %v", err)
	}
	r.source.Configuration = testName
	if err := r.monitor.look(ctx); !errors.Is(err, errNone) || !errors.Is(r.monitor.Ready(), errNone) {
		t.Errorf("no certificate: %v", err)
	}
	eventually(t, "a certificate", func() error {
		if settled, err := r.source.round(ctx); err != nil || !settled {
			return fmt.Errorf("settled %t: %w", settled, err)
		}
		return nil
	})
	if err := errors.Join(r.monitor.look(ctx), r.monitor.Ready()); err != nil {
		t.Errorf("all is well, and it says %v", err)
	}
	// Another cluster's authority, as after a restored backup.
	other, err := NewCA("another cluster", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	registrations, err := readRegistrations(ctx, f.client, testName)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registrations[1].setBundles(ctx, f.client, func([]byte) []byte { return other.PEM() }); err != nil {
		t.Fatal(err)
	}
	if err := r.monitor.look(ctx); err == nil || !strings.Contains(err.Error(), "MutatingWebhookConfiguration initguard: replica0.example.com does not trust") {
		t.Errorf("another cluster's authority: %v", err)
	}
	if !strings.Contains(said["CertificateNotTrusted"], "does not trust the certificate") || r.monitor.Ready() == nil {
		t.Errorf("events %v, ready %v", said, r.monitor.Ready())
	}
	if _, err := r.source.round(ctx); err != nil {
		t.Error(err)
	}
	if err := errors.Join(r.monitor.look(ctx), r.monitor.Ready(), f.ask(ctx)); err != nil {
		t.Errorf("it does not mend itself: %v", err)
	}
	// Nobody renews, and the end comes near, and passes.
	end := r.source.Certificate().Leaf.NotAfter
	r.monitor.Warn, r.monitor.Now = 24*time.Hour, func() time.Time { return end.Add(-time.Hour) }
	if err := r.monitor.look(ctx); err != nil || !strings.Contains(said["CertificateExpires"], "expires at "+end.UTC().Format(time.RFC3339)) {
		t.Errorf("an hour before the end: %v, events %v", err, said)
	}
	r.monitor.Now = func() time.Time { return end.Add(time.Second) }
	if err := r.monitor.look(ctx); err == nil || !strings.Contains(err.Error(), "expired at") {
		t.Errorf("after the end: %v", err)
	}
}
