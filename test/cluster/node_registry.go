package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"
)

// registriesFolder holds containerd's hosts.toml files.
const registriesFolder = "certs.d"

// dialMost bounds how long a forwarded connection may take to be made.
const dialMost = 10 * time.Second

// AddRegistry lets containerd pull from a registry on this machine's loopback,
// host:port, over plain http: an image has the same name on both sides. It may
// be called at any time; it ends with the cluster.
func (n *Node) AddRegistry(host string) error {
	hosts := fmt.Sprintf("server = \"http://%[1]s\"\n\n[host.\"http://%[1]s\"]\n  capabilities = [\"pull\", \"resolve\"]\n", host)
	if err := write(filepath.Join(n.dir, registriesFolder, host, "hosts.toml"), []byte(hosts)); err != nil {
		return fmt.Errorf("registry %s: %w", host, err)
	}
	listener, err := n.listenIn(host)
	if err != nil {
		return fmt.Errorf("registry %s: %w", host, err)
	}
	n.forward.serve(listener, host)
	return nil
}

// A forwarder hands connections to listeners of the node on to this machine.
type forwarder struct {
	mu        sync.Mutex
	listeners []net.Listener
	open      map[net.Conn]bool
}

func (f *forwarder) serve(listener net.Listener, to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listeners = append(f.listeners, listener)
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go f.forward(from, to)
		}
	}()
}

// forward copies both ways until both sides have said all.
func (f *forwarder) forward(from net.Conn, address string) {
	f.keep(from, true)
	defer f.keep(from, false)
	defer from.Close()                                   //nolint:errcheck // nobody is left to tell
	to, err := net.DialTimeout("tcp", address, dialMost) //nolint:noctx // bounded
	if err != nil {
		return
	}
	defer to.Close() //nolint:errcheck // nobody is left to tell
	done := make(chan struct{})
	go func() {
		defer close(done)
		pipe(to, from)
	}()
	pipe(from, to)
	<-done
}

func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}

// keep notes which connections are open.
func (f *forwarder) keep(c net.Conn, open bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil {
		f.open = make(map[net.Conn]bool)
	}
	if open {
		f.open[c] = true
	} else {
		delete(f.open, c)
	}
}

// close ends listeners and connections: a socket holds the node's network.
func (f *forwarder) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for c := range f.open {
		_ = c.Close() // Its own end may come first.
	}
	for _, l := range f.listeners {
		errs = append(errs, l.Close())
	}
	f.listeners = nil
	return errors.Join(errs...)
}
