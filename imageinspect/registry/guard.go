package registry

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/initguard/initguard/imageinspect/mirror"
)

const (
	dialTimeout   = 5 * time.Second
	dialKeepAlive = 30 * time.Second
)

// refusedError is an address or scheme that the rules forbid.
type refusedError struct {
	what, why, fix string
	// scheme is true where https would have done.
	scheme bool
}

func (e *refusedError) Error() string {
	text := fmt.Sprintf("refused: %s is %s", e.what, e.why)
	if e.fix == "" {
		return text
	}
	return text + "; " + e.fix
}

// rules are the entries of the config, looked up by host.
type rules struct {
	registries func() []Registry
	mirrors    func() *mirror.Rules
	proxyHosts func() []string
	guard      bool
	resolver   *net.Resolver // nil: the system's
}

func newRules(o Options) rules {
	return rules{registries: o.Registries, mirrors: o.Rules, proxyHosts: o.ProxyHosts, guard: o.GuardAddresses}
}

// entry is the entry of a host as it stands in a reference ("host[:port]").
func (r rules) entry(host string) Registry {
	for _, e := range r.registries() {
		if sameHost(e.Host, host) {
			return e
		}
	}
	return Registry{Host: host}
}

// sameHost compares as references do: Docker Hub has two names.
func sameHost(a, b string) bool { return canonicalHost(a) == canonicalHost(b) }

func canonicalHost(host string) string {
	host = strings.ToLower(host)
	if host == "docker.io" {
		return name.DefaultRegistry
	}
	return host
}

// dialed is the entry of a host:port that is about to be dialed. An entry
// without a port stands for the port of its scheme.
func (r rules) dialed(address string) Registry {
	for _, e := range r.registries() {
		host := canonicalHost(e.Host)
		if host == strings.ToLower(address) || joinPort(host, "443") == strings.ToLower(address) ||
			e.PlainHTTP && joinPort(host, "80") == strings.ToLower(address) {
			return e
		}
	}
	return Registry{}
}

// joinPort adds a port to a host that has none.
func joinPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// named is true for a host:port that the platform named: by an entry, or as a
// mirror. Tenants can't make it so.
func (r rules) named(address string) bool {
	if r.dialed(address).Host != "" {
		return true
	}
	host, port, err := net.SplitHostPort(address)
	return r.mirrors().Names(address) || err == nil && port == "443" && r.mirrors().Names(host)
}

// dial connects, and when guarded refuses each address after DNS that is not
// the public internet's or the host's own: a private one where the platform
// named the host, any that the host's entry lists.
func (r rules) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: dialKeepAlive, Resolver: r.resolver}
	if r.guard {
		dialer.ControlContext = func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			return r.checkAddress(address, resolved)
		}
	}
	return dialer.DialContext(ctx, network, address)
}

// checkAddress judges a resolved ip:port of the host:port that was dialed.
func (r rules) checkAddress(dialed, resolved string) error {
	at, err := netip.ParseAddrPort(resolved)
	if err != nil {
		return &refusedError{what: resolved, why: "no IP address"}
	}
	addr := at.Addr().Unmap().WithZone("")
	for _, prefix := range r.dialed(dialed).AllowAddresses {
		if prefix.Contains(addr) {
			return nil
		}
	}
	bad, ok := forbidden(addr)
	if !ok || bad.private && r.named(dialed) {
		return nil
	}
	fix := "list the address in allowAddresses of that registry if it is meant"
	if bad.private {
		fix = "name the host in registries if it is meant"
	}
	return &refusedError{what: fmt.Sprintf("%s (%s)", dialed, addr), why: bad.why, fix: fix}
}

// plainHTTP is true when http may be spoken to a host. Unguarded it follows
// go-containerregistry, which takes local names and addresses for development
// registries.
func (r rules) plainHTTP(host string) bool {
	if r.entry(host).PlainHTTP || r.dialed(joinPort(strings.ToLower(host), "80")).PlainHTTP || r.mirrors().IsInsecure(host, "") {
		return true
	}
	if r.guard {
		return false
	}
	registry, err := name.NewRegistry(host, name.WeakValidation)
	return err == nil && registry.Scheme() == "http"
}
