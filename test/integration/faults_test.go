package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestRegistryFaults: whatever the registry does, the apply goes through, and
// the platform's log says why there was no verdict.
func TestRegistryFaults(t *testing.T) {
	namespace(t, "faults", "initguard.dev/inject: possible")
	tests := []struct {
		name   string
		fault  imagetest.Fault
		detail string
	}{
		{"unauthorized", imagetest.Status(401), "401"},
		{"forbidden", imagetest.Status(403), "403"},
		{"missing", imagetest.Status(404), "404"},
		{"rate limited", imagetest.Status(429, "Retry-After", "1"), "429"},
		{"server error", imagetest.Status(500), "500"},
		{"garbage", imagetest.On(imagetest.Body("application/vnd.oci.image.index.v1+json", "not json"), imagetest.GetManifest), ""},
		{"1 GiB", imagetest.On(imagetest.Stream(1<<30, false), imagetest.GetManifest), ""},
		{"redirect loop", imagetest.RedirectLoop(), "redirect"},
		{"redirect to the metadata service", imagetest.Redirect("http://169.254.169.254/latest"), ""},
		{"hangs", imagetest.Hang(), ""},
	}
	for i, test := range tests {
		// A repository of its own, so that no earlier failure is remembered.
		image := fmt.Sprintf("faults/app%d:1", i)
		if _, err := shared.Registry.PushSpecs(t.Context(), image, imagetest.Spec{Cmd: []string{"node"}}); err != nil {
			t.Fatal(err)
		}
		shared.Registry.Break(test.fault)
		start := time.Now()
		out := apply(t, deployment("faults", fmt.Sprintf("app%d", i), "{name: app, image: REGISTRY/"+image+"}"))
		took := time.Since(start)
		shared.Registry.Break(nil)
		if !strings.Contains(out, "injection was asked for, but who will be PID 1 is not known: ") {
			t.Errorf("%s: %s", test.name, out)
		}
		if strings.Contains(out, shared.Registry.Host()) || strings.Contains(out, "169.254") {
			t.Errorf("%s: the tenant is told where registries are: %s", test.name, out)
		}
		t.Logf("%s: %s", test.name, took.Round(time.Millisecond))
		log := shared.WebhookLog(1)
		if !strings.Contains(log, image) || !strings.Contains(log, test.detail) {
			t.Errorf("%s: the log does not say why:\n%s", test.name, log)
		}
	}
}

// TestSlowRegistry: the inspection goes on in the background, and the next
// apply has the answer.
func TestSlowRegistry(t *testing.T) {
	namespace(t, "slow", "initguard.dev/inject: possible")
	if _, err := shared.Registry.PushSpecs(t.Context(), "slow/app:1", imagetest.Spec{Cmd: []string{"node"}}); err != nil {
		t.Fatal(err)
	}
	gate, open := imagetest.Gate()
	shared.Registry.Break(gate)
	manifest := deployment("slow", "app", "{name: app, image: REGISTRY/slow/app:1}")
	out := apply(t, manifest, "--dry-run=server")
	open()
	shared.Registry.Break(nil)
	if !strings.Contains(out, "still inspecting") {
		t.Errorf("got %s", out)
	}
	eventually(t, "the verdict", func() error {
		if out := apply(t, manifest, "--dry-run=server"); !strings.Contains(out, "PID 1 will be node") {
			return fmt.Errorf("got %s", out)
		}
		return nil
	})
}

// TestWebhookGone: with the webhook stopped, everything is admitted, and after
// its return it warns again.
func TestWebhookGone(t *testing.T) {
	namespace(t, "gone", "initguard.dev/enforce: possible")
	if err := shared.StopWebhook(); err != nil {
		t.Error(err)
	}
	out := apply(t, deployment("gone", "web", exposedContainer))
	if err := shared.StartWebhook(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, "initguard:") {
		t.Errorf("who said this? %s", out)
	}
	if out, err := kubectl(t, deployment("gone", "web2", exposedContainer), "apply", "-f", "-"); err == nil {
		t.Errorf("admitted after the webhook's return: %s", out)
	}
}

// TestReload: a good change of the configuration is taken over, a bad one is
// told and changes nothing.
func TestReload(t *testing.T) {
	namespace(t, "reload", "")
	original, err := os.ReadFile(shared.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content string) {
		if err := os.WriteFile(shared.ConfigFile, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	warns := func(want bool) func() error {
		return func() error {
			out := apply(t, deployment("reload", "web", exposedContainer), "--dry-run=server")
			if strings.Contains(out, "Warning: initguard") != want {
				return fmt.Errorf("got %s", out)
			}
			return nil
		}
	}
	metric := func(want string) func() error {
		return func() error {
			text, err := shared.Metrics(t.Context())
			if err == nil && !strings.Contains(text, "\n"+want+"\n") {
				err = fmt.Errorf("no %s", want)
			}
			return err
		}
	}
	defer func() {
		write(string(original))
		eventually(t, "the original configuration", warns(true))
	}()
	write(string(original) + "defaults: {warn: never}\n")
	eventually(t, "a good change", warns(false))
	write(string(original) + "defaults: {warn: never, wran: possible}\n")
	eventually(t, "the metric for a bad change", metric("initguard_config_last_reload_successful 0"))
	if err := warns(false)(); err != nil {
		t.Errorf("a bad change was taken over: %v", err)
	}
	log := shared.WebhookLog(50)
	if !strings.Contains(log, "wran") || !strings.Contains(log, "config.yaml:") {
		t.Errorf("the log does not name file, line and field:\n%s", log)
	}
}

// TestNoSecretLeaves looks for what a pod says in confidence in everything that
// the webhook lets out.
func TestNoSecretLeaves(t *testing.T) {
	const canary = "hunter2canary"
	namespace(t, "secrets", "initguard.dev/inject: possible")
	var shown strings.Builder
	for i, container := range []string{
		`{name: app, image: REGISTRY/shop/web:1.4, args: [node, --token=` + canary + `]}`,
		`{name: app, image: REGISTRY/shop/web:1.4, command: [sh, -c, "start ` + canary + ` || true"]}`,
		`{name: app, image: REGISTRY/none/none:1, env: [{name: P, value: ` + canary + `}], args: ["$(P)"]}`,
		`{name: app, image: REGISTRY/shop/web:1.4, command: [env, "P=` + canary + `", "$(X)"], envFrom: [{configMapRef: {name: x}}]}`,
	} {
		shown.WriteString(apply(t, deployment("secrets", fmt.Sprintf("app%d", i), container)))
	}
	metrics, err := shared.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"kubectl": shown.String(), "log": shared.WebhookLog(100000), "metrics": metrics} {
		if strings.Contains(text, canary) {
			t.Errorf("the %s holds the canary", name)
		}
		if text == "" {
			t.Errorf("the %s is empty: nothing was looked at", name)
		}
	}
}
