package registry

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxLines bounds the transports that are kept.
const maxLines = 64

// lineKey is what a connection depends on beside its host. Hosts that differ in
// it share no transport, so that no CA is trusted for a host it isn't named
// for, and no connection made without a certificate is used by others.
type lineKey struct {
	cas      [sha256.Size]byte
	insecure bool
	proxy    string
}

// lines send each request by the transport that its host is to be reached by.
type lines struct {
	rules rules
	proxy func(*http.Request) (*url.URL, error)

	mu   sync.Mutex
	made *simplelru.LRU[lineKey, *http.Transport]
}

func newLines(r rules, proxy func(*http.Request) (*url.URL, error)) *lines {
	l := &lines{rules: r, proxy: proxy}
	// The size is right, so there is no error.
	l.made, _ = simplelru.NewLRU(maxLines, func(_ lineKey, t *http.Transport) { t.CloseIdleConnections() })
	return l
}

// RoundTrip sends a request directly or through the proxy.
func (l *lines) RoundTrip(req *http.Request) (*http.Response, error) {
	address := dialAddress(req.URL)
	var proxy *url.URL
	if l.proxy != nil {
		var err error
		if proxy, err = l.proxy(req); err != nil {
			return nil, fmt.Errorf("proxy for %s: %w", req.URL.Host, err)
		}
	}
	if proxy != nil {
		if err := l.rules.behindProxy(address); err != nil {
			return nil, err
		}
	}
	insecure := l.rules.mirrors().IsInsecure(req.URL.Host, "") || askedIn(req.Context()).insecureAt(req.URL.Host)
	t, err := l.transport(l.rules.dialed(address).CAs, insecure, proxy)
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(req) //nolint:wrapcheck // The caller names the host.
}

// dialAddress is host:port of a URL, with the scheme's port where it has none.
func dialAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// behindProxy judges a host:port that the proxy is to reach. Where its name
// leads only the proxy knows, so when guarded it must be one that the platform
// named; an address is judged as everywhere.
func (r rules) behindProxy(address string) error {
	if !r.guard {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return &refusedError{what: address, why: "no host and port"}
	}
	if !r.named(address) && !r.proxied(host, port) {
		return &refusedError{
			what: address, why: "reached through the proxy, so that its address can't be checked",
			fix: "name it in registries or proxyHosts if it is meant",
		}
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return r.checkAddress(address, netip.AddrPortFrom(addr.Unmap().WithZone(""), 443).String())
	}
	return nil
}

// proxied is true for a host that proxyHosts holds.
func (r rules) proxied(host, port string) bool {
	for _, h := range r.proxyHosts() {
		domain, wild := strings.CutPrefix(h, "*")
		switch {
		case wild && strings.HasSuffix(host, domain) && port == "443", joinPort(h, "443") == net.JoinHostPort(host, port):
			return true
		}
	}
	return false
}

// transport returns the transport of a line.
func (l *lines) transport(cas []byte, insecure bool, proxy *url.URL) (*http.Transport, error) {
	key := lineKey{insecure: insecure}
	if len(cas) > 0 {
		key.cas = sha256.Sum256(cas)
	}
	if proxy != nil {
		key.proxy = proxy.String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if t, ok := l.made.Get(key); ok {
		return t, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure} //nolint:gosec // As the nodes do, for what the platform lists as insecure.
	if len(cas) > 0 {
		pool, err := trust(cas)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	t := l.newTransport(config)
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
		throughProxy(t)
	}
	l.made.Add(key, t)
	return t, nil
}

// trust is the system's CAs and those of cas.
func trust(cas []byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(cas) {
		return nil, &refusedError{what: "the registry's entry", why: "without a certificate in its CAs", fix: "put PEM certificates there"}
	}
	return pool, nil
}

func (l *lines) newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext:            l.rules.dial,
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           maxIdleConns,
		MaxConnsPerHost:        maxConnsPerHost,
		IdleConnTimeout:        idleConnTimeout,
		TLSHandshakeTimeout:    tlsHandshakeTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// throughProxy has a transport dial the proxy, which is all that it dials: the
// platform chose it, so its address isn't judged, and a registry's CAs don't
// vouch for it.
func throughProxy(t *http.Transport) {
	plain := net.Dialer{Timeout: dialTimeout, KeepAlive: dialKeepAlive}
	t.DialContext = plain.DialContext
	// Only a proxy that is itself spoken to over TLS is dialed by this one.
	encrypted := tls.Dialer{NetDialer: &plain, Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	t.DialTLSContext = encrypted.DialContext
}

// closeIdle closes the connections that nobody uses.
func (l *lines) closeIdle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.made.Values() {
		t.CloseIdleConnections()
	}
}
