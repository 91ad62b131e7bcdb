package registry

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// testProxy is a real CONNECT proxy with a name service of its own.
type testProxy struct {
	url *url.URL

	mu    sync.Mutex
	hosts map[string]string // host:port as asked for, to where it really is
	asked []string
}

func newProxy(t *testing.T, hosts map[string]string) *testProxy {
	t.Helper()
	p := &testProxy{hosts: hosts}
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(server.Close)
	var err error
	if p.url, err = url.Parse(server.URL); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *testProxy) serve(w http.ResponseWriter, req *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.Host)
	target, ok := p.hosts[req.Host]
	p.mu.Unlock()
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
	var both sync.WaitGroup
	both.Add(2)
	for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() {
			defer both.Done()
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		}()
	}
	both.Wait()
}

func (p *testProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// choose sends all but one host through the proxy.
func (p *testProxy) choose(direct string) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		if req.URL.Hostname() == direct {
			return nil, nil
		}
		return p.url, nil
	}
}

// TestProxy: behind a proxy only what the platform named is asked, and the
// proxy, at a forbidden address itself, is reached for that.
func TestProxy(t *testing.T) {
	const name = "registry.example.com"
	r := imagetest.New(t, imagetest.Options{TLS: true, Names: []string{name}, Username: "bot", Password: "secret", Token: true})
	r.MustPush(t, "web:1", node(""))
	named := Registry{Host: name, CAs: r.CA(), Shared: true}
	const connect = "CONNECT " + name + ":443"
	for _, tc := range []struct {
		name    string
		image   string
		entries []Registry
		hosts   []string // proxyHosts
		direct  string   // is not sent through the proxy
		detail  string   // empty: it works
		asked   string   // the first request to the proxy; empty: none at all
	}{
		{"listed", name, []Registry{named}, nil, "", "", connect},
		{"not listed", name, nil, nil, "", "through the proxy", ""},
		{"not listed, but in proxyHosts", name, nil, []string{"*.example.com"}, "", "certificate", connect},
		{"not listed, a like name in proxyHosts", name, nil, []string{"example.com", "*.registry.example.com", "*.com:443"}, "", "through the proxy", ""},
		{"another port than that of proxyHosts", name + ":8443", nil, []string{"*.example.com", name}, "", "through the proxy", ""},
		{"metadata by its address", "169.254.169.254", []Registry{{Host: "169.254.169.254"}}, nil, "", "metadata", ""},
		{"a private address that isn't listed", "10.1.2.3", nil, nil, "", "through the proxy", ""},
		{"a private address that is listed", "10.1.2.3", []Registry{{Host: "10.1.2.3"}}, nil, "", "unreachable", "CONNECT 10.1.2.3:443"},
		{"loopback written as IPv6", "[::ffff:7f00:1]:443", []Registry{{Host: "[::ffff:7f00:1]:443"}}, nil, "", "loopback", ""},
		{"what NO_PROXY holds is dialed, and judged", "localhost:1", nil, nil, "localhost", "loopback", ""},
		{"what NO_PROXY holds is dialed", r.Host(), []Registry{{Host: r.Host(), CAs: r.CA(), AllowAddresses: loopback(), Shared: true}}, nil, "127.0.0.1", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newProxy(t, map[string]string{name + ":443": r.Host(), r.Host(): r.Host()})
			c := newClient(t, r, func(o *Options) {
				o.Keychain = anyHost{"bot", "secret"}
				o.Registries = func() []Registry { return tc.entries }
				o.ProxyHosts = func() []string { return tc.hosts }
				o.Proxy = p.choose(tc.direct)
			})
			q := imageinspect.Query{Reference: tc.image + "/web:1", Platforms: []string{"linux/amd64"}}
			if tc.detail == "" {
				inspect(t, c, q)
			} else if got := fails(t, c, q); !strings.Contains(got.Detail, tc.detail) && tc.detail != "unreachable" || got.Text != textNotInspected {
				t.Errorf("detail %q, want %q", got.Detail, tc.detail)
			}
			asked := p.requests()
			if len(asked) == 0 && tc.asked != "" || len(asked) > 0 && asked[0] != tc.asked {
				t.Errorf("the proxy was asked for %q, want %q first", asked, tc.asked)
			}
		})
	}
}

// TestProxyOnTheWay: token servers and what content is redirected to are named
// or not asked, as registries are.
func TestProxyOnTheWay(t *testing.T) {
	const name, other = "registry.example.com", "other.example.net"
	for _, tc := range []struct {
		name  string
		fault imagetest.Fault
	}{
		{"token server", imagetest.Status(401, "WWW-Authenticate", `Bearer realm="https://`+other+`/token"`)},
		{"manifest", imagetest.On(imagetest.Redirect("https://"+other+"/"), imagetest.HeadManifest, imagetest.GetManifest)},
		{"config", imagetest.On(imagetest.Redirect("https://"+other+"/"), imagetest.GetBlob)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := imagetest.New(t, imagetest.Options{TLS: true, Names: []string{name}})
			digest := r.MustPush(t, "web:1", node(""))
			r.Break(tc.fault)
			p := newProxy(t, map[string]string{name + ":443": r.Host()})
			var hosts []string
			c := newClient(t, r, func(o *Options) {
				o.Registries = func() []Registry { return []Registry{{Host: name, CAs: r.CA()}} }
				o.ProxyHosts = func() []string { return hosts }
				o.Proxy = p.choose("")
				o.Now = newClock().Now
			})
			q := imageinspect.Query{Reference: name + "/web:1", Platforms: []string{"linux/amd64"}}
			if got := fails(t, c, q); !strings.Contains(got.Detail, other+":443 is reached through the proxy") {
				t.Errorf("detail %q", got.Detail)
			}
			if asked := strings.Join(p.requests(), ", "); strings.Contains(asked, other) {
				t.Errorf("the proxy was asked for %s", asked)
			}
			hosts = []string{other}
			q.Reference = name + "/web@" + digest // not what failed just now
			fails(t, c, q)
			if asked := strings.Join(p.requests(), ", "); !strings.Contains(asked, "CONNECT "+other+":443") {
				t.Errorf("once it is in proxyHosts, the proxy was asked for %s", asked)
			}
		})
	}
}

// anyHost is a keychain with one login for every host.
type anyHost struct{ user, password string }

func (k anyHost) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: k.user, Password: k.password}, nil
}

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}
