package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/initguard/initguard/certs"
	"github.com/initguard/initguard/scanner/responder"
)

const (
	clientName = "initguard-responder"
	nodePrefix = "node-"
	// warmUp is how long the first requests and the first lists take.
	warmUp = 30 * time.Second
)

// options are the flags.
type options struct {
	nodes, bad int
	minutes    int
	serve      string // a folder with certificates: be the nodes
}

// podsOf is how many pods with zombies a node has: the first ones have one each,
// over and over.
func (o options) podsOf(node int) int {
	n := o.bad / o.nodes
	if node < o.bad%o.nodes {
		n++
	}
	return n
}

func main() {
	var o options
	flag.IntVar(&o.nodes, "nodes", 5000, "nodes")
	flag.IntVar(&o.bad, "bad", 2000, "pods with zombies on all nodes together")
	flag.IntVar(&o.minutes, "minutes", 3, "how long to measure")
	flag.StringVar(&o.serve, "serve", "", "serve the nodes with the certificates in this `folder`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.serve != "" {
		return serveNodes(ctx, o.serve, o, os.Stdout)
	}
	dir, err := os.MkdirTemp("", "collector-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	config, err := certificates(dir)
	if err != nil {
		return err
	}
	addresses, end, err := startNodes(ctx, dir, o)
	if err != nil {
		return err
	}
	defer end()
	return measure(ctx, o, addresses, config)
}

// certificates writes the scanners' files and returns the client's side.
func certificates(dir string) (*tls.Config, error) {
	now := time.Now()
	m, err := certs.NewMutual("bench", now)
	if err != nil {
		return nil, err
	}
	server, err := m.Server(now, responder.ServerName)
	if err != nil {
		return nil, err
	}
	if err := server.Write(dir); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, certs.BundleFile), m.Bundle(), 0o600); err != nil {
		return nil, err
	}
	client, err := m.Client(now, clientName)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(client.Cert, client.Key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(m.Bundle())
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, RootCAs: pool, ServerName: responder.ServerName}, nil
}

// startNodes starts this program again, as the nodes.
func startNodes(ctx context.Context, dir string, o options) (addresses []string, end func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-serve", dir, fmt.Sprintf("-nodes=%d", o.nodes), fmt.Sprintf("-bad=%d", o.bad))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	end = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	if err := json.NewDecoder(out).Decode(&addresses); err != nil {
		end()
		return nil, nil, fmt.Errorf("the nodes did not start: %w", err)
	}
	return addresses, end, nil
}

// measure runs the responder on one core and prints what it took.
func measure(ctx context.Context, o options, addresses []string, config *tls.Config) error {
	runtime.GOMAXPROCS(1)
	targets := make([]responder.Target, 0, len(addresses))
	for i, address := range addresses {
		targets = append(targets, responder.Target{Node: fmt.Sprint(nodePrefix, i), Address: address, Pod: fmt.Sprint(i)})
	}
	registry := prometheus.NewRegistry()
	metrics, err := responder.NewMetrics(registry)
	if err != nil {
		return err
	}
	reports := newStore()
	r := responder.New(responder.Options{
		Targets: func(context.Context) ([]responder.Target, error) { return targets, nil },
		Asker:   responder.NewClient(func() *tls.Config { return config }), Lister: pods{o}, Owners: responder.NewOwners(owners{}),
		Limits: responder.FixedLimit(4096), Match: responder.Starter, Store: reports, Interval: time.Minute, Refresh: 2 * time.Minute,
		Metrics: metrics, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err := registry.Register(r.Gauges()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	if err := wait(ctx, warmUp); err != nil {
		return err
	}
	fmt.Printf("%d nodes, %d pods with zombies, one core, an answer from each node once a minute\n", o.nodes, o.bad)
	fmt.Println("| minute | answers | failed | CPU | of a core | CPU per answer | writes | resident |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- |")
	before, err := take(registry, reports)
	if err != nil {
		return err
	}
	for minute := range o.minutes {
		if err := wait(ctx, time.Minute); err != nil {
			return err
		}
		after, err := take(registry, reports)
		if err != nil {
			return err
		}
		after.print(os.Stdout, minute+1, before)
		before = after
	}
	cancel()
	return <-ended
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return errors.New("interrupted")
	case <-timer.C:
		return nil
	}
}

func (s sample) print(out io.Writer, minute int, before sample) {
	answers, cpu := s.ok-before.ok, s.cpu-before.cpu
	took := s.at.Sub(before.at)
	fmt.Fprintf(out, "| %d | %.0f | %.0f | %.2f s | %.1f %% | %.2f ms | %d (%.1f/s) | %.0f MiB |\n", minute, answers, s.failed-before.failed,
		cpu.Seconds(), 100*cpu.Seconds()/took.Seconds(), 1000*cpu.Seconds()/answers, s.writes-before.writes, float64(s.writes-before.writes)/took.Seconds(), s.resident)
}
