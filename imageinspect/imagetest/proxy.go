package imagetest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Proxy is a real CONNECT proxy with a name service of its own.
type Proxy struct {
	url   *url.URL
	hosts map[string]string

	mu    sync.Mutex
	asked []string
}

// NewProxy starts a proxy that ends with the test. hosts maps host:port as it
// is asked for to where it really is; nothing else can be reached.
func NewProxy(t TB, hosts map[string]string) *Proxy {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{url: &url.URL{Scheme: "http", Host: listener.Addr().String()}, hosts: hosts}
	ctx, stop := context.WithCancel(context.Background())
	server := &http.Server{
		Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		stop()
		_ = server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Fatal(err)
		}
	})
	return p
}

// URL is what HTTPS_PROXY would hold.
func (p *Proxy) URL() *url.URL { return p.url }

// Asked is "METHOD HOST:PORT" of each request so far.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

func (p *Proxy) serve(w http.ResponseWriter, req *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.Host)
	p.mu.Unlock()
	target, ok := p.hosts[req.Host]
	if !ok || req.Method != http.MethodConnect {
		http.Error(w, "no such host", http.StatusBadGateway)
		return
	}
	out, err := (&net.Dialer{}).DialContext(req.Context(), "tcp", target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	in, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = out.Close()
		return
	}
	_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
	stopped := context.AfterFunc(req.Context(), func() { _ = in.Close() })
	defer stopped()
	go pipe(in, out)
	pipe(out, in)
}

// pipe copies until one side ends, and ends both.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = from.Close()
}
