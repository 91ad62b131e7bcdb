//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/initguard/initguard/scanner/node"
	"github.com/initguard/initguard/test/selfsigned"
)

const (
	// name is in the certificate of both sides.
	name = "bench.example"
	// asks is how often the report is asked for before memory is read.
	asks = 20
	// readyMost bounds the wait for the first report.
	readyMost = time.Minute
)

// residentScanner runs the program of the nodes as it runs there, asks for its
// report, and says how much memory it had at most, in KiB.
func residentScanner(ctx context.Context, program string) (int, error) {
	dir, err := os.MkdirTemp("", "benchscan-tls-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pair, err := selfsigned.Write(dir, name)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--cert-dir", dir, "--client-name", name, "--interval", "200ms",
		"--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0")
	out, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		cancel()
		_ = cmd.Wait()
	}()
	var line struct{ Msg, Address string }
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&line); err != nil || line.Msg != "serving" {
		return 0, fmt.Errorf("initguard-scanner says %+v, %w", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if err := askScanner(ctx, "https://"+line.Address+node.ReportPath, pair); err != nil {
		return 0, err
	}
	return (&server{pid: cmd.Process.Pid}).resident()
}

// askScanner asks until it was answered often enough.
func askScanner(ctx context.Context, url string, pair tls.Certificate) error {
	ctx, cancel := context.WithTimeout(ctx, readyMost)
	defer cancel()
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: name, Certificates: []tls.Certificate{pair},
	}}}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for answers := 0; answers < asks; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
		if response.StatusCode == http.StatusOK {
			answers++
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d answers, the last one %s: %w", answers, response.Status, ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}
