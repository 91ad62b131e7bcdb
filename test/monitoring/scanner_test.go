package monitoring

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

const (
	scanAt    = 10 * time.Hour
	zombies   = 341
	processes = 700
)

// theContainer is the id of the container with zombies.
var theContainer = strings.Repeat("ab", 32)

// machine is a node of which a test makes up /proc: one pod's zombies, made one
// after the other in the last hour, until that is mended, and two of the host.
type machine struct {
	pod    string
	mended *atomic.Bool
}

// Scan makes the processes.
func (m machine) Scan(context.Context) (scanner.Scan, error) {
	home := scanner.Container{Pod: m.pod, ID: theContainer}
	s := scanner.Scan{At: scanAt, Processes: 1000, Living: map[int]scanner.Process{
		1000: {PID: 1000, Parent: 1, Session: 1000, Comm: "node", Inside: []int{1000, 1}, Container: home},
		5000: {PID: 5000, Parent: 1, Session: 5000, Comm: "cron", Inside: []int{5000}},
	}}
	for i := range zombies {
		if m.mended.Load() {
			break
		}
		s.Zombies = append(s.Zombies, scanner.Process{
			PID: 1010 + i, Parent: 1000, Session: 1001, Comm: "sh", State: 'Z', Inside: []int{1010 + i, 10 + i}, Container: home,
			Start: scanAt - time.Hour + time.Hour*time.Duration(i)/zombies,
		})
	}
	for i := range 2 {
		s.Zombies = append(s.Zombies, scanner.Process{PID: 5010 + i, Parent: 5000, Session: 5000, Comm: "sh", State: 'Z', Inside: []int{5010 + i}, Start: scanAt - time.Hour})
	}
	return s, nil
}

// Tasks counts the pod's processes.
func (m machine) Tasks(_ context.Context, pods []string) (map[string]int, error) {
	counts := make(map[string]int)
	for _, pod := range pods {
		counts[pod] = processes
	}
	return counts, nil
}

// serve serves as initguard-scanner does, with the certificate that the responder
// wrote, until the test ends. It gives the port.
func (m machine) serve(t *testing.T, certificate map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range certificate {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	config, err := node.NewTLS(node.Files{
		Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), ClientCA: filepath.Join(dir, "ca.crt"),
	}, []string{"initguard-responder"}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	loop := node.NewLoop(m, 50*time.Millisecond, quiet)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { loop.Run(ctx) })
	running.Go(func() {
		_ = node.Serve(ctx, tls.NewListener(node.Limit(listener), config.Config()), node.Handler(loop), quiet)
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// freeAddress is one that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal(l.Addr())
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port))
}

// scannerPod is the pod of the DaemonSet on node-1.
func scannerPod(port string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: initguard-scanner-a, namespace: initguard-node, labels: {app.kubernetes.io/name: initguard, app.kubernetes.io/component: scanner}}
spec: {nodeName: node-1, containers: [{name: scanner, image: initguard, ports: [{name: report, containerPort: %s}]}]}
`, port)
}
