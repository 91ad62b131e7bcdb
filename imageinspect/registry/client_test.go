package registry

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

func TestInspectImage(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	digest := r.MustPush(t, "team/web:1", node("linux/amd64"))
	c := newClient(t, r, nil)
	want := []imageinspect.Image{{
		Platform: "linux/amd64", Digest: digest, Index: digest, Repository: r.Host() + "/team/web",
		Config: imageinspect.Config{
			Entrypoint: []string{"node"}, Cmd: []string{"server.js"},
			Env: []string{"PATH=/bin"}, WorkingDir: "/app", User: "1000",
		},
	}}
	for _, image := range []string{"team/web:1", "team/web@" + digest, "team/web:other@" + digest} {
		if diff := cmp.Diff(want, inspect(t, c, query(r, image)), cmpopts.IgnoreFields(imageinspect.Image{}, "Files", "ConfigDigest")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", image, diff)
		}
	}
}

func TestInspectIndex(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	arm := node("linux/arm64/v8")
	arm.Cmd = []string{"arm.js"}
	r.MustPush(t, "web:1",
		node(imagetest.AttestationPlatform), node("windows/amd64"), node("linux/amd64"), arm, node("linux/arm/v6"))
	c := newClient(t, r, nil)
	for _, tc := range []struct {
		name      string
		platforms []string
		want      string
	}{
		{"one", []string{"linux/amd64"}, "linux/amd64"},
		{"in the query's order", []string{"linux/arm64", "linux/amd64"}, "linux/arm64 linux/amd64"},
		{"missing ones are left out", []string{"linux/s390x", "linux/arm64"}, "linux/arm64"},
		{"asked twice", []string{"linux/arm64", "linux/arm64/v8"}, "linux/arm64"},
		{"older variant", []string{"linux/arm"}, "linux/arm/v6"},
		{"windows when asked", []string{"windows/amd64"}, "windows/amd64"},
		{"none asked: all of linux", []string{}, "linux/amd64 linux/arm64 linux/arm/v6"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q := query(r, "web:1")
			q.Platforms = tc.platforms
			var got []string
			for _, image := range inspect(t, c, q) {
				got = append(got, image.Platform)
				if image.Platform == "linux/arm64" && image.Config.Cmd[0] != "arm.js" {
					t.Errorf("linux/arm64 has another platform's config: %v", image.Config)
				}
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("platforms = %v, want %s", got, tc.want)
			}
		})
	}
}

func TestInspectNoPlatform(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "index:1", node("linux/arm64"), node("windows/amd64"))
	r.MustPush(t, "single:1", node("linux/arm64"))
	c := newClient(t, r, nil)
	for _, image := range []string{"index:1", "single:1"} {
		for range 2 { // from the registry, then from memory
			got := fails(t, c, query(r, image, "linux/s390x"))
			if got.Code != imageinspect.CodeNoPlatform || !strings.Contains(got.Detail, "linux/arm64") {
				t.Errorf("%s: %+v, want %s naming linux/arm64", image, got, imageinspect.CodeNoPlatform)
			}
		}
	}
}

func TestLogin(t *testing.T) {
	for _, tc := range []struct {
		name    string
		options imagetest.Options
	}{
		{"basic", imagetest.Options{Username: "bot", Password: "canary-secret"}},
		{"token", imagetest.Options{Username: "bot", Password: "canary-secret", Token: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := imagetest.New(t, tc.options)
			r.MustPush(t, "web:1", node(""))
			inspect(t, newClient(t, r, nil), query(r, "web:1"))

			// The same keychain, but nobody said that tenants may use it.
			notShared := newClient(t, r, func(o *Options) {
				entry := entryFor(r)
				entry.Shared = false
				o.Registries = func() []Registry { return []Registry{entry} }
			})
			got := fails(t, notShared, query(r, "web:1"))
			if got.Code != imageinspect.CodeUnreachable || got.Text != textNotInspected ||
				!strings.Contains(got.Detail, "401") || !strings.Contains(got.Detail, r.Host()) {
				t.Errorf("without credentials: %+v", got)
			}
			if strings.Contains(got.Detail, "canary") {
				t.Errorf("detail holds the password: %s", got.Detail)
			}
			own := newClient(t, r, func(o *Options) {
				o.GuardAddresses, o.AllShared, o.Registries = false, true, nil
			})
			inspect(t, own, query(r, "web:1"))
			if !strings.Contains(got.Detail, "with shared set") {
				t.Errorf("detail %q does not tell the platform what to do", got.Detail)
			}
		})
	}
}

