package stack

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
)

// register applies the repository's manifests. The webhook runs outside of the
// cluster, so an overlay points the API server at its address and leaves the
// Deployment out; all else is what a real installation gets.
func (s *Stack) register(ctx context.Context, repo string) error {
	var err error
	if s.ports, err = freePorts(ctx); err != nil {
		return err
	}
	s.address = fmt.Sprintf("https://127.0.0.1:%d", s.ports.webhook)
	return s.applyOverlay(ctx, repo, fmt.Sprintf(`patches:
  - patch: |
      {apiVersion: apps/v1, kind: Deployment, metadata: {name: initguard-webhook, namespace: initguard-system}, $patch: delete}
  - target: {kind: ValidatingWebhookConfiguration}
    patch: |
      - {op: replace, path: /webhooks/0/clientConfig, value: {url: "%[1]s/validate", caBundle: %[2]s}}
      - {op: replace, path: /webhooks/1/clientConfig, value: {url: "%[1]s/validate", caBundle: %[2]s}}
  - target: {kind: MutatingWebhookConfiguration}
    patch: |
      - {op: replace, path: /webhooks/0/clientConfig, value: {url: "%[1]s/mutate", caBundle: %[2]s}}
`, s.address, base64.StdEncoding.EncodeToString(s.ca.PEM())))
}

// applyOverlay applies manifests/base with what an overlay changes of it.
func (s *Stack) applyOverlay(ctx context.Context, repo, changes string) error {
	overlay := filepath.Join(s.group.Dir, "overlay")
	if err := os.Mkdir(overlay, 0o700); err != nil {
		return err
	}
	base, err := relative(overlay, filepath.Join(repo, "manifests", "base"))
	if err != nil {
		return err
	}
	content := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [%q]\n%s", base, changes)
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(content), 0o600); err != nil {
		return err
	}
	if out, err := s.Cluster.Kubectl(ctx, "apply", "-k", overlay).CombinedOutput(); err != nil {
		return fmt.Errorf("apply the manifests: %w\n%s", err, out)
	}
	return nil
}

// relative is the way from one folder to another, links resolved: kustomize
// takes no absolute path.
func relative(from, to string) (string, error) {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return "", err
	}
	to, err = filepath.Abs(to)
	if err != nil {
		return "", err
	}
	if to, err = filepath.EvalSymlinks(to); err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}
