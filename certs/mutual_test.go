package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"
)

const day = 24 * time.Hour

// side is what one of the two has: its certificate, and whom it trusts.
type side struct {
	pair   Pair
	bundle []byte
}

// meet has a client and a server of certain moments shake hands.
func meet(t *testing.T, server, client side, now time.Time) error {
	t.Helper()
	config := func(s side) *tls.Config {
		pair, err := tls.X509KeyPair(s.pair.Cert, s.pair.Key)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(s.bundle) {
			t.Fatal("no CA")
		}
		return &tls.Config{
			MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool,
			ClientAuth: tls.RequireAndVerifyClientCert, ServerName: "server.example", Time: func() time.Time { return now },
		}
	}
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	ended := make(chan error, 1)
	go func() {
		s := tls.Server(a, config(server))
		err := s.HandshakeContext(t.Context())
		if err == nil {
			_, err = s.Write([]byte("x"))
		}
		ended <- err
		_ = a.Close()
	}()
	c := tls.Client(b, config(client))
	err := c.HandshakeContext(t.Context())
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	_ = b.Close()
	if serverErr := <-ended; err == nil {
		err = serverErr
	}
	return err
}

// TestMutualRotation goes through two years in steps of four days, and of almost
// one while the CA is replaced. The server
// learns of each step that late: at no time the two may
// not know one another.
func TestMutualRotation(t *testing.T) {
	now := time.Now()
	m, err := NewMutual("test", now)
	if err != nil {
		t.Fatal(err)
	}
	take := func(kind func(time.Time, ...string) (Pair, error), name string) side {
		pair, err := kind(now, name)
		if err != nil {
			t.Fatal(err)
		}
		return side{pair, m.Bundle()}
	}
	server, client := take(m.Server, "server.example"), take(m.Client, "client.example")
	late := server
	var rotations, renewals int
	for begin := now; now.Before(begin.Add(2 * 365 * day)); {
		before := m.current
		data, err := m.Data()
		if err != nil {
			t.Fatal(err)
		}
		if m, err = ParseMutual("test", data); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Rotate(now); err != nil {
			t.Fatal(err)
		}
		if string(before.pem) != string(m.current.pem) {
			rotations++
		}
		server.bundle, client.bundle = m.Bundle(), m.Bundle()
		if !m.Good(server.pair, x509.ExtKeyUsageServerAuth, now, "server.example") {
			server = take(m.Server, "server.example")
			renewals++
		}
		if !m.Good(client.pair, x509.ExtKeyUsageClientAuth, now, "client.example") {
			client = take(m.Client, "client.example")
		}
		for name, s := range map[string]side{"a server that knows": server, "a server that is late": late} {
			if err := meet(t, s, client, now); err != nil {
				t.Fatalf("day %d: %s: %v", int(now.Sub(begin)/day), name, err)
			}
		}
		late = server
		if m.next != nil || m.previous != nil {
			now = now.Add(23 * time.Hour)
		} else {
			now = now.Add(4 * day)
		}
	}
	if rotations < 2 || renewals < 30 {
		t.Errorf("%d rotations, %d renewals", rotations, renewals)
	}
	if m.previous != nil && m.next != nil {
		t.Error("former CAs are kept")
	}
}

func TestMutualGood(t *testing.T) {
	now := time.Now()
	m, err := NewMutual("test", now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewMutual("test", now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := m.Server(now, "a.example")
	if err != nil {
		t.Fatal(err)
	}
	const usage = x509.ExtKeyUsageServerAuth
	if !m.Good(pair, usage, now, "a.example") || !m.Good(pair, usage, now.Add(19*day), "a.example") {
		t.Error("a good one is not")
	}
	for name, good := range map[string]bool{
		"old":             m.Good(pair, usage, now.Add(21*day), "a.example"),
		"of another CA":   other.Good(pair, usage, now, "a.example"),
		"another name":    m.Good(pair, usage, now, "b.example"),
		"another use":     m.Good(pair, x509.ExtKeyUsageClientAuth, now, "a.example"),
		"from the future": m.Good(pair, usage, now.Add(-day), "a.example"),
		"none":            m.Good(Pair{}, usage, now, "a.example"),
	} {
		if good {
			t.Errorf("%s: good", name)
		}
	}
}

// TestMutualAfterYears: an authority that expired is made anew.
func TestMutualAfterYears(t *testing.T) {
	now := time.Now()
	m, err := NewMutual("test", now)
	if err != nil {
		t.Fatal(err)
	}
	later := now.Add(500 * day)
	if changed, err := m.Rotate(later); !changed || err != nil {
		t.Fatalf("%v, %v", changed, err)
	}
	pair, err := m.Server(later, "a.example")
	if err != nil || !m.Good(pair, x509.ExtKeyUsageServerAuth, later, "a.example") {
		t.Errorf("not good: %v", err)
	}
	if _, err := ParseMutual("test", map[string][]byte{"tls.crt": []byte("x")}); err == nil {
		t.Error("nonsense was read")
	}
}
