package integration

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/stack"
)

// second starts a webhook beside the shared one, which the test's end ends.
func second(t *testing.T, name string, args ...string) *stack.Beside {
	t.Helper()
	s, err := shared.Beside(t.Context(), name, 20*time.Second, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s", s.Logs(30))
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// logs waits until a webhook has logged a text.
func logs(t *testing.T, s *stack.Beside, text string) {
	t.Helper()
	eventually(t, "the log line "+text, func() error {
		if !strings.Contains(s.Logs(200), text) {
			return errAgain
		}
		return nil
	})
}

// TestOwnImage: which image the webhook runs is read in its own Pod, with the
// rights of the manifests, and told where it can't be used.
func TestOwnImage(t *testing.T) {
	certs := filepath.Join(filepath.Dir(shared.ConfigFile), "certs")
	const pinned = "registry.example.com/initguard@sha256:c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"
	for name, test := range map[string]struct{ image, want string }{
		"own-image-pinned":   {pinned, `"image":"` + pinned + `"`},
		"own-image-unpinned": {"registry.example.com/initguard:latest", "must be pinned"},
	} {
		pod := `{apiVersion: v1, kind: Pod, metadata: {name: ` + name + `, namespace: initguard-system}, spec: {
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [
  {name: beside, image: other.example.com/x:1, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}},
  {name: webhook, image: "` + test.image + `", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}}`
		apply(t, pod)
		logs(t, second(t, name, "--cert-dir", certs, "--pod", "initguard-system/"+name), test.want)
	}
	logs(t, second(t, "own-image-missing", "--cert-dir", certs, "--pod", "initguard-system/none"), "read Pod initguard-system/none")
}
