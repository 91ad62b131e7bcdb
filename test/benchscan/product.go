//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/initguard/initguard/scanner/node"
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
	pair, err := selfSigned(dir)
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

// selfSigned writes a certificate that is its own CA, for both sides.
func selfSigned(dir string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	for file, text := range map[string][]byte{"tls.crt": cert, "ca.crt": cert, "tls.key": secret} {
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			return tls.Certificate{}, err
		}
	}
	return tls.X509KeyPair(cert, secret)
}
