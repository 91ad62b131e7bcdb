package stack

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
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

// Replica is one webhook of several, a process of its own.
type Replica struct {
	*process.Process
	// Name is that of the process.
	Name string
	// Address is where it serves, host and port; Health and Metrics are URLs
	// without a path.
	Address, Health, Metrics string
}

// StartReplica starts a webhook with the built-in certificates and does not wait
// until it is ready. It is killed when it still runs grace after it was told to
// end.
func (s *Stack) StartReplica(ctx context.Context, name string, grace time.Duration, args ...string) (*Replica, error) {
	kubeconfig, err := s.serviceAccountKubeconfig(ctx)
	if err != nil {
		return nil, err
	}
	p, err := freePorts(ctx)
	if err != nil {
		return nil, err
	}
	local := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	r := &Replica{Name: name, Address: local(p.webhook), Health: "http://" + local(p.health), Metrics: "http://" + local(p.metrics)}
	r.Process, err = s.group.Start(process.Spec{
		Name: name, Path: s.binary,
		Args: append([]string{
			"webhook", "--kubeconfig", kubeconfig, "--config", s.ConfigFile, "--cert-source=built-in",
			"--bind-address=127.0.0.1", "--port", strconv.Itoa(p.webhook),
			"--metrics-bind-address", local(p.metrics), "--health-probe-bind-address", local(p.health),
		}, args...),
		Env:   append(os.Environ(), "DOCKER_CONFIG="+filepath.Join(s.group.Dir, "docker")),
		Grace: grace,
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}
