package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
)

// Second is a webhook that runs beside the stack's, and that no registration
// calls.
type Second struct {
	process *process.Process
	health  string
}

// Second starts a webhook with the rights of the manifests and these flags. It
// does not wait until it is ready: whoever asks for it may want it not to be.
func (s *Stack) Second(ctx context.Context, name string, args ...string) (*Second, error) {
	kubeconfig, err := s.serviceAccountKubeconfig(ctx)
	if err != nil {
		return nil, err
	}
	p, err := freePorts(ctx)
	if err != nil {
		return nil, err
	}
	started, err := s.group.Start(process.Spec{
		Name: name, Path: s.binary,
		Args: append([]string{
			"webhook", "--kubeconfig", kubeconfig, "--bind-address=127.0.0.1", "--port", strconv.Itoa(p.webhook), "--metrics-bind-address=0",
			"--health-probe-bind-address", fmt.Sprintf("127.0.0.1:%d", p.health),
		}, args...),
		Env: os.Environ(), Grace: 20 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return &Second{process: started, health: fmt.Sprintf("http://127.0.0.1:%d", p.health)}, nil
}

// Ready is nil when /readyz says so.
func (s *Second) Ready(ctx context.Context) error { return s.ask(ctx, "/readyz?verbose") }

// Alive is nil when /healthz says so.
func (s *Second) Alive(ctx context.Context) error { return s.ask(ctx, "/healthz") }

func (s *Second) ask(ctx context.Context, path string) error {
	body, code, err := get(ctx, s.health+path)
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("%s: %d: %s", path, code, body)
	}
	return err
}

// Log gives the last lines that it logged.
func (s *Second) Log(lines int) string { return s.process.Logs(lines) }

// Stop ends it.
func (s *Second) Stop() error { return s.process.Stop() }
