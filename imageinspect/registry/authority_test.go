package registry

import (
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/mirror"
)

// tlsEntry is the entry of a test registry that speaks TLS.
func tlsEntry(r *imagetest.Registry, cas []byte) Registry {
	return Registry{Host: r.Host(), CAs: cas, AllowAddresses: loopback(), Shared: true}
}

// TestPrivateCA: the CA of a registry's entry vouches for that registry, with
// each kind of login, and for no other.
func TestPrivateCA(t *testing.T) {
	for _, o := range []imagetest.Options{{TLS: true}, {TLS: true, Username: "bot", Password: "secret"}, {TLS: true, Username: "bot", Password: "secret", Token: true}} {
		r, other := imagetest.New(t, o), imagetest.New(t, o)
		r.MustPush(t, "web:1", node(""))
		other.MustPush(t, "web:1", node(""))
		for name, tc := range map[string]struct {
			ask     *imagetest.Registry
			entries []Registry
			works   bool
		}{
			"its own":                {r, []Registry{tlsEntry(r, r.CA())}, true},
			"none":                   {r, []Registry{tlsEntry(r, nil)}, false},
			"another registry's":     {r, []Registry{tlsEntry(r, other.CA()), tlsEntry(other, r.CA())}, false},
			"both":                   {other, []Registry{tlsEntry(r, r.CA()), tlsEntry(other, other.CA())}, true},
			"two in one entry":       {r, []Registry{tlsEntry(r, append(append([]byte{}, other.CA()...), r.CA()...))}, true},
			"not that of a like one": {other, []Registry{tlsEntry(r, append(append([]byte{}, other.CA()...), r.CA()...)), tlsEntry(other, nil)}, false},
		} {
			c := newClient(t, tc.ask, func(opts *Options) { opts.Registries = func() []Registry { return tc.entries } })
			if tc.works {
				inspect(t, c, query(tc.ask, "web:1"))
				continue
			}
			if got := fails(t, c, query(tc.ask, "web:1")); !strings.Contains(got.Detail, "certificate") || got.Text != textNotInspected {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

func TestBadCA(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{TLS: true})
	c := newClient(t, r, func(o *Options) {
		o.Registries = func() []Registry { return []Registry{tlsEntry(r, []byte("no certificate"))} }
	})
	if got := fails(t, c, query(r, "web:1")); !strings.Contains(got.Detail, "put PEM certificates there") {
		t.Errorf("%+v", got)
	}
}

// TestNewCA: a CA that is changed counts for the next connection, and no
// connection that the former one let in is used any more.
func TestNewCA(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{TLS: true})
	r.MustPush(t, "web:1", node(""))
	r.MustPush(t, "web:2", node("linux/arm64"))
	entry, now := tlsEntry(r, nil), newClock()
	c := newClient(t, r, func(o *Options) {
		o.Registries, o.Now = func() []Registry { return []Registry{entry} }, now.Now
	})
	fails(t, c, query(r, "web:1"))
	entry.CAs = r.CA()
	now.Advance(time.Minute) // past what is remembered of the failure
	inspect(t, c, query(r, "web:1"))
	entry.CAs = imagetest.New(t, imagetest.Options{TLS: true}).CA()
	now.Advance(10 * time.Minute)
	if got := fails(t, c, query(r, "web:2", "linux/arm64")); !strings.Contains(got.Detail, "certificate") {
		t.Errorf("%+v", got)
	}
}

// TestInsecure: what the platform lists as insecure is asked whatever its
// certificate, and over http; and nothing else is.
func TestInsecure(t *testing.T) {
	encrypted, plain := imagetest.New(t, imagetest.Options{TLS: true}), imagetest.New(t, imagetest.Options{})
	for _, r := range []*imagetest.Registry{encrypted, plain} {
		r.MustPush(t, "web:1", node(""))
		entries := []Registry{{Host: r.Host(), AllowAddresses: loopback()}}
		for scope, works := range map[string]bool{r.Host(): true, "127.0.0.1:1": false, "*.example.com": false} {
			c := newClient(t, r, func(o *Options) {
				o.Registries = func() []Registry { return entries }
				o.Rules = func() *mirror.Rules { return &mirror.Rules{Insecure: []string{scope}} }
			})
			if works {
				inspect(t, c, query(r, "web:1"))
				continue
			}
			if got := fails(t, c, query(r, "web:1")); got.Text != textNotInspected {
				t.Errorf("insecure %s: %+v", scope, got)
			}
		}
	}
}
