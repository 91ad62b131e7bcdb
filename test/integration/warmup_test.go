package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestWarmUp: a webhook that starts asks for the images of the pods that run where
// its configuration says so and it has the right, and by default not.
func TestWarmUp(t *testing.T) {
	namespace(t, "a-warm-up", "") // before those of the other tests
	if _, err := shared.Registry.PushSpecs(t.Context(), "warm/up:1", imagetest.Spec{Cmd: []string{"node", "warm"}}); err != nil {
		t.Fatal(err)
	}
	settings, err := os.ReadFile(shared.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "warm.yaml")
	if err := os.WriteFile(config, append(settings, "inspection: {warmUp: true}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	certs := filepath.Join(filepath.Dir(shared.ConfigFile), "certs")
	cold := second(t, "cold", "--cert-dir", certs, "--config", shared.ConfigFile)
	logs(t, second(t, "warm-forbidden", "--cert-dir", certs, "--config", config), "manifests/components/warm-up gives it that right")

	apply(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: a-warm-up, annotations: {initguard.dev/inject: never}}\nspec: {containers: [{name: app, image: REGISTRY/warm/up:1}]}")
	component := manifests + "/components/warm-up/rbac.yaml"
	if out, err := kubectl(t, "", "apply", "-f", component); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	defer kubectl(t, "", "delete", "-f", component) //nolint:errcheck // the tests after it would tell
	shared.Registry.ResetCounts()
	second(t, "warm", "--cert-dir", certs, "--config", config)
	eventually(t, "the pod's image is asked for", func() error {
		if !slices.ContainsFunc(shared.Registry.Requests(), func(r string) bool { return strings.Contains(r, "/v2/warm/up/blobs/") }) {
			return errAgain
		}
		return nil
	})
	logs(t, cold, "serving") // it has run for longer than the other
	if strings.Contains(cold.Logs(200), "looking at the images") {
		t.Error("a webhook that was not told to looks at images when it starts")
	}
}
