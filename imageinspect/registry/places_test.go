package registry

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/mirror"
)

// pair is a registry and its mirror, both over TLS with a CA of their own.
type pair struct {
	source, mirror *imagetest.Registry
	digest         string
	rules          mirror.Rules
	clock          *clock
}

// newPair has both hold team/web:1: the source as "source", the mirror as
// "mirror", and the mirror the source's by digest too.
func newPair(t *testing.T, never bool, o imagetest.Options) *pair {
	t.Helper()
	o.TLS = true
	p := &pair{source: imagetest.New(t, o), mirror: imagetest.New(t, o), clock: newClock()}
	own := func(name string) imagetest.Spec { return imagetest.Spec{Entrypoint: []string{name}} }
	p.digest = p.source.MustPush(t, "team/web:1", own("source"))
	p.mirror.MustPush(t, "copies/team/web:copy", own("source"))
	p.mirror.MustPush(t, "copies/team/web:1", own("mirror"))
	p.source.ResetCounts()
	p.mirror.ResetCounts()
	p.rules.Sources = []mirror.Source{{Prefix: p.source.Host(), Mirrors: []mirror.Mirror{{Location: p.mirror.Host() + "/copies"}}, Never: never}}
	return p
}

func (p *pair) client(t *testing.T, change func(*Options)) *Client {
	t.Helper()
	return newClient(t, p.source, func(o *Options) {
		o.Registries = func() []Registry {
			return []Registry{tlsEntry(p.source, p.source.CA()), tlsEntry(p.mirror, p.mirror.CA())}
		}
		o.Rules = func() *mirror.Rules { return &p.rules }
		o.Keychain = anyHost{"bot", "secret"}
		o.Now = p.clock.Now
		if change != nil {
			change(o)
		}
	})
}

// otherManifest answers for a digest with the manifest of a tag.
func otherManifest(*imagetest.Registry) imagetest.Fault {
	return imagetest.On(func(_ http.ResponseWriter, req *http.Request) bool {
		if !strings.Contains(req.URL.Path, "sha256:") {
			return false
		}
		req.URL.Path = req.URL.Path[:strings.LastIndex(req.URL.Path, "/")] + "/1"
		return false
	}, imagetest.GetManifest)
}

// TestMirrors: which place answers for each failure of the mirror, by digest
// and by tag, and that no other is asked where it must not.
func TestMirrors(t *testing.T) {
	const unknown = ""
	for _, tc := range []struct {
		name          string
		fault         func(*imagetest.Registry) imagetest.Fault
		byTag, byHash string // whose image the answer is
	}{
		{"up", func(*imagetest.Registry) imagetest.Fault { return nil }, "mirror", "source"},
		{"404", func(*imagetest.Registry) imagetest.Fault {
			return imagetest.On(imagetest.Status(404), imagetest.HeadManifest, imagetest.GetManifest)
		}, "source", "source"},
		{"401", func(*imagetest.Registry) imagetest.Fault { return imagetest.Status(401) }, unknown, "source"},
		{"403", func(*imagetest.Registry) imagetest.Fault {
			return imagetest.On(imagetest.Status(403), imagetest.HeadManifest)
		}, unknown, "source"},
		{"429", func(*imagetest.Registry) imagetest.Fault { return imagetest.Status(429, "Retry-After", "60") }, unknown, "source"},
		{"500", func(*imagetest.Registry) imagetest.Fault { return imagetest.Status(500) }, unknown, "source"},
		{"down", func(r *imagetest.Registry) imagetest.Fault { _ = r.Close(); return nil }, unknown, "source"},
		{"cut short", func(*imagetest.Registry) imagetest.Fault {
			return imagetest.On(imagetest.Truncate(), imagetest.GetManifest)
		}, unknown, "source"},
		{"no image", func(*imagetest.Registry) imagetest.Fault {
			return imagetest.On(imagetest.Body("text/html", "<html>"), imagetest.GetManifest)
		}, unknown, "source"},
		{"another image for the digest", otherManifest, unknown, "source"},
		{"a redirect to a forbidden address", func(*imagetest.Registry) imagetest.Fault {
			return imagetest.On(imagetest.Redirect("https://169.254.169.254/"), imagetest.HeadManifest)
		}, unknown, "source"},
	} {
		for _, never := range []bool{false, true} {
			for identifier, want := range map[string]string{":1": tc.byTag, "@": tc.byHash} {
				p := newPair(t, never, imagetest.Options{})
				if identifier == "@" {
					identifier += p.digest
				}
				fromMirror := tc.name == "up"
				if never && !fromMirror {
					want = unknown
				}
				if tc.name == "another image for the digest" && identifier == ":1" {
					want = "mirror" // reads its own tag's digest right
				}
				p.mirror.Break(tc.fault(p.mirror))
				c := p.client(t, nil)
				q := query(p.source, "team/web"+identifier)
				if want == unknown {
					if got := fails(t, c, q); got.Text != textNotInspected {
						t.Errorf("%s, %s: %+v", tc.name, identifier, got)
					}
				} else if got := inspect(t, c, q)[0].Config.Entrypoint[0]; got != want {
					t.Errorf("%s, %s, never %v: the %s's image, want the %s's", tc.name, identifier, never, got, want)
				}
				asked := p.source.Counts().Content() > 0
				if mustNot := want == unknown || want == "mirror" || fromMirror; asked == mustNot {
					t.Errorf("%s, %s, never %v: the source was asked: %v", tc.name, identifier, never, p.source.Counts())
				}
			}
		}
	}
}

