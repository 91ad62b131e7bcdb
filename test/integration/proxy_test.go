package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/stack"
)

// TestProxy: the webhook asks through HTTPS_PROXY what its configuration names,
// and nothing else.
func TestProxy(t *testing.T) {
	const host = "registry.proxied.example.com"
	registry := imagetest.New(t, imagetest.Options{TLS: true, Names: []string{host}})
	registry.MustPush(t, "web:1", imagetest.Spec{Entrypoint: []string{"node"}, Cmd: []string{"server.js"}})
	proxy := imagetest.NewProxy(t, map[string]string{host + ":443": registry.Host(), "other.example.com:443": registry.Host()})
	original, err := os.ReadFile(shared.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	content := stack.Config(shared.Registry.Host()) + "  - host: " + host + "\n    ca: |\n      " + strings.ReplaceAll(string(registry.CA()), "\n", "\n      ") + "\n"
	if err := os.WriteFile(shared.ConfigFile, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	restart := func() {
		t.Helper()
		if err := shared.StopWebhook(); err != nil {
			t.Fatal(err)
		}
		if err := shared.StartWebhook(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HTTPS_PROXY", proxy.URL().String())
	restart()
	defer func() {
		_ = os.Unsetenv("HTTPS_PROXY") // t.Setenv brings back what was there
		if err := os.WriteFile(shared.ConfigFile, original, 0o600); err != nil {
			t.Error(err)
		}
		restart()
	}()
	namespace(t, "proxied", "")
	const warning = `Warning: initguard: container "app": PID 1 will be node, which does not reap zombies`
	for _, image := range []string{host + "/web:1", "REGISTRY/shop/web:1.4"} { // loopback never goes through a proxy
		eventually(t, image, func() error {
			out := apply(t, deployment("proxied", "web", "{name: app, image: "+image+"}"), "--dry-run=server")
			if !strings.HasPrefix(out, `Warning: initguard: container "app": PID 1 will be`) || strings.HasPrefix(image, host) && !strings.HasPrefix(out, warning) {
				return fmt.Errorf("got %s", out)
			}
			return nil
		})
	}
	apply(t, deployment("proxied", "other", "{name: app, image: other.example.com/web:1}"), "--dry-run=server")
	asked := proxy.Asked()
	for _, a := range asked {
		if a != "CONNECT "+host+":443" {
			t.Errorf("the proxy was asked for %s", a)
		}
	}
	if len(asked) == 0 {
		t.Error("the proxy was not asked")
	}
	if log := shared.WebhookLog(40); !strings.Contains(log, "other.example.com:443 is reached through the proxy") {
		t.Errorf("the log doesn't say why other.example.com was not asked:\n%s", log)
	}
}
