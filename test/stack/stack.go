// Package stack runs initguard as a cluster would: the real binary as a process
// of its own, under its own ServiceAccount, registered by the manifests, before
// a real API server and a registry that asks for a login. The demo and the
// integration tests share it.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/cluster/process"
)

// Options say what to start.
type Options struct {
	// Repo is the root of the repository.
	Repo string
	// Progress is told what takes long.
	Progress io.Writer
	// Config makes the configuration file out of the registry's host; nil
	// means Config.
	Config func(host string) string
	// APIServerArgs are more flags for kube-apiserver.
	APIServerArgs []string
	// Node adds a node, on which pods run.
	Node *cluster.NodeOptions
	// WebhookArgs are more flags for the webhook. They come last, so they win.
	WebhookArgs []string
	// Race builds the webhook with the race detector.
	Race bool
	// Cluster and Registry are ones that run already and stay their owner's;
	// nil means new ones. With a cluster, APIServerArgs and Node mean nothing.
	Cluster  *cluster.Cluster
	Registry *imagetest.Registry
}

// Stack is a running cluster, registry and webhook.
type Stack struct {
	Cluster  *cluster.Cluster
	Registry *imagetest.Registry
	// ConfigFile is the webhook's configuration; it reloads within seconds of
	// a change.
	ConfigFile string

	group   *process.Group
	args    []string // more flags for the webhook
	binary  string
	ca      *certs.CA
	webhook *process.Process
	ports   ports
	address string // the webhook's, as registered
	stops   []func() error
}

// validity is that of the webhook's certificate: a short one would be told.
const validity = 90 * 24 * time.Hour

// The registry's login, which only initguard and the pushing side have.
const (
	username = "initguard"
	password = "correct-horse-battery"
)

// Config is a configuration file that lets the webhook ask the registry.
func Config(host string) string {
	return fmt.Sprintf(`apiVersion: config.initguard.dev/v1alpha1
kind: InitguardConfig
registries:
  - host: %s
    shared: true       # ask with initguard's own credentials
    plainHTTP: true    # a registry in memory, without TLS
    allowAddresses: [127.0.0.0/8]
`, host)
}

// Start starts everything and returns when the webhook is ready and registered.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s, err := Prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	err = s.register(ctx, o.Repo)
	if err == nil {
		err = s.StartWebhook(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Prepare starts what the webhook stands between and builds the webhook, but
// neither registers nor starts it.
func Prepare(ctx context.Context, o Options) (stack *Stack, err error) {
	s := &Stack{args: o.WebhookArgs}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if err := s.begin(ctx, o); err != nil {
		return nil, err
	}
	if s.group, err = process.New(ctx, filepath.Dir(s.Cluster.Dir), "webhook"); err != nil {
		return nil, err
	}
	if s.ca, err = certs.NewCA("initguard demo", validity); err != nil {
		return nil, err
	}
	config := Config
	if o.Config != nil {
		config = o.Config
	}
	if err := s.writeFiles(config(s.Registry.Host())); err != nil {
		return nil, err
	}
	if err := s.build(ctx, o); err != nil {
		return nil, err
	}
	return s, nil
}

// begin starts what the webhook stands between, where it doesn't run yet.
func (s *Stack) begin(ctx context.Context, o Options) (err error) {
	if s.Cluster = o.Cluster; s.Cluster == nil {
		if s.Cluster, err = cluster.Start(ctx, cluster.Options{Progress: o.Progress, APIServerArgs: o.APIServerArgs, Node: o.Node}); err != nil {
			return err
		}
		s.stops = append(s.stops, s.Cluster.Stop)
	}
	if s.Registry = o.Registry; s.Registry == nil {
		s.Registry, err = imagetest.Start(imagetest.Options{Username: username, Password: password}) //nolint:contextcheck // It serves until Stop.
		if err != nil {
			return err
		}
		s.stops = append(s.stops, s.Registry.Close)
	}
	return nil
}

// writeFiles writes what the webhook reads: its configuration, docker's login
// and the serving certificate.
func (s *Stack) writeFiles(config string) error {
	s.ConfigFile = filepath.Join(s.group.Dir, "config.yaml")
	if err := os.WriteFile(s.ConfigFile, []byte(config), 0o600); err != nil {
		return err
	}
	docker := filepath.Join(s.group.Dir, "docker")
	if err := os.Mkdir(docker, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docker, "config.json"), s.Registry.DockerConfig(), 0o600); err != nil {
		return err
	}
	pair, err := s.ca.Serving(validity, "127.0.0.1")
	if err != nil {
		return err
	}
	return pair.Write(filepath.Join(s.group.Dir, "certs"))
}

// Binary is the path of the built initguard.
func (s *Stack) Binary() string { return s.binary }

// WebhookLog gives the last lines that the webhook logged.
func (s *Stack) WebhookLog(lines int) string { return s.group.Logs(lines) }

// MetricsAddress is where the webhook's metrics are served, as host:port.
func (s *Stack) MetricsAddress() string { return fmt.Sprintf("127.0.0.1:%d", s.ports.metrics) }

// Metrics gives the webhook's metrics as Prometheus reads them.
func (s *Stack) Metrics(ctx context.Context) (string, error) {
	body, _, err := get(ctx, "http://"+s.MetricsAddress()+"/metrics")
	return body, err
}

// Ready is nil when the webhook's /readyz says so.
func (s *Stack) Ready(ctx context.Context) error {
	body, code, err := get(ctx, fmt.Sprintf("http://127.0.0.1:%d/readyz?verbose", s.ports.health))
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("readyz: %d: %s", code, body)
	}
	return err
}

// Stop ends everything that Start started, last first.
func (s *Stack) Stop() error {
	var errs []error
	if s.group != nil {
		errs = append(errs, s.group.Stop())
	}
	for _, stop := range slices.Backward(s.stops) {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

func get(ctx context.Context, url string) (string, int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", 0, err
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	return string(body), response.StatusCode, err
}
