package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/poll"
)

// Beside is a webhook that runs beside the stack's own.
type Beside struct {
	*process.Process
	// Name is that of the process.
	Name string
	// Address is where it serves, host and port; Health and Metrics are URLs
	// without a path.
	Address, Health, Metrics string
}

// Beside starts a webhook with the rights of the manifests and these flags. It
// does not wait until it is ready: whoever asks for it may want it not to be. It
// is killed when it still runs grace after it was told to end.
func (s *Stack) Beside(ctx context.Context, name string, grace time.Duration, args ...string) (*Beside, error) {
	kubeconfig, err := s.serviceAccountKubeconfig(ctx)
	if err != nil {
		return nil, err
	}
	p, err := freePorts(ctx)
	if err != nil {
		return nil, err
	}
	local := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	b := &Beside{Name: name, Address: local(p.webhook), Health: "http://" + local(p.health), Metrics: "http://" + local(p.metrics)}
	b.Process, err = s.group.Start(process.Spec{
		Name: name, Path: s.binary,
		Args: append([]string{
			"webhook", "--kubeconfig", kubeconfig, "--bind-address=127.0.0.1", "--port", strconv.Itoa(p.webhook),
			"--metrics-bind-address", local(p.metrics), "--health-probe-bind-address", local(p.health),
		}, args...),
		Env:   append(os.Environ(), "DOCKER_CONFIG="+filepath.Join(s.group.Dir, "docker")),
		Grace: grace,
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Ready is nil when /readyz says so.
func (b *Beside) Ready(ctx context.Context) error { return b.ask(ctx, "/readyz?verbose") }

// Alive is nil when /healthz says so.
func (b *Beside) Alive(ctx context.Context) error { return b.ask(ctx, "/healthz") }

func (b *Beside) ask(ctx context.Context, path string) error {
	body, code, err := get(ctx, b.Health+path)
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("%s: %d: %s", path, code, body)
	}
	return err
}

// awaitReady waits for a webhook to be ready, or to end.
func awaitReady(ctx context.Context, started *process.Process, ready func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	ctx, end := context.WithCancelCause(within)
	defer end(nil)
	err := poll.Wait(ctx, readyPoll, func() error {
		select {
		case <-started.Done():
			err := errors.Join(errors.New("the webhook ended"), started.Err())
			end(err)
			return err
		default:
			return ready(ctx)
		}
	})
	if err != nil {
		return fmt.Errorf("the webhook is not ready: %w\n%s", err, started.Logs(20))
	}
	return nil
}
