package main

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

	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/poll"
	"github.com/initguard/initguard/test/stack"
)

// podSecurityConfig lets the labels of namespaces decide.
const podSecurityConfig = `apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: privileged, audit: privileged, warn: privileged}
`

// peer is the webhook that initguard's is measured beside.
type peer struct {
	*server
	group *process.Group
}

func (p *peer) stop() error { return p.group.Stop() }

// startPodSecurity starts the Pod Security admission webhook before the stack's
// API server, with a certificate of the same kind and CA.
func startPodSecurity(ctx context.Context, s *stack.Stack) (_ *peer, err error) {
	program, err := binaries.FindProgram(ctx, binaries.PodSecurityWebhook, binaries.Options{Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	group, err := process.New(ctx, filepath.Dir(s.Cluster.Dir), "podsecurity")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, group.Stop())
		}
	}()
	pair, err := s.Serving()
	if err != nil {
		return nil, err
	}
	if err := pair.Write(group.Dir); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(group.Dir, "config.yaml"), []byte(podSecurityConfig), 0o600); err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	started, err := group.Start(process.Spec{
		Name: "podsecurity", Path: program,
		Args: []string{
			"--config=config.yaml", "--kubeconfig=" + s.Cluster.Kubeconfig(), "--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(port),
			"--tls-cert-file=tls.crt", "--tls-private-key-file=tls.key",
		},
		Env: os.Environ(), Grace: 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	url := fmt.Sprintf("https://127.0.0.1:%d", port)
	own, err := newServer("podsecurity", url+"/", started.PID(), s.CA())
	if err != nil {
		return nil, err
	}
	p := &peer{server: own, group: group}
	if err := p.await(ctx, started, url+"/readyz"); err != nil {
		return nil, err
	}
	return p, nil
}

// readyMost bounds the wait for a program to be ready.
const readyMost = time.Minute

func (p *peer) await(ctx context.Context, started *process.Process, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyMost)
	defer cancel()
	within, end := context.WithCancelCause(ctx)
	defer end(nil)
	err := poll.Wait(within, 100*time.Millisecond, func() error {
		select {
		case <-started.Done():
			end(started.Err())
		default:
		}
		return ready(within, p.client, url)
	})
	if err != nil {
		return fmt.Errorf("not ready: %w\n%s", err, started.Logs(20))
	}
	return nil
}

func ready(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return errors.Join(err, response.Body.Close())
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}
