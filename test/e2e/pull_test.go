//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/images"
)

// TestPullSecret pulls from a registry that asks for a login: refused without a
// pull secret, and with one the pod runs.
func TestPullSecret(t *testing.T) {
	t.Parallel()
	image, err := shared.builder.Build(t.Context(), images.Spec{
		Config: imagetest.Spec{Entrypoint: []string{"sleep", "infinity"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shared.closed.Push(t.Context(), "team/app:1", image); err != nil {
		t.Fatal(err)
	}
	secret, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "login"},
		"type": "kubernetes.io/dockerconfigjson",
		"data": map[string]any{".dockerconfigjson": base64.StdEncoding.EncodeToString(shared.closed.DockerConfig())},
	})
	if err != nil {
		t.Fatal(err)
	}
	shared.apply(t, secret)
	reference := shared.closed.Reference("team/app:1")
	shared.create(t, pod{name: "pull-refused", image: reference})
	shared.create(t, pod{name: "pull-allowed", image: reference, secret: "login"})
	shared.running(t, "pull-allowed")
	await(t, readyMost, "the pull without a secret is refused", func() (bool, string) {
		s, err := shared.status(t.Context(), "pull-refused")
		if err != nil {
			return false, err.Error()
		}
		if s.ID != "" {
			t.Fatal("the pod without a pull secret runs")
		}
		return strings.Contains(s.Waiting, "ErrImagePull") || strings.Contains(s.Waiting, "ImagePullBackOff"), s.Waiting
	})
}
