package nodescan

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner/node"
	"github.com/initguard/initguard/test/selfsigned"
)

const name = "responder.example"

// TestRun runs the whole of it on this machine's /proc and asks for the report.
func TestRun(t *testing.T) {
	o := NewOptions()
	o.CertDir, o.ClientNames = t.TempDir(), []string{name}
	o.Listen, o.Health, o.Interval = "127.0.0.1:0", "127.0.0.1:0", 20*time.Millisecond
	pair, err := selfsigned.Write(o.CertDir, name)
	if err != nil {
		t.Fatal(err)
	}
	if errs := o.Validate(); errs != nil {
		t.Fatal(errs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, o, writer)
		_ = writer.Close()
	}()
	logs := bufio.NewReader(reader)
	line, err := logs.ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v", err, <-ended)
	}
	var serving struct{ Msg, Address string }
	if err := json.Unmarshal([]byte(line), &serving); err != nil || serving.Msg != "serving" {
		t.Fatalf("%v in %s", err, line)
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }()

	answer := get(t, "https://"+serving.Address+node.ReportPath, pair)
	if answer.Version != node.Version || answer.Processes < 2 || answer.IntervalSeconds != 0.02 {
		t.Errorf("answer %+v", answer)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it did not end well: %v", err)
	}
}

// get asks until there is a report.
func get(t *testing.T, url string, pair tls.Certificate) node.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	pool := x509.NewCertPool()
	pool.AddCert(pair.Leaf)
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: name, Certificates: []tls.Certificate{pair},
	}}
	defer transport.CloseIdleConnections()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		var answer node.Answer
		decoded := json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK && decoded == nil {
			return answer
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s, %v", response.Status, decoded)
		case <-ticker.C:
		}
	}
}

func TestRunRefuses(t *testing.T) {
	o := NewOptions()
	o.CertDir, o.ClientNames = t.TempDir(), []string{name}
	o.Listen, o.Health = "127.0.0.1:0", "127.0.0.1:0"
	if err := Run(t.Context(), o, io.Discard); err == nil || !strings.Contains(err.Error(), "tls.crt") {
		t.Errorf("no certificate: %v", err)
	}
	if _, err := selfsigned.Write(o.CertDir, name); err != nil {
		t.Fatal(err)
	}
	o.Health = "203.0.113.1:1" // no address of this machine
	if err := Run(t.Context(), o, io.Discard); err == nil || !strings.Contains(err.Error(), "--health-listen") {
		t.Errorf("no such address: %v", err)
	}
	o.Proc = t.TempDir()
	if err := Run(t.Context(), o, io.Discard); err == nil || !strings.Contains(err.Error(), "PID 1") {
		t.Errorf("no proc: %v", err)
	}
}
