package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// registration is one webhook configuration: what the API server is told about
// whom to trust. Its entries are in the order of the object's webhooks.
type registration struct {
	object  client.Object
	kind    string
	entries []entry
}

// entry is one webhook of a registration.
type entry struct {
	name   string
	bundle []byte
	// host is the name that the certificate has to be for.
	host string
}

// readRegistrations reads both webhook configurations of a name.
func readRegistrations(ctx context.Context, c client.Reader, name string) ([]registration, error) {
	validating, mutating := &admissionregistrationv1.ValidatingWebhookConfiguration{}, &admissionregistrationv1.MutatingWebhookConfiguration{}
	out := []registration{{object: validating, kind: "ValidatingWebhookConfiguration"}, {object: mutating, kind: "MutatingWebhookConfiguration"}}
	for _, r := range out {
		err := c.Get(ctx, client.ObjectKey{Name: name}, r.object)
		if apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("there is no %s %s: apply the manifests", r.kind, name)
		}
		if err != nil {
			return nil, readFailed(r.kind+" "+name, err)
		}
	}
	for _, w := range validating.Webhooks {
		out[0].entries = append(out[0].entries, newEntry(w.Name, w.ClientConfig))
	}
	for _, w := range mutating.Webhooks {
		out[1].entries = append(out[1].entries, newEntry(w.Name, w.ClientConfig))
	}
	return out, nil
}

// readFailed says what may be wrong with an installation that lacks a right: as
// often as not its parts are in several namespaces.
func readFailed(what string, err error) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("initguard may not read %s: are its ServiceAccount and its rights of one namespace, as the manifests have them?: %w", what, err)
	}
	return fmt.Errorf("read %s: %w", what, err)
}

func newEntry(name string, c admissionregistrationv1.WebhookClientConfig) entry {
	e := entry{name: name, bundle: c.CABundle}
	switch {
	case c.Service != nil:
		e.host = c.Service.Name + "." + c.Service.Namespace + ".svc"
	case c.URL != nil:
		if u, err := url.Parse(*c.URL); err == nil {
			e.host = u.Hostname()
		}
	}
	return e
}

// trusts is nil when every entry trusts the certificate for its host, and else
// says which one does not, and why.
func (r registration) trusts(served *tls.Certificate, now time.Time) error {
	between := x509.NewCertPool()
	for _, der := range served.Certificate[1:] {
		if cert, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(cert)
		}
	}
	for _, e := range r.entries {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(e.bundle) {
			return fmt.Errorf("%s %s: %s has no caBundle", r.kind, r.object.GetName(), e.name)
		}
		if _, err := served.Leaf.Verify(x509.VerifyOptions{DNSName: e.host, Roots: pool, Intermediates: between, CurrentTime: now}); err != nil {
			why := ""
			if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
				why = ", its caBundle is of another authority (another cluster's, or an earlier installation's?)"
			}
			return fmt.Errorf("%s %s: %s does not trust the certificate that is served%s: %w", r.kind, r.object.GetName(), e.name, why, err)
		}
	}
	return nil
}

// trustedByAll is trusts for several registrations.
func trustedByAll(rs []registration, served *tls.Certificate, now time.Time) error {
	for _, r := range rs {
		if err := r.trusts(served, now); err != nil {
			return err
		}
	}
	return nil
}

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// setBundles writes the bundles that want gives, where they differ from what is
// there. It changes nothing else, and nothing at all when somebody else wrote
// in between, which is errChanged.
func (r registration) setBundles(ctx context.Context, c client.Writer, want func(before []byte) []byte) (changed bool, err error) {
	patch := []operation{{"test", "/metadata/resourceVersion", r.object.GetResourceVersion()}}
	for i, e := range r.entries {
		if bundle := want(e.bundle); !bytes.Equal(bundle, e.bundle) {
			patch = append(patch, operation{"add", fmt.Sprintf("/webhooks/%d/clientConfig/caBundle", i), bundle})
			r.entries[i].bundle = bundle
		}
	}
	if len(patch) == 1 {
		return false, nil
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return false, fmt.Errorf("caBundle of %s %s: %w", r.kind, r.object.GetName(), err)
	}
	err = c.Patch(ctx, r.object, client.RawPatch(types.JSONPatchType, text))
	if apierrors.IsConflict(err) || apierrors.IsInvalid(err) {
		return false, errChanged
	}
	if err != nil {
		return false, fmt.Errorf("caBundle of %s %s: %w", r.kind, r.object.GetName(), err)
	}
	return true, nil
}

// errChanged is the error of a write that met another one: read again.
var errChanged = errors.New("somebody else wrote in between")
