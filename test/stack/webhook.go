package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/test/cluster/process"
)

// ports are the ports of the webhook. They stay the same over restarts, since
// the API server knows the first of them.
type ports struct{ webhook, metrics, health int }

// readyTimeout bounds the start of a webhook, which is asked every readyPoll.
const (
	readyTimeout = time.Minute
	readyPoll    = 100 * time.Millisecond
)

// build builds initguard from the working tree.
func (s *Stack) build(ctx context.Context, o Options) error {
	s.binary = filepath.Join(s.group.Dir, "initguard")
	args := []string{"build", "-o", s.binary}
	if o.Race {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/initguard")...)
	cmd.Dir = o.Repo
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build initguard: %w\n%s", err, out)
	}
	return nil
}

// StartWebhook starts the webhook, or starts it again, and waits until it is
// ready.
func (s *Stack) StartWebhook(ctx context.Context) error {
	kubeconfig, err := s.serviceAccountKubeconfig(ctx)
	if err != nil {
		return err
	}
	s.webhook, err = s.group.Start(process.Spec{
		Name: "webhook", Path: s.binary,
		Args: append([]string{
			"webhook", "--kubeconfig", kubeconfig, "--config", s.ConfigFile,
			"--cert-dir", filepath.Join(s.group.Dir, "certs"), "--bind-address", "127.0.0.1", "--port", strconv.Itoa(s.ports.webhook),
			"--metrics-bind-address", fmt.Sprintf("127.0.0.1:%d", s.ports.metrics),
			"--health-probe-bind-address", fmt.Sprintf("127.0.0.1:%d", s.ports.health),
			"--log-level", "debug",
		}, s.args...),
		Env:   append(os.Environ(), "DOCKER_CONFIG="+filepath.Join(s.group.Dir, "docker")),
		Grace: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	return awaitReady(ctx, s.webhook, s.Ready)
}

// StopWebhook ends the webhook alone.
func (s *Stack) StopWebhook() error { return s.webhook.Stop() }

// WebhookPID is the webhook's process id; another one after a restart.
func (s *Stack) WebhookPID() int { return s.webhook.PID() }

// WebhookURL is where the webhook answers, without a path.
func (s *Stack) WebhookURL() string { return s.address }

// CA is the certificate, in PEM, of who signed the webhook's.
func (s *Stack) CA() []byte { return s.ca.PEM() }

// Serving makes a serving certificate for this machine by the same CA.
func (s *Stack) Serving() (certs.Pair, error) {
	return s.ca.Serving(validity, "127.0.0.1")
}

// serviceAccountKubeconfig makes a kubeconfig of the webhook's own identity, so
// that it runs with the rights that the manifests give it and no others.
func (s *Stack) serviceAccountKubeconfig(ctx context.Context) (string, error) {
	out, err := s.Cluster.Kubectl(ctx, "create", "token", "initguard-webhook", "-n", "initguard-system", "--duration=24h").Output()
	if err != nil {
		return "", fmt.Errorf("token of the webhook's ServiceAccount: %w", withOutput(err))
	}
	ca := filepath.Join(s.group.Dir, "apiserver-ca.crt")
	if err := os.WriteFile(ca, s.Cluster.CA, 0o600); err != nil {
		return "", err
	}
	file := filepath.Join(s.group.Dir, "kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: webhook
contexts: [{name: webhook, context: {cluster: test, user: webhook}}]
clusters: [{name: test, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: webhook, user: {token: %q}}]
`, s.Cluster.Server, ca, strings.TrimSpace(string(out)))
	return file, os.WriteFile(file, []byte(content), 0o600)
}

func withOutput(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}

// freePorts picks three ports that nothing listens on.
func freePorts(ctx context.Context) (ports, error) {
	var p ports
	var held []net.Listener // until all three are chosen, or one might come twice
	var err error
	for _, into := range []*int{&p.webhook, &p.metrics, &p.health} {
		l, failed := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if failed != nil {
			err = failed
			break
		}
		held = append(held, l)
		address, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			err = fmt.Errorf("not a TCP address: %s", l.Addr())
			break
		}
		*into = address.Port
	}
	for _, l := range held {
		err = errors.Join(err, l.Close())
	}
	return p, err
}
