package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

// serveNodes serves so many scanners until standard input ends, and prints their
// addresses as a JSON list. Certificates lie in dir.
func serveNodes(ctx context.Context, dir string, o options, out io.Writer) error {
	log := slog.New(slog.DiscardHandler)
	files := node.Files{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), ClientCA: filepath.Join(dir, "ca.crt")}
	config, err := node.NewTLS(files, []string{clientName}, log)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	begin := time.Now()
	addresses := make([]string, 0, o.nodes)
	for i := range o.nodes {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
		addresses = append(addresses, listener.Addr().String())
		loop := node.NewLoop(&machine{index: i, pods: o.podsOf(i), begin: begin}, scanInterval, log)
		group.Go(func() error {
			loop.Run(ctx)
			return nil
		})
		group.Go(func() error {
			return node.Serve(ctx, tls.NewListener(node.Limit(listener), config.Config()), node.Handler(loop), log)
		})
	}
	if err := json.NewEncoder(out).Encode(addresses); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// scanInterval is a scanner's here: two scans have to be made before there is an
// answer.
const scanInterval = 5 * time.Second

// machine has in place of /proc pods whose PID 1 does not reap, with one zombie
// more every 30 seconds.
type machine struct {
	index, pods int
	begin       time.Time
}

func podUID(node, pod int) string { return fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", node, pod) }

func containerID(node, pod int) string { return fmt.Sprintf("%032d%032d", node, pod) }

// Scan makes the processes.
func (m *machine) Scan(context.Context) (scanner.Scan, error) {
	age := time.Since(m.begin)
	s := scanner.Scan{At: 10*time.Hour + age, Processes: 1000, Living: make(map[int]scanner.Process)}
	for p := range m.pods {
		first := 1000 + 10000*p
		home := scanner.Container{Pod: podUID(m.index, p), ID: containerID(m.index, p)}
		s.Living[first] = scanner.Process{PID: first, Parent: 1, Session: first, Comm: "sleep", Inside: []int{first, 1}, Container: home}
		zombies := 20 + p + int(age/(30*time.Second))
		for i := range zombies {
			pid := first + 1 + i
			s.Zombies = append(s.Zombies, scanner.Process{
				PID: pid, Parent: first, Session: 1, Comm: "sh", State: 'Z', Inside: []int{pid, 10 + i}, Container: home,
				Start: 10*time.Hour + time.Duration(i-20-p)*30*time.Second,
			})
		}
	}
	return s, nil
}

// Tasks counts ten threads a pod.
func (m *machine) Tasks(_ context.Context, pods []string) (map[string]int, error) {
	counts := make(map[string]int, len(pods))
	for _, p := range pods {
		counts[p] = 10
	}
	return counts, nil
}
