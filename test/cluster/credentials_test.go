package cluster

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestWritePKI(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "pki")
	credentials, err := writePKI(folder, "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(credentials.ca) {
		t.Fatal("the authority holds no certificate")
	}
	tests := []struct {
		file string
		name string // The server's, empty for a client.
		use  x509.ExtKeyUsage
		ok   bool
	}{
		{file: "etcd", name: "127.0.0.1", use: x509.ExtKeyUsageServerAuth, ok: true},
		{file: "kube-apiserver", name: "127.0.0.1", use: x509.ExtKeyUsageServerAuth, ok: true},
		{file: "kube-apiserver", name: "kubernetes.default.svc", use: x509.ExtKeyUsageServerAuth, ok: true},
		{file: "kube-apiserver", name: "10.0.0.1", use: x509.ExtKeyUsageServerAuth, ok: true},
		{file: "kube-apiserver", name: "192.0.2.1", use: x509.ExtKeyUsageServerAuth},
		{file: "kube-apiserver", use: x509.ExtKeyUsageClientAuth},
		{file: "etcd-client", use: x509.ExtKeyUsageClientAuth, ok: true},
		{file: "etcd-client", name: "127.0.0.1", use: x509.ExtKeyUsageServerAuth},
	}
	for _, test := range tests {
		pair, err := tls.LoadX509KeyPair(filepath.Join(folder, test.file+".crt"), filepath.Join(folder, test.file+".key"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: test.name, KeyUsages: []x509.ExtKeyUsage{test.use}})
		if (err == nil) != test.ok {
			t.Errorf("%s as %q: %v, want valid: %v", test.file, test.name, err, test.ok)
		}
		if left := time.Until(pair.Leaf.NotAfter); left < 300*24*time.Hour {
			t.Errorf("%s ends in %v", test.file, left)
		}
	}
	admin, err := tls.X509KeyPair(credentials.admin.certificate, credentials.admin.key)
	if err != nil {
		t.Fatal(err)
	}
	if got := admin.Leaf.Subject.Organization; !slices.Equal(got, []string{"system:masters"}) {
		t.Errorf("the admin is in groups %q", got)
	}
}

func TestWritePKIPrivate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "pki")
	if _, err := writePKI(folder); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, want it closed to others", entry.Name(), info.Mode())
		}
		data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if entry.Name() == "ca.key" || entry.Name() == "service-account.pub" && bytes.Contains(data, []byte("PRIVATE")) {
			t.Errorf("%s holds a key that belongs nowhere", entry.Name())
		}
	}
}

func TestKubeconfig(t *testing.T) {
	data, err := kubeconfig("https://127.0.0.1:1", []byte("ca"), "admin", keyPair{certificate: []byte("crt"), key: []byte("key")})
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	compact, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"v1",` +
		`"clusters":[{"cluster":{"certificate-authority-data":"Y2E=","server":"https://127.0.0.1:1"},"name":"initguard-test"}],` +
		`"contexts":[{"context":{"cluster":"initguard-test","user":"admin"},"name":"initguard-test"}],` +
		`"current-context":"initguard-test","kind":"Config",` +
		`"users":[{"name":"admin","user":{"client-certificate-data":"Y3J0","client-key-data":"a2V5"}}]}`
	if string(compact) != want {
		t.Errorf("got\n%s\nwant\n%s", compact, want)
	}
}
