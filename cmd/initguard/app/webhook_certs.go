package app

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/initguard/initguard/certs"
)

// The sources of the serving certificate.
const (
	certsFromFiles = "files"
	certsBuiltIn   = "built-in"
)

const (
	// lookEvery is how often certificate and registrations are looked at,
	// lookRetry how often while something is wrong.
	lookEvery = 10 * time.Second
	lookRetry = time.Second
	// settle is how long an authority stands in the registrations before a
	// certificate of it is served: API servers read a change within a second.
	settle = 5 * time.Second
	// warnBefore is how long before its end a certificate that nobody renewed is
	// told: all sources renew weeks before by default.
	warnBefore = 7 * 24 * time.Hour
)

// newCertificates makes the source of the serving certificate, and what says
// whether the API server trusts it.
func newCertificates(cluster *rest.Config, o *WebhookOptions, r prometheus.Registerer, log logr.Logger) (*certs.Monitor, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), admissionregistrationv1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	direct, err := client.New(cluster, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	m := &certs.Monitor{
		Client: direct, Configuration: o.WebhookConfiguration, Every: lookEvery, Retry: lookRetry, Warn: warnBefore, Now: time.Now, Log: log,
	}
	if err := m.Register(r); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if o.CertSource == certsBuiltIn {
		m.Source = &certs.BuiltIn{
			Client: direct, Namespace: o.Namespace, Secret: o.CertSecret, Configuration: o.WebhookConfiguration,
			Hosts: serviceHosts(o.Service, o.Namespace), Lifetimes: certs.DefaultLifetimes(),
			Every: lookEvery, Settle: settle, Now: time.Now, Log: log,
		}
		return m, nil
	}
	// What is wrong with the files is told, and waited for: a Pod that ends again
	// and again hides why.
	m.Source = certs.NewFiles(o.CertDir)
	return m, nil
}

// serviceHosts are the names by which a Service is called.
func serviceHosts(service, namespace string) []string {
	name := service + "." + namespace
	return []string{service, name, name + ".svc", name + ".svc.cluster.local"}
}

// addCertificates has the manager keep the certificate fresh, and be ready only
// while it is trusted.
func addCertificates(mgr manager.Manager, m *certs.Monitor, o *WebhookOptions) error {
	events := mgr.GetEventRecorder("initguard.dev/webhook")
	about := &corev1.ObjectReference{APIVersion: "v1", Kind: "Service", Namespace: o.Namespace, Name: o.Service}
	m.Tell = func(reason, note string) {
		events.Eventf(about, nil, corev1.EventTypeWarning, reason, "Certificate", "%s", short(note))
	}
	if err := mgr.AddReadyzCheck("certificate", func(*http.Request) error { return m.Ready() }); err != nil {
		return fmt.Errorf("readiness: %w", err)
	}
	return errors.Join(mgr.Add(everywhere(m.Source.Run)), mgr.Add(everywhere(m.Run)))
}

// maxNote bounds the text of an Event, in bytes: the API server takes 1 KiB.
const maxNote = 1000

func short(note string) string {
	if len(note) <= maxNote {
		return note
	}
	return strings.ToValidUTF8(note[:maxNote], "") + "…"
}
