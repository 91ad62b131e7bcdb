package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

const (
	adminUser = "admin"
	// adminGroup is bound to the role cluster-admin by the API server itself.
	adminGroup = "system:masters"
)

// credentials let their holder into one cluster.
type credentials struct {
	ca    []byte
	admin keyPair
	// authority signs more.
	authority *authority
}

// writePKI makes what the components identify themselves with and writes it
// into a new folder. The API server's certificate is valid for the addresses,
// too.
func writePKI(folder string, addresses ...string) (credentials, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return credentials{}, fmt.Errorf("certificates: %w", err)
	}
	ca, err := newAuthority()
	if err != nil {
		return credentials{}, err
	}
	for _, name := range []string{etcdName, apiServerName} {
		pair, err := ca.server(name, addresses...)
		if err != nil {
			return credentials{}, err
		}
		if err := pair.write(folder, name); err != nil {
			return credentials{}, err
		}
	}
	etcdClient, err := ca.client(apiServerName)
	if err != nil {
		return credentials{}, err
	}
	kubeletCaller, err := ca.client(apiServerName, adminGroup)
	if err != nil {
		return credentials{}, err
	}
	admin, err := ca.client(adminUser, adminGroup)
	if err != nil {
		return credentials{}, err
	}
	err = errors.Join(
		etcdClient.write(folder, etcdClientName),
		kubeletCaller.write(folder, kubeletClient),
		os.WriteFile(filepath.Join(folder, caName+".crt"), ca.pem, 0o600),
		writeServiceAccountKey(folder))
	if err != nil {
		return credentials{}, fmt.Errorf("certificates: %w", err)
	}
	return credentials{ca: ca.pem, admin: admin, authority: ca}, nil
}

// writeServiceAccountKey writes the key that tokens are signed with, and its
// public half, which checks them.
func writeServiceAccountKey(folder string) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	private, err := encodeKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, serviceAccountName+".key"), private, 0o600),
		os.WriteFile(filepath.Join(folder, serviceAccountName+".pub"), encode("PUBLIC KEY", public), 0o600))
}

// httpClient returns a client that trusts nobody but the cluster.
func (c credentials) httpClient() (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.ca) {
		return nil, errors.New("certificate authority: no certificate in its PEM")
	}
	pair, err := tls.X509KeyPair(c.admin.certificate, c.admin.key)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", adminUser, err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: []tls.Certificate{pair}}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: checkTimeout}, nil
}
