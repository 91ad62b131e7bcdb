package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// balancer stands for a Service: a new connection goes to one of the replicas
// that are ready, by chance; a connection that is there stays where it is,
// whatever becomes of readiness. A replica that is gone but still counts as ready
// refuses connections, and nobody tries another one instead: the same as with
// kube-proxy. Replicas are ready as their probes say, and by nothing else.
type balancer struct {
	listener net.Listener
	probe    probe
	client   *http.Client
	cancel   context.CancelFunc
	work     sync.WaitGroup

	mu       sync.Mutex
	backends map[string]*backend
	open     map[net.Conn]bool
	closed   bool
}

// backend is a replica that is probed.
type backend struct {
	address string
	ready   bool
	stop    context.CancelFunc
}

const (
	// probeTimeout is a probe's default.
	probeTimeout = time.Second
	dialTimeout  = 2 * time.Second
)

// newBalancer listens on a free port of this machine until close.
func newBalancer(ctx context.Context, p probe) (*balancer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b := &balancer{
		listener: listener, probe: p, cancel: cancel,
		client:   &http.Client{Timeout: probeTimeout, Transport: &http.Transport{DisableKeepAlives: true}},
		backends: map[string]*backend{}, open: map[net.Conn]bool{},
	}
	b.work.Go(func() { b.accept(ctx) })
	return b, nil
}

// port is where it listens.
func (b *balancer) port() int {
	address, _ := b.listener.Addr().(*net.TCPAddr)
	return address.Port
}

// add probes a replica from now on; it is not ready before the first success.
func (b *balancer) add(ctx context.Context, name, address, readyz string) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	one := &backend{address: address, stop: stop}
	b.mu.Lock()
	b.backends[name] = one
	b.mu.Unlock()
	b.work.Go(func() { b.follow(ctx, one, readyz) })
}

// remove forgets a replica; its connections stay.
func (b *balancer) remove(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one := b.backends[name]; one != nil {
		one.stop()
		delete(b.backends, name)
	}
}

// ready says whether new connections may go to a replica.
func (b *balancer) ready(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.backends[name]
	return one != nil && one.ready
}

// close ends all connections and waits for what runs here.
func (b *balancer) close() error {
	err := b.listener.Close()
	b.cancel()
	b.mu.Lock()
	b.closed = true
	for _, one := range b.backends {
		one.stop()
	}
	for conn := range b.open {
		_ = conn.Close() // it ends, whatever Close says
	}
	b.mu.Unlock()
	b.work.Wait()
	return err
}

func (b *balancer) follow(ctx context.Context, one *backend, readyz string) {
	ticks := time.NewTicker(b.probe.every)
	defer ticks.Stop()
	failures := 0
	for {
		if b.ask(ctx, readyz) {
			failures = 0
		} else {
			failures++
		}
		b.mu.Lock()
		switch {
		case failures == 0:
			one.ready = true
		case failures >= b.probe.failures:
			one.ready = false
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (b *balancer) ask(ctx context.Context, readyz string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, readyz, nil)
	if err != nil {
		return false
	}
	response, err := b.client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close() // what it says is not read
	return response.StatusCode == http.StatusOK
}

func (b *balancer) accept(ctx context.Context) {
	for {
		conn, err := b.listener.Accept()
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return
		}
		if err == nil {
			b.work.Go(func() { b.serve(ctx, conn) })
		}
	}
}

// pick gives the address of a replica that is ready.
func (b *balancer) pick() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ready []string
	for _, one := range b.backends {
		if one.ready {
			ready = append(ready, one.address)
		}
	}
	if len(ready) == 0 {
		return "", false
	}
	return ready[rand.IntN(len(ready))], true
}

// keep has close end a connection; it is false after close.
func (b *balancer) keep(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.open[conn] = true
	}
	return !b.closed
}

func (b *balancer) drop(conn net.Conn) {
	b.mu.Lock()
	delete(b.open, conn)
	b.mu.Unlock()
	_ = conn.Close() // it ends, whatever Close says
}

func (b *balancer) serve(ctx context.Context, from net.Conn) {
	defer b.drop(from)
	address, ok := b.pick()
	if !ok || !b.keep(from) {
		reset(from)
		return
	}
	to, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", address)
	if err != nil {
		reset(from)
		return
	}
	defer b.drop(to)
	if !b.keep(to) {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { pass(to, from) })
	pass(from, to)
	back.Wait()
}

// pass hands on what one side sends, and how it ends: in order, or broken.
func pass(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		reset(from)
		reset(to)
		return
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite() // a side that is gone needs no end
	}
}

// reset ends a connection as a refusal does, without an orderly end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it only makes the end sharper
	}
	_ = conn.Close() // it ends, whatever Close says
}
