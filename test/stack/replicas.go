package stack

import (
	"context"
	"fmt"
	"path/filepath"
)

// Several webhooks behind one Service, as in an installation: the certificate is
// the built-in one, and the API server calls the Service by its name. No node
// runs here that could give the Service an address, so it stands for a name
// outside of the cluster, which leads to a balancer on this machine.

// RegisterService applies manifests/base with the built-in certificates, and has
// the Service lead to a port of this machine.
func (s *Stack) RegisterService(ctx context.Context, repo string, port int) error {
	component, err := relative(s.group.Dir, filepath.Join(repo, "manifests", "components", "certs-built-in"))
	if err != nil {
		return err
	}
	return s.applyOverlay(ctx, repo, fmt.Sprintf(`components: [%[2]q]
patches:
  - patch: |
      {apiVersion: apps/v1, kind: Deployment, metadata: {name: initguard-webhook, namespace: initguard-system}, $patch: delete}
  - target: {kind: Service, name: initguard-webhook}
    patch: |
      - {op: replace, path: /spec, value: {type: ExternalName, externalName: 127.0.0.1}}
  - target: {kind: ValidatingWebhookConfiguration}
    patch: |
      - {op: add, path: /webhooks/0/clientConfig/service/port, value: %[1]d}
      - {op: add, path: /webhooks/1/clientConfig/service/port, value: %[1]d}
  - target: {kind: MutatingWebhookConfiguration}
    patch: |
      - {op: add, path: /webhooks/0/clientConfig/service/port, value: %[1]d}
`, port, filepath.Join("..", component)))
}