// TestMirrorFailureIsRemembered: a mirror that is down is not tried again for
// each image, nor is what it said forgotten at once.
func TestMirrorFailureIsRemembered(t *testing.T) {
	p := newPair(t, false, imagetest.Options{})
	p.mirror.Break(imagetest.Status(503, "Retry-After", "60"))
	c := p.client(t, nil)
	q := query(p.source, "team/web@"+p.digest)
	inspect(t, c, q)
	first := p.mirror.Counts()
	other := p.source.MustPush(t, "team/web:2", imagetest.Spec{Entrypoint: []string{"two"}})
	inspect(t, c, query(p.source, "team/web@"+other))
	if again := p.mirror.Counts(); again[imagetest.Ping] != first[imagetest.Ping] {
		t.Errorf("the mirror was asked again within its Retry-After: %v, then %v", first, again)
	}
	p.source.ResetCounts()
	inspect(t, c, q)
	if n := p.source.Counts().Content(); n != 0 {
		t.Errorf("a known image cost %d requests", n)
	}
	p.mirror.Break(nil)
	p.clock.Advance(2 * time.Minute)
	p.source.ResetCounts()
	inspect(t, c, q)
	if p.mirror.Counts()[imagetest.HeadManifest] == 0 || p.source.Counts().Content() > 0 {
		t.Errorf("the mirror is back, asked %v; the source %v", p.mirror.Counts(), p.source.Counts())
	}
}

// TestMirrorsShareNoLogin: each place gets its own login, and a registry that
// is not shared gets none.
func TestMirrorsShareNoLogin(t *testing.T) {
	p := newPair(t, false, imagetest.Options{Username: "bot", Password: "secret"})
	var heard overheard
	p.mirror.Break(heard.listen)
	q := query(p.source, "team/web@"+p.digest)
	c := p.client(t, func(o *Options) {
		unshared := tlsEntry(p.mirror, p.mirror.CA())
		unshared.Shared = false
		o.Registries = func() []Registry { return []Registry{tlsEntry(p.source, p.source.CA()), unshared} }
	})
	if got := inspect(t, c, q)[0].Config.Entrypoint[0]; got != "source" {
		t.Errorf("got the %s's image", got)
	}
	if paths, secrets := heard.all(); paths == 0 || len(secrets) > 0 {
		t.Errorf("the mirror was asked for %d paths, with %q", paths, secrets)
	}
	p.source.ResetCounts()
	inspect(t, p.client(t, nil), q)
	if p.source.Counts().Content() > 0 {
		t.Errorf("the mirror has a login of its own now; the source was asked: %v", p.source.Counts())
	}
}

// TestFilesOfAMirror: layers are read where the image was found.
func TestFilesOfAMirror(t *testing.T) {
	p := newPair(t, true, imagetest.Options{})
	s := &p.rules.Sources[0]
	s.Mirrors = append([]mirror.Mirror{{Location: "localhost:1/down"}}, s.Mirrors...)
	digest := p.mirror.MustPush(t, "copies/team/script:1", imagetest.Spec{
		Entrypoint: []string{"/run.sh"}, Layers: []imagetest.Layer{imagetest.Files(imagetest.Program("run.sh", "#!/bin/sh\nexec node\n"))},
	})
	images := inspect(t, p.client(t, nil), query(p.source, "team/script@"+digest))
	file, err := images[0].Files.File(t.Context(), "/run.sh")
	if err != nil || !strings.Contains(file.Text, "exec node") {
		t.Errorf("%q, %v", file.Text, err)
	}
	if n := p.source.Counts(); len(n) > 0 {
		t.Errorf("the source was asked: %v", n)
	}
}

// TestRefusedRegistries: what isn't allowed, or is blocked, is asked nothing,
// and tenants are told the common text.
func TestRefusedRegistries(t *testing.T) {
	for name, change := range map[string]func(p *pair){
		"blocked":     func(p *pair) { p.rules.Blocked = []string{p.source.Host()} },
		"not allowed": func(p *pair) { p.rules.Allowed = [][]string{{"quay.io", p.source.Host() + "/other"}} },
		"blocked tag": func(p *pair) { p.rules.Blocked = []string{p.source.Host() + "/team/web:1"} },
	} {
		p := newPair(t, false, imagetest.Options{})
		change(p)
		got := fails(t, p.client(t, nil), query(p.source, "team/web:1"))
		if got.Code != imageinspect.CodeUnreachable || got.Text != textNotInspected || !strings.Contains(got.Detail, "registries hold") {
			t.Errorf("%s: %+v", name, got)
		}
		if len(p.source.Counts())+len(p.mirror.Counts()) > 0 {
			t.Errorf("%s: asked %v and %v", name, p.source.Counts(), p.mirror.Counts())
		}
	}
}