// TestLoginFix: who runs the client for themselves logs in, and has no
// entries.
func TestLoginFix(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret"})
	c := newClient(t, r, func(o *Options) {
		o.GuardAddresses, o.AllShared, o.Registries, o.Keychain = false, true, nil, nil
	})
	got := fails(t, c, query(r, "web:1"))
	if !strings.Contains(got.Detail, "docker login "+r.Host()) || strings.Contains(got.Detail, "shared") {
		t.Errorf("detail %q, want docker login of the host alone", got.Detail)
	}
	hub, p := c.parse(imageinspect.Query{Reference: "team/private:1"})
	if p != nil {
		t.Fatal(p)
	}
	if fix := c.loginFix(hub); fix != "run: docker login docker.io" {
		t.Errorf("Docker Hub: %q", fix)
	}
}

// TestSharedIsNotPublic: what was read with the shared credentials is not
// answered once the registry isn't shared any more.
func TestSharedIsNotPublic(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret"})
	digest := r.MustPush(t, "private:1", node(""))
	entry := entryFor(r)
	c := newClient(t, r, func(o *Options) { o.Registries = func() []Registry { return []Registry{entry} } })
	inspect(t, c, query(r, "private:1"))
	inspect(t, c, query(r, "private@"+digest))
	entry.Shared = false
	for _, image := range []string{"private:1", "private@" + digest} {
		if got := fails(t, c, query(r, image)); got.Code != imageinspect.CodeUnreachable {
			t.Errorf("%s: %+v", image, got)
		}
	}
}

// TestDigestInAnotherRepository: a digest that is known in one repository says
// nothing about another.
func TestDigestInAnotherRepository(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	digest := r.MustPush(t, "private:1", node(""))
	r.MustPush(t, "public:1", imagetest.Spec{Entrypoint: []string{"other"}})
	c := newClient(t, r, nil)
	inspect(t, c, query(r, "private@"+digest))
	got := fails(t, c, query(r, "public@"+digest))
	if got.Code != imageinspect.CodeUnreachable || !strings.Contains(got.Detail, "404") {
		t.Errorf("public@DIGEST: %+v", got)
	}
}

func TestBadQueries(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	c := newClient(t, r, nil)
	for _, tc := range []struct {
		name, reference string
		platforms       []string
		want            imageinspect.Code
	}{
		{"empty", "", nil, imageinspect.CodeImageName},
		{"upper case", r.Host() + "/Web:1", nil, imageinspect.CodeImageName},
		{"bad digest", r.Host() + "/web@sha256:12", nil, imageinspect.CodeImageName},
		{"spaces and newlines", "web 1\nInjected: x", nil, imageinspect.CodeImageName},
		{"long", strings.Repeat("a/", 2000) + "b", nil, imageinspect.CodeImageName},
		{"bad platform", r.Host() + "/web:1", []string{"linux"}, imageinspect.CodeNoPlatform},
		{"too many platforms", r.Host() + "/web:1", make([]string, maxPlatforms+1), imageinspect.CodeNoPlatform},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := fails(t, c, imageinspect.Query{Reference: tc.reference, Platforms: tc.platforms})
			if got.Code != tc.want || strings.ContainsAny(got.Detail, "\n\t") {
				t.Errorf("reason = %+v, want code %s on one line", got, tc.want)
			}
		})
	}
	if n := len(r.Counts()); n != 0 {
		t.Errorf("a bad query was sent to the registry: %v", r.Counts())
	}
}

func TestReferenceDefaults(t *testing.T) {
	for text, want := range map[string]string{
		"web":             "index.docker.io/library/web:latest",
		"docker.io/a/b:1": "index.docker.io/a/b:1",
		"example.com/a":   "example.com/a:latest",
		"localhost:1/a":   "localhost:1/a:latest",
	} {
		ref, err := parseReference(text)
		if err != nil || ref.Name() != want {
			t.Errorf("parseReference(%q) = %v, %v; want %s", text, ref, err, want)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, tc := range []struct {
		name  string
		o     Options
		field string
	}{
		{"negative size", Options{Bounds: Bounds{CacheSize: -1}}, "CacheSize"},
		{"negative ttl", Options{Bounds: Bounds{TagTTL: -time.Second}}, "TagTTL"},
		{"everyone's credentials for tenants", Options{GuardAddresses: true, AllShared: true}, "AllShared"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := New(tc.o); err == nil || !strings.Contains(err.Error(), tc.field) {
				t.Errorf("New: %v, want an error naming %s", err, tc.field)
			}
		})
	}
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	_, err = c.Inspect(context.Background(), imageinspect.Query{Reference: "localhost:1/web"})
	if got := reason(t, err); got.Code != imageinspect.CodeUnreachable || !strings.Contains(got.Detail, "closed") {
		t.Errorf("after Close: %+v", got)
	}
}
