package integration

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBuiltInCertificates: a replica that makes its own certificate has the
// rights it needs, is ready once the API server trusts it, and takes nothing from
// the one beside it, whose certificate is another authority's.
func TestBuiltInCertificates(t *testing.T) {
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	namespace(t, "certificates", "")
	stop, err := shared.BuiltIn(t.Context(), repo)
	if err != nil {
		t.Fatal(err)
	}
	if err := shared.Ready(t.Context()); err != nil {
		t.Errorf("the replica beside it: %v", err)
	}
	if out := apply(t, deployment("certificates", "web", exposedContainer)); !strings.Contains(out, "Warning: initguard") {
		t.Errorf("the API server trusts the other replica no longer: %s", out)
	}
	if out, err := kubectl(t, "", "get", "secret", "initguard-webhook-tls", "-n", "initguard-system", "-o", "jsonpath={.data}"); err != nil || !strings.Contains(out, "ca.key") {
		t.Errorf("%v: %s", err, out)
	}
	begin := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took < 2*time.Second {
		t.Errorf("it ended after %s, without waiting until nobody asks it", took)
	}
}

var errAgain = errors.New("not yet")

// TestUntrustedIsTold: a certificate that the registrations don't trust makes the
// webhook unready, and an Event says so in one sentence.
func TestUntrustedIsTold(t *testing.T) {
	before, err := kubectl(t, "", "get", "mutatingwebhookconfiguration", "initguard", "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}")
	if err != nil {
		t.Fatal(before)
	}
	set := func(bundle string) {
		if out, err := kubectl(t, "", "patch", "mutatingwebhookconfiguration", "initguard", "--type=json",
			"-p", `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"`+bundle+`"}]`); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	set("")
	defer func() {
		set(before)
		eventually(t, "ready again", func() error { return shared.Ready(t.Context()) })
	}()
	eventually(t, "unready", func() error {
		if shared.Ready(t.Context()) == nil {
			return errAgain
		}
		return nil
	})
	eventually(t, "an Event", func() error {
		out, err := kubectl(t, "", "get", "events", "-n", "initguard-system")
		if err == nil && !strings.Contains(out, "MutatingWebhookConfiguration initguard: pods.initguard.dev has no caBundle") {
			return errAgain
		}
		return err
	})
}
