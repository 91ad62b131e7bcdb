package registry

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

func TestForbiddenAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"8.8.8.8":                     "",
		"1.1.1.1":                     "",
		"172.15.255.255":              "",
		"172.32.0.0":                  "",
		"100.63.255.255":              "",
		"100.128.0.0":                 "",
		"2606:4700:4700::1111":        "",
		"64:ff9b::808:808":            "",
		"127.0.0.1":                   "loopback",
		"127.255.255.254":             "loopback",
		"::1":                         "loopback",
		"::ffff:127.0.0.1":            "loopback",
		"::ffff:10.1.2.3":             "private",
		"10.0.0.1":                    "private",
		"172.16.0.1":                  "private",
		"172.31.255.255":              "private",
		"192.168.1.1":                 "private",
		"100.64.0.1":                  "private (carrier-grade NAT)",
		"fd12:3456::1":                "private",
		"fc00::1":                     "private",
		"fec0::1":                     "private",
		"169.254.1.1":                 "link-local",
		"fe80::1":                     "link-local",
		"169.254.169.254":             "a cloud's metadata address",
		"::ffff:169.254.169.254":      "a cloud's metadata address",
		"64:ff9b::a9fe:a9fe":          "a cloud's metadata address",
		"fd00:ec2::254":               "a cloud's metadata address",
		"168.63.129.16":               "a cloud's metadata address",
		"100.100.100.200":             "a cloud's metadata address",
		"64:ff9b::7f00:1":             "loopback",
		"64:ff9b:1::1":                "private (NAT64)",
		"0.0.0.0":                     "unspecified",
		"0.1.2.3":                     "unspecified",
		"::":                          "unspecified",
		"::127.0.0.1":                 "reserved",
		"224.0.0.1":                   "multicast",
		"ff02::1":                     "multicast",
		"255.255.255.255":             "reserved",
		"198.18.0.1":                  "reserved for benchmarks",
		"192.0.0.192":                 "reserved",
		"2002:7f00:1::1":              "a tunnel (6to4)",
		"2001:0:4136:e378::f5ff:1":    "a tunnel (Teredo)",
		"2001:4860:4860::8888":        "",
		"::ffff:0:8.8.8.8":            "",
		"fd00:ec3::254":               "private",
		"febf:ffff::1":                "link-local",
		"100.127.255.255":             "private (carrier-grade NAT)",
		"239.255.255.255":             "multicast",
		"240.0.0.1":                   "reserved",
		"::ffff:192.168.0.1":          "private",
		"2a00:1450:4001:81b::200e":    "",
		"203.0.114.1":                 "",
		"64:ff9b::c0a8:1":             "private",
		"100::1":                      "reserved",
		"2001:1::1":                   "",
		"192.0.1.1":                   "",
		"169.253.255.255":             "",
		"169.255.0.0":                 "",
		"11.0.0.0":                    "",
		"9.255.255.255":               "",
		"2603:1030:1005::1":           "",
		"ff0e::1":                     "multicast",
		"fe7f::1":                     "",
		"169.254.170.2":               "a cloud's metadata address",
		"::ffff:100.64.0.1":           "private (carrier-grade NAT)",
		"::2":                         "reserved",
		"1::":                         "",
		"fdff:ffff::1":                "private",
		"2001:db8::1":                 "",
		"0:0:0:0:0:ffff:a9fe:a9fe":    "a cloud's metadata address",
		"0000:0000::0000:ffff:7f00:1": "loopback",
	} {
		if got, bad := forbidden(netip.MustParseAddr(address)); got.why != want || bad != (want != "") {
			t.Errorf("forbidden(%s) = %q, want %q", address, got.why, want)
		}
	}
}

