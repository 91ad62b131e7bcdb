package integration

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestRegistryFaults: whatever the registry does, the apply goes through and
// the tenant is told one text; the platform's log and metric say which fault it
// was.
func TestRegistryFaults(t *testing.T) {
	namespace(t, "faults", "initguard.dev/inject: possible")
	openPullSecrets(t, "faults")
	gone, err := imagetest.Start(imagetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	defer reconfigureWith(t, func(config string) string {
		down := "registries:\n  - {host: '" + gone.Host() + "', plainHTTP: true, allowAddresses: [127.0.0.0/8]}\n"
		return strings.Replace(config, "registries:\n", down, 1) + "inspection: {deadline: 1s, timeout: 3s}\n"
	})()
	content := []imagetest.Kind{imagetest.HeadManifest, imagetest.GetManifest}
	index := imagetest.Body("application/vnd.oci.image.index.v1+json", `{"schemaVersion":2}`)
	tests := []struct {
		name   string
		fault  imagetest.Fault
		result string
		detail string
	}{
		{"down", nil, "unreachable", "connection refused"},
		{"unauthorized", imagetest.Status(401), "unauthorized", "401"},
		{"forbidden", imagetest.Status(403), "forbidden", "403"},
		{"missing", imagetest.Status(404), "not-found", "404"},
		{"rate limited", imagetest.Status(429, "Retry-After", "1"), "rate-limited", "429"},
		{"rate limited for manifests", imagetest.On(imagetest.Status(429), imagetest.GetManifest), "rate-limited", "429"},
		{"server error", imagetest.Status(500), "server-error", "500"},
		{"bad gateway for content", imagetest.On(imagetest.Status(502), content...), "server-error", "502"},
		{"hangs", imagetest.Hang(), "timeout", "no answer in time"},
		{"hangs at the manifest", imagetest.On(imagetest.Hang(), imagetest.GetManifest), "timeout", "no answer in time"},
		{"reset", imagetest.On(imagetest.Reset(), content...), "reset", "closed in the middle"},
		{"truncated", imagetest.On(imagetest.Truncate(), imagetest.GetManifest), "truncated", "cut short"},
		{"wrong digest", imagetest.On(index, imagetest.GetManifest), "wrong-digest", "was asked for"},
		{"garbage", imagetest.Body("text/html", "<html>"), "image-invalid", "not JSON"},
		{"1 GiB", imagetest.On(imagetest.Stream(1<<30, false), imagetest.GetManifest), "image-invalid", "larger than"},
		{"redirect loop", imagetest.On(imagetest.RedirectLoop(), content...), "redirects", "more than 5 redirects"},
		{"redirect to the metadata service", imagetest.Redirect("https://169.254.169.254/latest"), "refused", "metadata"},
	}
	for i, test := range tests {
		// A repository of its own, so that no earlier failure is remembered.
		image := fmt.Sprintf("faults/app%d:1", i)
		reference := "REGISTRY/" + image
		if _, err := shared.Registry.PushSpecs(t.Context(), image, imagetest.Spec{Cmd: []string{"node", image}}); err != nil {
			t.Fatal(err)
		}
		if test.fault == nil {
			reference = gone.Reference(image)
		}
		before := inspections(t)
		shared.Registry.Break(test.fault)
		out := apply(t, deployment("faults", fmt.Sprintf("app%d", i), "{name: app, image: '"+reference+"'}"))
		text := "who will be PID 1 is not known: the image could not be inspected\n"
		if test.result == "timeout" {
			text = "who will be PID 1 is not known: still inspecting the image\n"
		}
		if !strings.Contains(out, text) {
			t.Errorf("%s: got %s, want %q", test.name, out, text)
		}
		eventually(t, test.name+": metric and log", func() error {
			if after := inspections(t); after[test.result] <= before[test.result] {
				return fmt.Errorf("inspections %v, before %v; want one more %s", after, before, test.result)
			}
			for line := range strings.Lines(shared.WebhookLog(200)) {
				if strings.Contains(line, image) && strings.Contains(line, test.detail) {
					return nil
				}
			}
			return fmt.Errorf("the log lacks a line with %s and %q:\n%s", image, test.detail, shared.WebhookLog(5))
		})
		shared.Registry.Break(nil)
	}
}

// openPullSecrets lets the webhook read what a namespace's pods pull with, as
// the component pull-secrets does.
func openPullSecrets(t *testing.T, namespace string) {
	t.Helper()
	role := `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: initguard-pull-secrets, namespace: ` + namespace + `}
rules:
  - {apiGroups: [""], resources: [secrets, serviceaccounts], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: initguard-pull-secrets, namespace: ` + namespace + `}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: initguard-pull-secrets}
subjects: [{kind: ServiceAccount, name: initguard-webhook, namespace: initguard-system}]
`
	apply(t, role)
}

// TestRegistryGrantsLittle: what a registry still grants is left to the nodes,
// until it grants more.
func TestRegistryGrantsLittle(t *testing.T) {
	namespace(t, "little", "initguard.dev/inject: possible")
	openPullSecrets(t, "little")
	grants := func(remaining string) imagetest.Fault {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("RateLimit-Limit", "100;w=21600")
			w.Header().Set("RateLimit-Remaining", remaining+";w=21600")
			return false
		}
	}
	defer shared.Registry.Break(nil)
	for i, test := range []struct{ remaining, want, detail string }{
		{"50", "the image could not be inspected\n", "left to the nodes"},
		{"90", "deployment.apps/web configured", ""},
	} {
		image := fmt.Sprintf("little/app%d:1", i)
		if _, err := shared.Registry.PushSpecs(t.Context(), image, imagetest.Spec{Cmd: []string{"node", image}}); err != nil {
			t.Fatal(err)
		}
		before := inspections(t)
		shared.Registry.Break(grants(test.remaining))
		out := apply(t, deployment("little", "web", "{name: app, image: REGISTRY/"+image+"}"))
		// What injection mends is no warning: of the second only the verdict shows.
		if log := shared.WebhookLog(1); !strings.Contains(out, test.want) || !strings.Contains(log, test.detail) {
			t.Errorf("%s of 100 left: %s; log:\n%s", test.remaining, out, log)
		}
		result := "ok"
		if test.detail != "" {
			result = "rate-limited"
		}
		if after := inspections(t); after[result] != before[result]+1 {
			t.Errorf("%s of 100 left: inspections %v, before %v", test.remaining, after, before)
		}
	}
}

