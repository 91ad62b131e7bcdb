package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner"
)

const responder = "responder.example"

// reporting is a loop that has a report.
func reporting(t *testing.T) *Loop {
	t.Helper()
	l := NewLoop(nil, time.Minute, slog.New(slog.DiscardHandler))
	l.keep(scanner.Report{Processes: 42, Containers: []scanner.Findings{{
		Container: scanner.Container{Pod: "pod", ID: "id"}, Zombies: 3,
		Groups: []scanner.Group{{Cause: scanner.PID1NotReaping, Zombies: 3, Parent: scanner.Parent{Comm: "sleep", PID: 7, Inside: 1}}},
	}}})
	return l
}

// start serves on loopback and returns the URL of the report.
func start(t *testing.T, f folder) string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	config, err := NewTLS(f.Files, []string{responder}, log)
	if err != nil {
		t.Fatal(err)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Serve(ctx, tls.NewListener(Limit(listener), config.Config()), Handler(reporting(t)), log)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "https://" + listener.Addr().String() + ReportPath
}

// ask asks for the report, with a connection of its own.
func ask(t *testing.T, url string, server authority, certs []tls.Certificate, most uint16) (status int, text []byte, err error) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(server.cert)
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		RootCAs: pool, ServerName: "scanner.example", Certificates: certs, MaxVersion: most, MinVersion: tls.VersionTLS12,
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err = io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

// TestWhoMayAsk lets in the responder, and nobody else who comes near.
func TestWhoMayAsk(t *testing.T) {
	server, clients, stranger := newAuthority(t), newAuthority(t), newAuthority(t)
	f := newFolder(t)
	f.serving(t, server)
	put(t, f.ClientCA, clients.pem)
	url := start(t, f)
	const auth = x509.ExtKeyUsageClientAuth
	tests := []struct {
		name  string
		certs []tls.Certificate
		most  uint16
		in    bool
	}{
		{"the responder", clients.client(t, responder, auth), tls.VersionTLS13, true},
		{"nobody", nil, tls.VersionTLS13, false},
		{"another name of the same CA", clients.client(t, "webhook.example", auth), tls.VersionTLS13, false},
		{"a name below the responder's", clients.client(t, "x."+responder, auth), tls.VersionTLS13, false},
		{"the name, of another CA", stranger.client(t, responder, auth), tls.VersionTLS13, false},
		{"the name, of the server's CA", server.client(t, responder, auth), tls.VersionTLS13, false},
		{"a serving certificate of the name", clients.client(t, responder, x509.ExtKeyUsageServerAuth), tls.VersionTLS13, false},
		{"the responder, with TLS 1.2", clients.client(t, responder, auth), tls.VersionTLS12, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, text, err := ask(t, url, server, test.certs, test.most)
			if !test.in {
				if err == nil {
					t.Fatalf("let in: %s", text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got Answer
			if err := json.Unmarshal(text, &got); err != nil || status != http.StatusOK {
				t.Fatalf("%d, %v: %s", status, err, text)
			}
			if got.Version != Version || got.Processes != 42 || len(got.Containers) != 1 || got.Containers[0].Groups[0].Parent != "sleep" {
				t.Errorf("answer %s", text)
			}
		})
	}
}

// TestCertificatesChange rotates the server's certificate and the clients' CA
// without a restart, and shows that a half-written change changes nothing.
func TestCertificatesChange(t *testing.T) {
	server, clients := newAuthority(t), newAuthority(t)
	f := newFolder(t)
	f.serving(t, server)
	put(t, f.ClientCA, clients.pem)
	url := start(t, f)
	old := clients.client(t, responder, x509.ExtKeyUsageClientAuth)
	allowed := func(server authority, certs []tls.Certificate, want bool, when string) {
		t.Helper()
		if _, _, err := ask(t, url, server, certs, tls.VersionTLS13); (err == nil) != want {
			t.Errorf("%s: %v, want let in: %v", when, err, want)
		}
	}
	allowed(server, old, true, "before")

	other := newAuthority(t)
	cert, key := other.issue(t, "scanner.example", x509.ExtKeyUsageServerAuth)
	put(t, f.Cert, cert)
	allowed(server, old, true, "certificate without its key")
	put(t, f.Key, key)
	allowed(other, old, true, "the new certificate")
	allowed(server, old, false, "the old certificate")

	put(t, f.ClientCA, []byte("no certificate"))
	allowed(other, old, true, "a CA that is none")
	next := newAuthority(t)
	put(t, f.ClientCA, next.pem)
	allowed(other, old, false, "a client of the old CA")
	allowed(other, next.client(t, responder, x509.ExtKeyUsageClientAuth), true, "a client of the new CA")
	if err := os.Remove(f.Key); err != nil {
		t.Fatal(err)
	}
	allowed(other, next.client(t, responder, x509.ExtKeyUsageClientAuth), true, "a file that is gone")
}

func TestNewTLSRefuses(t *testing.T) {
	ca := newAuthority(t)
	good := newFolder(t)
	good.serving(t, ca)
	put(t, good.ClientCA, ca.pem)
	noCA := newFolder(t)
	noCA.serving(t, ca)
	put(t, noCA.ClientCA, []byte("nothing"))
	tests := []struct {
		name  string
		files Files
		names []string
		want  string
	}{
		{"no names", good.Files, nil, "without a name"},
		{"an empty name", good.Files, []string{"a", ""}, "without a name"},
		{"no files", newFolder(t).Files, []string{responder}, "no such file"},
		{"no CA", noCA.Files, []string{responder}, "holds no certificate"},
		{"no key", Files{Cert: good.Cert, Key: good.Cert, ClientCA: good.ClientCA}, []string{responder}, "certificate of this server"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewTLS(test.files, test.names, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestLimit has more connections come than are served at a time.
func TestLimit(t *testing.T) {
	var listen net.ListenConfig
	inner, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Limit(inner)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	var dialer net.Dialer
	var held []net.Conn
	for range maxConnections + 1 {
		c, err := dialer.DialContext(t.Context(), "tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	for range maxConnections {
		held = append(held, <-accepted)
	}
	if free := len(l.(*limited).slots); free != maxConnections {
		t.Errorf("%d places are taken, want %d", free, maxConnections)
	}
	_ = held[0].Close()
	_ = held[0].Close() // frees one place only
	held[0] = <-accepted
	for _, c := range held {
		_ = c.Close()
	}
	_ = l.Close()
	_ = l.Close()
	if _, open := <-accepted; open {
		t.Error("accepted after it was closed")
	}
}
