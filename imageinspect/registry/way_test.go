package registry

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/mirror"
)

// TestStrangeHosts: however a loopback or metadata address is written, nothing
// reaches it without the platform's word.
func TestStrangeHosts(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	_, port, err := net.SplitHostPort(r.Host())
	if err != nil {
		t.Fatal(err)
	}
	r.ResetCounts() // of the push
	c := newClient(t, r, func(o *Options) {
		// http is allowed to all, so that only the address stands in the way.
		o.Rules = func() *mirror.Rules { return &mirror.Rules{Insecure: []string{"*.0.0.1:" + port}} }
		o.Registries = func() []Registry { return nil }
	})
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
		"0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::7f00:1]", "localhost",
		"169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]",
	} {
		for _, reference := range []string{host + ":" + port + "/web:1", host + ":0" + port + "/web:1"} {
			q := imageinspect.Query{Reference: reference, Platforms: []string{"linux/amd64"}}
			if got := fails(t, c, q); got.Code != imageinspect.CodeImageName && got.Text != textNotInspected {
				t.Errorf("%s: %+v", reference, got)
			}
		}
	}
	if n := len(r.Counts()); n != 0 {
		t.Errorf("the registry was reached: %v", r.Counts())
	}
}

// TestStrangeHostsOnTheWay is the same for what a registry names.
func TestStrangeHostsOnTheWay(t *testing.T) {
	inside := imagetest.New(t, imagetest.Options{})
	_, port, err := net.SplitHostPort(inside.Host())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::ffff:7f00:1]", "[::1]", "user@localhost", "localhost.", "LOCALHOST",
	} {
		target := "http://" + host + ":" + port + "/"
		for way, fault := range map[string]imagetest.Fault{
			"realm":    imagetest.Status(401, "WWW-Authenticate", `Bearer realm="`+target+`token"`),
			"ping":     imagetest.On(imagetest.Redirect(target), imagetest.Ping),
			"manifest": imagetest.On(imagetest.Redirect(target), imagetest.HeadManifest),
			"config":   imagetest.On(imagetest.Redirect(target), imagetest.GetBlob),
		} {
			r := imagetest.New(t, imagetest.Options{})
			r.MustPush(t, "web:1", node(""))
			r.Break(fault)
			if got := fails(t, newClient(t, r, nil), query(r, "web:1")); got.Text != textNotInspected {
				t.Errorf("%s to %s: %+v", way, target, got)
			}
			if n := len(inside.Counts()); n != 0 {
				t.Fatalf("%s to %s reached it: %v", way, target, inside.Counts())
			}
		}
	}
}

// TestPrivateAddresses: a private address is reached by the names that the
// platform named, as an entry or as a mirror; the rest needs allowAddresses.
func TestPrivateAddresses(t *testing.T) {
	rules := newRules(Options{
		GuardAddresses: true,
		Registries: func() []Registry {
			return []Registry{{Host: "named.example.com"}, {Host: "meta.example.com", AllowAddresses: []netip.Prefix{netip.MustParsePrefix("169.254.169.254/32")}}}
		},
		Rules: func() *mirror.Rules {
			return &mirror.Rules{Sources: []mirror.Source{{Prefix: "quay.io", Mirrors: []mirror.Mirror{{Location: "mirror.example.com:5000/q"}, {Location: "tls.example.com"}}}}}
		},
	}.withDefaults())
	for _, tc := range []struct{ dialed, resolved, want string }{
		{"named.example.com:443", "10.1.2.3:443", ""},
		{"named.example.com:443", "[fd00::1]:443", ""},
		{"named.example.com:443", "[::ffff:10.1.2.3]:443", ""},
		{"named.example.com:443", "[64:ff9b::10.1.2.3]:443", ""},
		{"named.example.com:8443", "10.1.2.3:8443", "private"},
		{"mirror.example.com:5000", "192.168.1.1:5000", ""},
		{"mirror.example.com:443", "192.168.1.1:443", "private"},
		{"tls.example.com:443", "172.16.0.1:443", ""},
		{"quay.io:443", "10.1.2.3:443", "private"},
		{"other.example.com:443", "100.64.0.1:443", "private"},
		{"named.example.com:443", "127.0.0.1:443", "loopback"},
		{"named.example.com:443", "[::1]:443", "loopback"},
		{"named.example.com:443", "169.254.1.1:443", "link-local"},
		{"named.example.com:443", "169.254.169.254:443", "metadata"},
		{"named.example.com:443", "[fd00:ec2::254]:443", "metadata"},
		{"named.example.com:443", "100.100.100.200:443", "metadata"},
		{"meta.example.com:443", "169.254.169.254:443", ""},
		{"named.example.com:443", "0.0.0.0:443", "unspecified"},
		{"other.example.com:443", "192.0.2.1:443", ""},
	} {
		err := rules.checkAddress(tc.dialed, tc.resolved)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s at %s: %v, want %q", tc.dialed, tc.resolved, err, tc.want)
		}
	}
}

