package integration

import (
	"strings"
	"testing"
)

// TestApplyAgainKeepsTrust: whoever applies the manifests again, as an upgrade and
// GitOps do, by either way of applying, takes neither the authority out of the
// registrations nor the certificate out of the Secret.
func TestApplyAgainKeepsTrust(t *testing.T) {
	const name = "initguard-again" // the name of the manifests is in use here
	var manifest []string
	for _, o := range objects(t, build(t, manifests+"/overlays/default")) {
		text := string(o.text)
		switch {
		case o.Kind == "ValidatingWebhookConfiguration" || o.Kind == "MutatingWebhookConfiguration":
			// Nothing is to be sent to it: its service is not there.
			text = strings.ReplaceAll(text, "kubernetes.io/metadata.name\n        operator: NotIn", "kubernetes.io/metadata.name\n        operator: In")
			manifest = append(manifest, strings.Replace(text, "  name: initguard\n", "  name: "+name+"\n", 1))
		case o.Kind == "Secret" && o.Metadata.Name == "initguard-webhook-tls":
			manifest = append(manifest, strings.Replace(text, "initguard-webhook-tls", name, 1))
		}
	}
	if len(manifest) != 3 {
		t.Fatalf("found %d objects", len(manifest))
	}
	all := strings.Join(manifest, "\n---\n")
	must := func(manifest string, args ...string) string {
		t.Helper()
		out, err := kubectl(t, manifest, args...)
		if err != nil {
			t.Fatalf("%q: %v: %s", args, err, out)
		}
		return out
	}
	must(all, "apply", "-f", "-")
	defer kubectl(t, all, "delete", "-f", "-") //nolint:errcheck // nothing else uses it
	const bundle = "YXV0aG9yaXR5"
	for _, kind := range []string{"validatingwebhookconfiguration", "mutatingwebhookconfiguration"} {
		must("", "patch", kind, name, "--type=json", "-p", `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"`+ca(t)+`"}]`)
	}
	must("", "patch", "secret", name, "-n", "initguard-system", "--type=merge", "-p", `{"data":{"tls.crt":"`+bundle+`"}}`)
	for _, args := range [][]string{{"apply", "-f", "-"}, {"apply", "--server-side", "--force-conflicts", "-f", "-"}} {
		must(all, args...)
		for _, kind := range []string{"validatingwebhookconfiguration", "mutatingwebhookconfiguration"} {
			if got := must("", "get", kind, name, "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}"); got != ca(t) {
				t.Errorf("%q: %s: caBundle %q", args, kind, got)
			}
		}
		if got := must("", "get", "secret", name, "-n", "initguard-system", "-o", `jsonpath={.data.tls\.crt}`); got != bundle {
			t.Errorf("%q: the Secret holds %q", args, got)
		}
	}
}

// ca is the caBundle of the shared webhook's authority, as JSON has it.
func ca(t *testing.T) string {
	t.Helper()
	out, err := kubectl(t, "", "get", "mutatingwebhookconfiguration", "initguard", "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}")
	if err != nil || out == "" {
		t.Fatalf("%v: %s", err, out)
	}
	return out
}
