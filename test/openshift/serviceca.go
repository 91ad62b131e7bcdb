package openshift

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/initguard/initguard/certs"
)

// What the service CA goes by, and what it fills in each namespace.
const (
	secretAnnotation = "service.beta.openshift.io/serving-cert-secret-name"
	bundleAnnotation = "service.beta.openshift.io/inject-cabundle"
	bundleConfigMap  = "openshift-service-ca.crt"
	bundleKey        = "service-ca.crt"
)

// servingValidity is that of the service CA's certificates.
const servingValidity = 2 * 365 * 24 * time.Hour

// ServiceCA does what OpenShift's service CA does to the cluster that Client
// reaches: it makes the certificates that Services ask for, has the webhook
// configurations that ask for it trust them, and puts its authority into a
// ConfigMap of each namespace.
type ServiceCA struct {
	Client kubernetes.Interface
	ca     *certs.CA
}

// Run looks every interval until ctx ends. What another writer changed at the same
// time is tried again at the next look; other errors end it.
func (s *ServiceCA) Run(ctx context.Context, interval time.Duration) error {
	var err error
	if s.ca, err = certs.NewCA("openshift-service-serving-signer", servingValidity); err != nil {
		return err
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := errors.Join(s.namespaces(ctx), s.services(ctx), s.validating(ctx), s.mutating(ctx))
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !passes(err) {
			return fmt.Errorf("service CA: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// passes is true for what is no error at the next look: somebody else wrote or
// removed it, or its namespace goes.
func passes(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err) || apierrors.IsForbidden(err)
}

func (s *ServiceCA) namespaces(ctx context.Context) error {
	list, err := s.Client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, n := range list.Items {
		if n.DeletionTimestamp != nil {
			continue
		}
		bundle := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: bundleConfigMap}, Data: map[string]string{bundleKey: string(s.ca.PEM())}}
		if _, err := s.Client.CoreV1().ConfigMaps(n.Name).Create(ctx, bundle, metav1.CreateOptions{}); err != nil && !passes(err) {
			return err
		}
	}
	return nil
}

func (s *ServiceCA) services(ctx context.Context) error {
	list, err := s.Client.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, service := range list.Items {
		name := service.Annotations[secretAnnotation]
		if name == "" || service.DeletionTimestamp != nil {
			continue
		}
		secrets := s.Client.CoreV1().Secrets(service.Namespace)
		if _, err := secrets.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			if err != nil {
				return err
			}
			continue
		}
		host := service.Name + "." + service.Namespace + ".svc"
		pair, err := s.ca.Serving(servingValidity, host, host+".cluster.local")
		if err != nil {
			return err
		}
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Service", Name: service.Name, UID: service.UID},
			}},
			Type: corev1.SecretTypeTLS, Data: map[string][]byte{certs.CertFile: pair.Cert, certs.KeyFile: pair.Key},
		}
		if _, err := secrets.Create(ctx, secret, metav1.CreateOptions{}); err != nil && !passes(err) {
			return err
		}
	}
	return nil
}

func (s *ServiceCA) validating(ctx context.Context) error {
	configurations := s.Client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	list, err := configurations.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, c := range list.Items {
		var clients []*admissionregistrationv1.WebhookClientConfig
		for i := range c.Webhooks {
			clients = append(clients, &c.Webhooks[i].ClientConfig)
		}
		if !s.fill(c.Annotations, clients) {
			continue
		}
		if _, err := configurations.Update(ctx, &c, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func (s *ServiceCA) mutating(ctx context.Context) error {
	configurations := s.Client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	list, err := configurations.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, c := range list.Items {
		var clients []*admissionregistrationv1.WebhookClientConfig
		for i := range c.Webhooks {
			clients = append(clients, &c.Webhooks[i].ClientConfig)
		}
		if !s.fill(c.Annotations, clients) {
			continue
		}
		if _, err := configurations.Update(ctx, &c, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// fill puts the authority into the entries of a configuration that asks for it.
// It says whether that changed one.
func (s *ServiceCA) fill(annotations map[string]string, clients []*admissionregistrationv1.WebhookClientConfig) bool {
	if annotations[bundleAnnotation] != "true" {
		return false
	}
	changed := false
	for _, c := range clients {
		if !bytes.Equal(c.CABundle, s.ca.PEM()) {
			c.CABundle, changed = s.ca.PEM(), true
		}
	}
	return changed
}
