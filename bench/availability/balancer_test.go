package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// echo is a replica that says its name on every connection and then repeats
// what it is told.
type echo struct {
	listener net.Listener
	health   *httptest.Server
	ready    atomic.Bool
}

func startEcho(t *testing.T, name string) *echo {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{listener: listener}
	e.ready.Store(true)
	e.health = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !e.ready.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(func() {
		e.health.Close()
		_ = listener.Close() // some tests have closed it
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(conn, name)
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	return e
}

func startBalancer(t *testing.T, replicas map[string]*echo) *balancer {
	t.Helper()
	b, err := newBalancer(t.Context(), probe{every: 10 * time.Millisecond, failures: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	for name, e := range replicas {
		b.add(t.Context(), name, e.listener.Addr().String(), e.health.URL)
	}
	for name := range replicas {
		until(t, name+" is ready", func() bool { return b.ready(name) })
	}
	return b
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	f := &fleet{}
	if err := f.poll(t.Context(), func() error {
		if done() {
			return nil
		}
		return errors.New("not yet: " + what)
	}); err != nil {
		t.Fatal(err)
	}
}

// call opens a connection through the balancer and reads who answers.
func call(ctx context.Context, b *balancer) (net.Conn, string, error) {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", b.listener.Addr().String())
	if err != nil {
		return nil, "", err
	}
	name := make([]byte, 1)
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return conn, "", err
	}
	_, err = io.ReadFull(conn, name)
	return conn, string(name), err
}

func mustCall(t *testing.T, b *balancer) (net.Conn, string) {
	t.Helper()
	conn, name, err := call(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, name
}

// TestBalancerLeavesConnections: a replica that is not ready any more gets no
// new connection and keeps those that it has, to their orderly end.
func TestBalancerLeavesConnections(t *testing.T) {
	replicas := map[string]*echo{"a": startEcho(t, "a"), "b": startEcho(t, "b")}
	b := startBalancer(t, replicas)
	conn, name := mustCall(t, b)
	replicas[name].ready.Store(false)
	until(t, name+" is not ready", func() bool { return !b.ready(name) })
	for range 20 {
		if _, other := mustCall(t, b); other == name {
			t.Fatalf("a new connection went to %s, which is not ready", name)
		}
	}
	if _, err := io.WriteString(conn, "still here"); err != nil {
		t.Fatal(err)
	}
	half, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("a connection of type %T", conn)
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(conn); err != nil || string(said) != "still here" {
		t.Errorf("the connection said %q, %v", said, err)
	}
}

// TestBalancerSpreads: both replicas that are ready are used.
func TestBalancerSpreads(t *testing.T) {
	b := startBalancer(t, map[string]*echo{"a": startEcho(t, "a"), "b": startEcho(t, "b")})
	seen := map[string]bool{}
	for range 64 {
		_, name := mustCall(t, b)
		seen[name] = true
	}
	if len(seen) != 2 {
		t.Errorf("64 connections went to %v alone", seen)
	}
}

// TestBalancerRefuses: neither a dead replica that still counts as ready, nor
// none at all, is made up for by another one.
func TestBalancerRefuses(t *testing.T) {
	dead := startEcho(t, "a")
	b := startBalancer(t, map[string]*echo{"a": dead})
	if err := dead.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if conn, name, err := call(t.Context(), b); err == nil {
		_ = conn.Close()
		t.Errorf("%q answered, which is dead", name)
	}
	b.remove("a")
	if conn, name, err := call(t.Context(), b); err == nil {
		_ = conn.Close()
		t.Errorf("%q answered, where there is nobody", name)
	}
}