// TestSearchedAndShortNames: names without a registry are asked for where the
// nodes look, and not at all where they are an ImageStream's.
func TestSearchedAndShortNames(t *testing.T) {
	p := newPair(t, false, imagetest.Options{})
	p.rules = mirror.Rules{Search: []string{p.mirror.Host(), p.source.Host()}, Short: true}
	c := p.client(t, nil)
	if got := inspect(t, c, imageinspect.Query{Reference: "copies/team/web:1", Platforms: []string{"linux/amd64"}}); got[0].Config.Entrypoint[0] != "mirror" {
		t.Errorf("copies/team/web is %v", got[0].Config)
	}
	if got := inspect(t, c, imageinspect.Query{Reference: "team/web:1", Platforms: []string{"linux/amd64"}}); got[0].Config.Entrypoint[0] != "source" {
		t.Errorf("team/web is %v", got[0].Config)
	}
	p.mirror.ResetCounts()
	p.source.ResetCounts()
	for _, reference := range []string{"web", "web:1", "web@" + p.digest} {
		got := fails(t, c, imageinspect.Query{Reference: reference, Platforms: []string{"linux/amd64"}})
		if got.Code != imageinspect.CodeImageStream || got.Text != textImageStream || !strings.Contains(got.Detail, "imageStreams") {
			t.Errorf("%s: %+v", reference, got)
		}
	}
	if len(p.source.Counts())+len(p.mirror.Counts()) > 0 {
		t.Errorf("asked %v and %v", p.source.Counts(), p.mirror.Counts())
	}
}

// TestElsewhere: an image lies where a rule says, under its own name for all
// that is told.
func TestElsewhere(t *testing.T) {
	p := newPair(t, false, imagetest.Options{})
	p.rules = mirror.Rules{Sources: []mirror.Source{{Prefix: "example.com/shop", Location: p.source.Host() + "/team"}}}
	got := inspect(t, p.client(t, nil), imageinspect.Query{Reference: "example.com/shop/web:1", Platforms: []string{"linux/amd64"}})
	if got[0].Config.Entrypoint[0] != "source" {
		t.Errorf("got %v", got[0].Config)
	}
}

// TestTagOfALaterPlace: that a later place is known, because somebody named it,
// does not answer for a tag which the first one may have.
func TestTagOfALaterPlace(t *testing.T) {
	p := newPair(t, false, imagetest.Options{})
	p.mirror.MustPush(t, "team/web:1", imagetest.Spec{Entrypoint: []string{"first"}})
	p.rules = mirror.Rules{Search: []string{p.mirror.Host(), p.source.Host()}, Short: true}
	c := p.client(t, nil)
	short := func(identifier string) imageinspect.Query {
		return imageinspect.Query{Reference: "team/web" + identifier, Platforms: []string{"linux/amd64"}}
	}
	if got := inspect(t, c, query(p.source, "team/web:1"))[0].Config.Entrypoint[0]; got != "source" {
		t.Fatalf("the source's image is %s", got)
	}
	if got := inspect(t, c, short(":1"))[0].Config.Entrypoint[0]; got != "first" {
		t.Errorf("team/web:1 is the image of %s; nodes take that of the first place", got)
	}
	// A digest is the same everywhere: what is known answers.
	inspect(t, c, query(p.source, "team/web@"+p.digest))
	p.mirror.ResetCounts()
	p.source.ResetCounts()
	if got := inspect(t, c, short("@"+p.digest))[0].Config.Entrypoint[0]; got != "source" || p.mirror.Counts().Content()+p.source.Counts().Content() > 0 {
		t.Errorf("by digest: %s, asked %v and %v", got, p.mirror.Counts(), p.source.Counts())
	}
	// A place that says that it has no such tag is passed over, and asked no more
	// often than that is remembered.
	p.source.MustPush(t, "team/web:2", imagetest.Spec{Entrypoint: []string{"two"}})
	asked := 0
	for i := range 3 {
		if got := inspect(t, c, short(":2"))[0].Config.Entrypoint[0]; got != "two" {
			t.Errorf("team/web:2 is %s", got)
		}
		n := p.mirror.Counts()[imagetest.HeadManifest]
		if i > 0 && n != asked || n == 0 {
			t.Errorf("after %d lookups the first place was asked %d times, after the first %d", i+1, n, asked)
		}
		asked = n
	}
}