// TestNameWithTwoAddresses: of a name's addresses each is judged, whichever is
// tried.
func TestNameWithTwoAddresses(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	_, port, err := net.SplitHostPort(r.Host())
	if err != nil {
		t.Fatal(err)
	}
	names := fakeDNS(t, netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2"))
	for allowed, reached := range map[string]bool{"127.0.0.1/32": true, "127.0.0.2/32": false, "127.0.0.0/8": true} {
		address := "two.example.com:" + port
		rules := newRules(Options{GuardAddresses: true, Registries: func() []Registry {
			return []Registry{{Host: address, AllowAddresses: []netip.Prefix{netip.MustParsePrefix(allowed)}}}
		}}.withDefaults())
		rules.resolver = names
		conn, err := rules.dial(t.Context(), "tcp", address)
		if err == nil {
			if peer := conn.RemoteAddr().String(); peer != r.Host() {
				t.Errorf("connected to %s", peer)
			}
			_ = conn.Close()
		}
		if (err == nil) != reached {
			t.Errorf("with %s allowed: %v", allowed, err)
		}
	}
}

// fakeDNS answers every question for an IPv4 address with the same ones.
func fakeDNS(t *testing.T, addresses ...netip.Addr) *net.Resolver {
	t.Helper()
	var config net.ListenConfig
	server, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, peer, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(dnsAnswer(buf[:n], addresses), peer)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// dnsAnswer answers a question of one entry. Source: RFC 1035, section 4.1.
func dnsAnswer(question []byte, addresses []netip.Addr) []byte {
	end := 12 + slices.Index(question[12:], 0) + 5 // the name, its type and class
	isA := binary.BigEndian.Uint16(question[end-4:]) == 1
	if !isA {
		addresses = nil
	}
	out := append([]byte(nil), question[:2]...)
	out = append(out, 0x81, 0x80, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0)
	out = append(out, question[12:end]...)
	for _, a := range addresses {
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
		out = append(out, a.AsSlice()...)
	}
	return out
}

// overheard keeps what came with each request.
type overheard struct {
	mu   sync.Mutex
	auth map[string][]string // path to Authorization headers
}

func (o *overheard) listen(_ http.ResponseWriter, req *http.Request) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.auth == nil {
		o.auth = map[string][]string{}
	}
	o.auth[req.URL.Path] = append(o.auth[req.URL.Path], req.Header.Get("Authorization"))
	return false
}

func (o *overheard) all() (paths int, secrets []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, list := range o.auth {
		for _, a := range list {
			if a != "" {
				secrets = append(secrets, a)
			}
		}
	}
	return len(o.auth), secrets
}

// TestCredentialsStay: neither passwords nor tokens go to where content is
// redirected to, not even to another port of the same name.
func TestCredentialsStay(t *testing.T) {
	for _, token := range []bool{false, true} {
		for _, kind := range []imagetest.Kind{imagetest.HeadManifest, imagetest.GetManifest, imagetest.GetBlob} {
			r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret", Token: token})
			store := imagetest.New(t, imagetest.Options{})
			r.MustPush(t, "web:1", node(""))
			store.MustPush(t, "web:1", node(""))
			var heard overheard
			store.Break(heard.listen)
			r.Break(imagetest.On(func(w http.ResponseWriter, req *http.Request) bool {
				return imagetest.Redirect(store.URL()+req.URL.Path)(w, req)
			}, kind))
			inspect(t, newClient(t, r, func(o *Options) {
				o.Registries = func() []Registry { return []Registry{entryFor(r), entryFor(store)} }
			}), query(r, "web:1"))
			if paths, secrets := heard.all(); paths == 0 || len(secrets) > 0 {
				t.Errorf("token %v, redirected %s: %d paths asked, with %q", token, kind, paths, secrets)
			}
		}
	}
}

// TestRealmGetsTheLogin: the token server that the registry names gets the
// login for that registry, over TLS, and nothing of any other.
func TestRealmGetsTheLogin(t *testing.T) {
	realm := imagetest.New(t, imagetest.Options{TLS: true, Username: "bot", Password: "secret", Token: true})
	var heard overheard
	realm.Break(heard.listen)
	r := imagetest.New(t, imagetest.Options{TLS: true})
	_, port, err := net.SplitHostPort(realm.Host())
	if err != nil {
		t.Fatal(err)
	}
	r.Break(imagetest.On(imagetest.Status(401, "WWW-Authenticate", `Bearer realm="https://localhost:`+port+`/token"`), imagetest.Ping))
	entry := Registry{Host: r.Host(), CAs: r.CA(), AllowAddresses: loopback(), Shared: true}
	trusted := Registry{Host: "localhost:" + port, CAs: realm.CA(), AllowAddresses: loopback()}
	for _, tc := range []struct {
		name    string
		entries []Registry
		want    int
	}{
		{"a certificate that nobody vouches for", []Registry{entry, {Host: trusted.Host, AllowAddresses: loopback()}}, 0},
		{"the registry's CA vouches for the registry alone", []Registry{entry, {Host: trusted.Host, AllowAddresses: loopback(), CAs: r.CA()}}, 0},
		{"its own CA", []Registry{entry, trusted}, 1},
		{"not shared", []Registry{{Host: entry.Host, CAs: entry.CAs, AllowAddresses: loopback()}, trusted}, 1},
	} {
		heard.auth = nil
		c := newClient(t, r, func(o *Options) {
			o.Registries, o.Keychain = func() []Registry { return tc.entries }, anyHost{"bot", "secret"}
		})
		fails(t, c, query(r, "web:1")) // the registry has no such image
		if _, secrets := heard.all(); len(secrets) != tc.want && tc.name != "not shared" {
			t.Errorf("%s: the token server heard %q", tc.name, secrets)
		} else if tc.name == "not shared" && len(secrets) > 0 {
			t.Errorf("%s: the token server heard %q", tc.name, secrets)
		}
	}
}

// TestRedirectedLogin: a login that holds credentials in its body is not sent
// on to wherever the token server says.
func TestRedirectedLogin(t *testing.T) {
	thief := imagetest.New(t, imagetest.Options{})
	r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret", Token: true})
	_, port, err := net.SplitHostPort(thief.Host())
	if err != nil {
		t.Fatal(err)
	}
	posted := false
	r.Break(func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodPost {
			return false
		}
		posted = true
		return imagetest.Redirect("http://localhost:"+port+"/token")(w, req)
	})
	c := newClient(t, r, func(o *Options) {
		o.Registries = func() []Registry {
			return []Registry{entryFor(r), {Host: "localhost:" + port, PlainHTTP: true, AllowAddresses: loopback()}}
		}
		o.Keychain = identity("canary")
	})
	got := fails(t, c, query(r, "web:1"))
	if !posted || !strings.Contains(got.Detail, "where a login was redirected to") || len(thief.Counts()) > 0 {
		t.Errorf("posted %v, %+v, the other host got %v", posted, got, thief.Counts())
	}
	if strings.Contains(fmt.Sprint(got), "canary") {
		t.Errorf("the token is told: %+v", got)
	}
}