// TestGuardNeedsTheEntry: loopback is reached only by the host whose entry
// lists the address, in a name as in a literal.
func TestGuardNeedsTheEntry(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	_, port, err := net.SplitHostPort(r.Host())
	if err != nil {
		t.Fatal(err)
	}
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, tc := range []struct {
		name    string
		host    string
		entries []Registry
		detail  string // empty: it works
	}{
		{"address allowed", r.Host(), []Registry{{Host: r.Host(), PlainHTTP: true, AllowAddresses: loopback}}, ""},
		{"name allowed", "localhost:" + port, []Registry{{Host: "LOCALHOST:" + port, PlainHTTP: true, AllowAddresses: loopback}}, ""},
		{"no entry", r.Host(), nil, "loopback"},
		{"no entry for the name", "localhost:" + port, nil, "loopback"},
		{"entry without addresses", "localhost:" + port, []Registry{{Host: "localhost:" + port, PlainHTTP: true}}, "loopback"},
		{"entry with other addresses", r.Host(), []Registry{{Host: r.Host(), PlainHTTP: true, AllowAddresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}, "loopback"},
		{"another host's entry", "localhost:" + port, []Registry{{Host: r.Host(), PlainHTTP: true, AllowAddresses: loopback}}, "loopback"},
		{"another port's entry", r.Host(), []Registry{{Host: "127.0.0.1:1", PlainHTTP: true, AllowAddresses: loopback}}, "loopback"},
		{"plain http not allowed", r.Host(), []Registry{{Host: r.Host(), AllowAddresses: loopback}}, "not encrypted"},
		{"plain http not allowed for the name", "localhost:" + port, []Registry{{Host: "localhost:" + port, AllowAddresses: loopback}}, "not encrypted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r.ResetCounts()
			c := newClient(t, r, func(o *Options) { o.Registries = func() []Registry { return tc.entries } })
			q := imageinspect.Query{Reference: tc.host + "/web:1", Platforms: []string{"linux/amd64"}}
			if tc.detail == "" {
				inspect(t, c, q)
				return
			}
			got := fails(t, c, q)
			if got.Code != imageinspect.CodeUnreachable || got.Text != textNotInspected || !strings.Contains(got.Detail, tc.detail) {
				t.Errorf("reason = %+v, want detail with %q", got, tc.detail)
			}
			if n := len(r.Counts()); n != 0 {
				t.Errorf("the registry was reached: %v", r.Counts())
			}
		})
	}
}

// TestGuardOnTheWay: token servers and redirect targets are dialed by their
// own entries, not by the registry's.
func TestGuardOnTheWay(t *testing.T) {
	reached := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(inner.Close)
	_, port, err := net.SplitHostPort(inner.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	target := "localhost:" + port // a name: go-containerregistry itself refuses literals
	for _, tc := range []struct {
		name  string
		fault imagetest.Fault
	}{
		{"token realm, http", imagetest.Status(401, "WWW-Authenticate", `Bearer realm="http://`+target+`/token"`)},
		{"token realm, https", imagetest.Status(401, "WWW-Authenticate", `Bearer realm="https://`+target+`/token"`)},
		{"redirected ping", imagetest.On(imagetest.Redirect("http://"+target+"/"), imagetest.Ping)},
		{"redirected manifest", imagetest.On(imagetest.Redirect("https://"+target+"/"), imagetest.HeadManifest)},
		{"redirected config", imagetest.On(imagetest.Redirect("http://"+target+"/"), imagetest.GetBlob)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := imagetest.New(t, imagetest.Options{})
			r.MustPush(t, "web:1", node(""))
			r.Break(tc.fault)
			got := fails(t, newClient(t, r, nil), query(r, "web:1"))
			if got.Code != imageinspect.CodeUnreachable || !strings.Contains(got.Detail, "refused") || reached {
				t.Errorf("reason = %+v, reached = %v", got, reached)
			}
		})
	}
}

// TestRedirectedConfig: a registry may keep its content elsewhere.
func TestRedirectedConfig(t *testing.T) {
	r, store := imagetest.New(t, imagetest.Options{}), imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	store.MustPush(t, "web:1", node(""))
	r.Break(imagetest.On(func(w http.ResponseWriter, req *http.Request) bool {
		return imagetest.Redirect("http://"+store.Host()+req.URL.Path)(w, req)
	}, imagetest.GetBlob))
	c := newClient(t, r, func(o *Options) {
		o.Registries = func() []Registry { return []Registry{entryFor(r), entryFor(store)} }
	})
	inspect(t, c, query(r, "web:1"))
}

func TestEntryOfHost(t *testing.T) {
	entries := []Registry{{Host: "docker.io"}, {Host: "Example.com", PlainHTTP: true}, {Host: "example.org:5000"}, {Host: "[::1]:5000"}}
	r := newRules(Options{Registries: func() []Registry { return entries }, GuardAddresses: true}.withDefaults())
	for host, want := range map[string]string{
		"index.docker.io": "docker.io", "example.com": "Example.com", "example.org:5000": "example.org:5000",
		"example.org": "", "sub.example.com": "", "example.com:443": "",
	} {
		got := r.entry(host)
		if want == "" && got.Host == host || got.Host == want {
			continue
		}
		t.Errorf("entry(%s) = %q, want %q", host, got.Host, want)
	}
	for address, want := range map[string]string{
		"index.docker.io:443": "docker.io", "example.com:443": "Example.com", "example.com:80": "Example.com",
		"index.docker.io:80": "", "example.org:443": "", "example.org:5000": "example.org:5000", "[::1]:5000": "[::1]:5000",
	} {
		if got := r.dialed(address).Host; got != want {
			t.Errorf("dialed(%s) = %q, want %q", address, got, want)
		}
	}
}
