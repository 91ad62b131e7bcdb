package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// Files are where the certificates lie, in PEM.
type Files struct {
	// Cert and Key are this server's, ClientCA the authority of those who may ask.
	Cert, Key, ClientCA string
}

// TLS says who may ask: who has a certificate of the client CA for one of the
// names. It reads the files again when they change.
type TLS struct {
	files Files
	names []string
	log   *slog.Logger

	mu     sync.Mutex
	loaded *tls.Config
	stamps [3]stamp
}

// stamp tells whether a file changed.
type stamp struct {
	modified time.Time
	size     int64
}

// NewTLS reads the files; names are the DNS names of clients, at least one.
func NewTLS(files Files, names []string, log *slog.Logger) (*TLS, error) {
	if len(names) == 0 || slices.Contains(names, "") {
		return nil, errors.New("clients without a name would be let in")
	}
	t := &TLS{files: files, names: slices.Clone(names), log: log}
	stamps, err := t.stat()
	if err != nil {
		return nil, err
	}
	if t.loaded, err = t.load(); err != nil {
		return nil, err
	}
	t.stamps = stamps
	return t, nil
}

// Config is the configuration of a listener.
func (t *TLS) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return t.current(), nil },
	}
}

// current is the configuration of one connection. Files that changed and can't
// be used, such as a key whose certificate is not written yet, leave the former
// one in force.
func (t *TLS) current() *tls.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	stamps, err := t.stat()
	if err == nil && stamps == t.stamps {
		return t.loaded
	}
	var fresh *tls.Config
	if err == nil {
		fresh, err = t.load()
	}
	if err != nil {
		t.log.Error("certificates can't be used, the former ones stay in force", "error", err)
		return t.loaded
	}
	t.log.Info("certificates read again")
	t.loaded, t.stamps = fresh, stamps
	return t.loaded
}

func (t *TLS) stat() ([3]stamp, error) {
	var stamps [3]stamp
	for i, name := range []string{t.files.Cert, t.files.Key, t.files.ClientCA} {
		info, err := os.Stat(name)
		if err != nil {
			return stamps, fmt.Errorf("certificates: %w", err)
		}
		stamps[i] = stamp{info.ModTime(), info.Size()}
	}
	return stamps, nil
}

func (t *TLS) load() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(t.files.Cert, t.files.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate of this server: %w", err)
	}
	text, err := os.ReadFile(t.files.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("CA of clients: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("CA of clients: %s holds no certificate", t.files.ClientCA)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		SessionTicketsDisabled: true, // whoever comes again shows its certificate again
		VerifyConnection:       t.named,
	}, nil
}

// named lets in clients whose certificate has one of the names. Any other
// certificate of that CA, a serving one for instance, is not enough.
func (t *TLS) named(state tls.ConnectionState) error {
	for _, name := range t.names {
		if slices.Contains(state.PeerCertificates[0].DNSNames, name) {
			return nil
		}
	}
	return errors.New("the client's certificate is for another name")
}