// identity is a keychain with an identity token.
type identity string

func (k identity) Resolve(authn.Resource) (authn.Authenticator, error) {
	return authn.FromConfig(authn.AuthConfig{Username: "<token>", IdentityToken: string(k)}), nil
}

// TestHeadersAreBounded over both versions of HTTP.
func TestHeadersAreBounded(t *testing.T) {
	for _, o := range []imagetest.Options{{}, {TLS: true}} {
		r := imagetest.New(t, o)
		r.MustPush(t, "web:1", node(""))
		for size, works := range map[int]bool{maxHeaderBytes / 2: true, 2 * maxHeaderBytes: false} {
			r.Break(imagetest.On(func(w http.ResponseWriter, _ *http.Request) bool {
				for i := range size / 1024 {
					w.Header().Set(fmt.Sprintf("X-Filler-%d", i), strings.Repeat("x", 1000))
				}
				return false
			}, imagetest.HeadManifest))
			entry := entryFor(r)
			entry.PlainHTTP, entry.CAs = !o.TLS, r.CA()
			c := newClient(t, r, func(opts *Options) { opts.Registries = func() []Registry { return []Registry{entry} } })
			if works {
				inspect(t, c, query(r, "web:1"))
				continue
			}
			if got := fails(t, c, query(r, "web:1")); got.Text != textNotInspected {
				t.Errorf("TLS %v: %+v", o.TLS, got)
			}
		}
	}
}

// TestBlockedOnTheWay: a blocked host gets no request, whoever names it.
func TestBlockedOnTheWay(t *testing.T) {
	r, store := imagetest.New(t, imagetest.Options{}), imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	r.Break(imagetest.On(imagetest.Redirect(store.URL()+"/"), imagetest.GetBlob))
	c := newClient(t, r, func(o *Options) {
		o.Registries = func() []Registry { return []Registry{entryFor(r), entryFor(store)} }
		o.Rules = func() *mirror.Rules { return &mirror.Rules{Blocked: []string{store.Host()}} }
	})
	got := fails(t, c, query(r, "web:1"))
	if !strings.Contains(got.Detail, "blocked registries") || len(store.Counts()) > 0 {
		t.Errorf("%+v; the blocked host got %v", got, store.Counts())
	}
}