// TestLayerFaults: of a layer that can't be read the platform learns as much.
func TestLayerFaults(t *testing.T) {
	namespace(t, "layer-faults", "initguard.dev/inject: possible")
	for i, test := range []struct {
		name           string
		fault          imagetest.Fault
		result, detail string
	}{
		{"forbidden", imagetest.Status(403), "forbidden", "403"},
		{"server error", imagetest.Status(503), "server-error", "503"},
		{"reset", imagetest.Reset(), "reset", "closed in the middle"},
	} {
		image := fmt.Sprintf("layer-faults/app%d:1", i)
		spec := scripted(dropsRoot + "# " + image + "\n")
		if _, err := shared.Registry.PushSpecs(t.Context(), image, spec); err != nil {
			t.Fatal(err)
		}
		layer, err := spec.Layers[1].Build()
		if err != nil {
			t.Fatal(err)
		}
		digest, err := layer.Digest()
		if err != nil {
			t.Fatal(err)
		}
		before := labelled(t, "initguard_layer_readings_total", "result")
		shared.Registry.Break(func(w http.ResponseWriter, req *http.Request) bool {
			return strings.HasSuffix(req.URL.Path, digest.String()) && test.fault(w, req)
		})
		out := apply(t, deployment("layer-faults", fmt.Sprintf("app%d", i), "{name: app, image: REGISTRY/"+image+"}"))
		shared.Registry.Break(nil)
		if !strings.Contains(out, "docker-entrypoint.sh could not be read: a layer could not be read\n") {
			t.Errorf("%s: got %s", test.name, out)
		}
		after := labelled(t, "initguard_layer_readings_total", "result")
		if log := shared.WebhookLog(3); after[test.result] <= before[test.result] || !strings.Contains(log, test.detail) || !strings.Contains(log, image) {
			t.Errorf("%s: readings %v, before %v; log:\n%s", test.name, after, before, log)
		}
	}
}

// TestSlowRegistry: the inspection goes on in the background, and the next
// apply has the answer.
func TestSlowRegistry(t *testing.T) {
	namespace(t, "slow", "initguard.dev/inject: possible, initguard.dev/strategy: wrap") // which a tag does not allow
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
