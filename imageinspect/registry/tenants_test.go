package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/registry/keyring"
)

// cabinet holds the pull secrets of namespaces.
type cabinet struct {
	mu      sync.Mutex
	secrets map[string]PullSecrets
	reads   int
}

func (c *cabinet) PullSecrets(_ context.Context, q imageinspect.Query) (PullSecrets, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	return c.secrets[q.Namespace], nil
}

// put gives a namespace logins for a registry, each in a secret of its own.
func (c *cabinet) put(t *testing.T, namespace, host string, logins ...imagetest.Login) {
	t.Helper()
	var held PullSecrets
	for i, l := range logins {
		config := fmt.Sprintf(`{%q:{"username":%q,"password":%q}}`, host, l.Username, l.Password)
		s, err := keyring.Parse(fmt.Sprintf("secret%d", i), keyring.TypeConfig, map[string][]byte{keyring.FieldConfig: []byte(config)})
		if err != nil {
			t.Fatal(err)
		}
		held.Secrets = append(held.Secrets, s)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secrets == nil {
		c.secrets = map[string]PullSecrets{}
	}
	c.secrets[namespace] = held
}

// tenantClient is a client of tenants: no registry is shared.
func tenantClient(t *testing.T, r *imagetest.Registry, held PullSecretReader, change func(*Options)) *Client {
	t.Helper()
	return newClient(t, r, func(o *Options) {
		entry := entryFor(r)
		entry.Shared = false
		o.Registries = func() []Registry { return []Registry{entry} }
		o.PullSecrets = held
		if change != nil {
			change(o)
		}
	})
}

// pusher may do everything.
var pusher = imagetest.Login{Username: "pusher", Password: "pushes"}

func logins(n int) []imagetest.Login {
	out := make([]imagetest.Login, n)
	for i := range out {
		out[i] = imagetest.Login{Username: fmt.Sprintf("user%d", i), Password: fmt.Sprintf("canary%d", i)}
	}
	return out
}

// private is a registry where nobody may read but those who are listed.
func private(t *testing.T, token bool, status int, members map[string][]imagetest.Login) *imagetest.Registry {
	t.Helper()
	return imagetest.New(t, imagetest.Options{
		Username: pusher.Username, Password: pusher.Password, Token: token, Access: imagetest.Members(status, members),
	})
}

// TestEachLoginIsTried: of several pull secrets that match only one is right,
// whatever the registry says to the others.
func TestEachLoginIsTried(t *testing.T) {
	l := logins(4)
	for _, token := range []bool{false, true} {
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
			t.Run(fmt.Sprintf("token %v, %d", token, status), func(t *testing.T) {
				r := private(t, token, status, map[string][]imagetest.Login{"team/web": {l[2]}, "other": {l[0]}})
				digest := r.MustPush(t, "team/web:1", node(""))
				held, clock := &cabinet{}, newClock()
				held.put(t, "team", r.Host(), l...) // the second is wrong altogether
				c := tenantClient(t, r, held, func(o *Options) { o.Now = clock.Now })
				r.ResetCounts()
				if got := inspect(t, c, query(r, "team/web:1"))[0].Digest; got != digest {
					t.Errorf("digest %s, want %s", got, digest)
				}
				if got := strings.Join(r.Requests(), "\n"); strings.Contains(got, l[3].Username) {
					t.Errorf("a login after the right one was tried:\n%s", got)
				}
				// The right one is remembered, its proof is not for ever.
				clock.Advance(2 * time.Minute)
				r.ResetCounts()
				inspect(t, c, query(r, "team/web:1"))
				want := []string{"HEAD /v2/team/web/manifests/1 " + l[2].Username}
				if diff := cmp.Diff(want, r.Requests()); diff != "" {
					t.Errorf("requests afterwards (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestAnonymousComesLast: a wrong pull secret is no reason not to read what
// everybody may; and what everybody may read is read without secrets then.
func TestAnonymousComesLast(t *testing.T) {
	l := logins(1)
	r := private(t, true, http.StatusForbidden, map[string][]imagetest.Login{"public": {{}}, "other": l})
	r.MustPush(t, "public:1", node(""))
	held := &cabinet{}
	held.put(t, "team", r.Host(), imagetest.Login{Username: "stale", Password: "canary"})
	c := tenantClient(t, r, held, nil)
	inspect(t, c, query(r, "public:1"))
	reads := held.reads
	r.ResetCounts()
	inspect(t, c, in("others", r, "public:1"))
	if len(r.Requests()) != 0 || held.reads != reads {
		t.Errorf("%d secrets read, requests %v: want none for a proof that holds for all", held.reads-reads, r.Requests())
	}
}

// TestOtherFailuresEndIt: a registry that is ill is not asked with every login.
func TestOtherFailuresEndIt(t *testing.T) {
	for name, fault := range map[string]imagetest.Fault{"500": imagetest.Status(500), "429": imagetest.Status(429), "hang": imagetest.Hang()} {
		t.Run(name, func(t *testing.T) {
			l := logins(3)
			r := private(t, false, http.StatusForbidden, map[string][]imagetest.Login{"web": l})
			r.MustPush(t, "web:1", node(""))
			held := &cabinet{}
			held.put(t, "team", r.Host(), l...)
			c := tenantClient(t, r, held, func(o *Options) { o.Timeout = 200 * time.Millisecond })
			r.ResetCounts()
			r.Break(imagetest.On(fault, imagetest.HeadManifest))
			fails(t, c, query(r, "web:1"))
			if n := r.Counts()[imagetest.HeadManifest]; n != 1 {
				t.Errorf("%d logins were tried, want 1: %v", n, r.Requests())
			}
		})
	}
}

// TestAllRefused: the platform is told what was tried; nobody is told a
// password.
func TestAllRefused(t *testing.T) {
	l := logins(3)
	r := private(t, true, http.StatusForbidden, map[string][]imagetest.Login{"web": {pusher}, "other": l[:1], "third": l[2:]})
	r.MustPush(t, "web:1", node(""))
	held, counts := &cabinet{}, &tally{}
	held.put(t, "team", r.Host(), l...)
	c := tenantClient(t, r, held, func(o *Options) { o.Observer = counts })
	_, err := c.Inspect(t.Context(), query(r, "web:1"))
	got := reason(t, err)
	want := `tried in turn: pull secret "secret0" (forbidden), pull secret "secret1" (unauthorized), pull secret "secret2" (forbidden), no login (unauthorized)`
	if got.Text != textNotInspected || !strings.Contains(got.Detail, want) || !strings.Contains(got.Detail, "403") {
		t.Errorf("reason %+v, want 403 and %s", got, want)
	}
	if results := counts.inspections(); !slices.Equal(results, []string{"forbidden"}) {
		t.Errorf("results %v", results)
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "canary") {
			t.Errorf("an error holds a password: %s", text)
		}
	}
}

func TestLoginsAreBounded(t *testing.T) {
	r := private(t, false, http.StatusForbidden, map[string][]imagetest.Login{"web": {pusher}})
	held := &cabinet{}
	held.put(t, "team", r.Host(), logins(100)...)
	c := tenantClient(t, r, held, nil)
	fails(t, c, query(r, "web:1"))
	if n := r.Counts()[imagetest.HeadManifest]; n != maxLogins+1 {
		t.Errorf("%d logins were tried, want %d and none", n, maxLogins)
	}
}

// TestTenants: what A has read is not shown to B, who may not read it, and B
// can't learn that A has read it: neither from the answer, nor from what
// initguard asks of the registry.
func TestTenants(t *testing.T) {
	l := logins(2)
	layer := imagetest.Files(imagetest.Program("start.sh", "#!/bin/sh\nexec node\n"))
	image := imagetest.Spec{Entrypoint: []string{"/start.sh"}, Layers: []imagetest.Layer{layer}}
	for _, token := range []bool{false, true} {
		for _, b := range []struct {
			name   string
			logins []imagetest.Login
		}{
			{"without a login", nil}, {"with another login", l[1:]}, {"with a wrong password", []imagetest.Login{{Username: l[0].Username, Password: "guess"}}},
		} {
			t.Run(fmt.Sprintf("token %v, B %s", token, b.name), func(t *testing.T) {
				r := private(t, token, http.StatusNotFound, map[string][]imagetest.Login{"a/private": l[:1], "public": {{}}, "b/own": l[1:]})
				digest := r.MustPush(t, "a/private:1", image)
				r.MustPush(t, "public:1", imagetest.Spec{Entrypoint: []string{"other"}})
				r.MustPush(t, "b/own:1", imagetest.Spec{Entrypoint: []string{"other"}})
				held := &cabinet{}
				held.put(t, "a", r.Host(), l[0])
				held.put(t, "b", r.Host(), b.logins...)
				used, fresh := tenantClient(t, r, held, nil), tenantClient(t, r, held, nil)
				images := inspect(t, used, in("a", r, "a/private:1"))
				inspect(t, used, in("a", r, "a/private@"+digest))
				if _, err := images[0].Files.File(t.Context(), "/start.sh"); err != nil {
					t.Fatal(err)
				}
				for _, asked := range []string{"a/private:1", "a/private@" + digest, "public@" + digest, "b/own@" + digest, "a/private:none"} {
					answers, requests := make([]imageinspect.Reason, 2), make([][]string, 2)
					for i, c := range []*Client{fresh, used} {
						r.ResetCounts()
						answers[i] = fails(t, c, in("b", r, asked))
						requests[i] = r.Requests()
					}
					if diff := cmp.Diff(requests[0], requests[1]); diff != "" || len(requests[0]) == 0 {
						t.Errorf("%s: requests (-empty cache +after A):\n%s", asked, diff)
					}
					if diff := cmp.Diff(answers[0], answers[1]); diff != "" || answers[0].Code != imageinspect.CodeUnreachable {
						t.Errorf("%s: answers (-empty cache +after A):\n%s", asked, diff)
					}
				}
			})
		}
	}
}

// TestProofEnds: a login that lost its rights is shown nothing once the proof
// is over.
func TestProofEnds(t *testing.T) {
	l := logins(1)
	members := map[string][]imagetest.Login{"web": l}
	var mu sync.Mutex
	access := func(login imagetest.Login, repository string) int {
		mu.Lock()
		defer mu.Unlock()
		return imagetest.Members(http.StatusForbidden, members)(login, repository)
	}
	r := imagetest.New(t, imagetest.Options{Username: pusher.Username, Password: pusher.Password, Access: access})
	digest := r.MustPush(t, "web:1", node(""))
	held, clock := &cabinet{}, newClock()
	held.put(t, "team", r.Host(), l...)
	c := tenantClient(t, r, held, func(o *Options) { o.Now = clock.Now })
	for _, image := range []string{"web:1", "web@" + digest} {
		inspect(t, c, query(r, image))
	}
	mu.Lock()
	members["web"] = nil
	members["elsewhere"] = l
	mu.Unlock()
	clock.Advance(2 * time.Minute)
	for _, image := range []string{"web:1", "web@" + digest} {
		fails(t, c, query(r, image))
	}
}

// TestRotation: another password is another set of credentials, which proves
// itself; the old one's failure is not held against it.
func TestRotation(t *testing.T) {
	l := logins(2)
	r := private(t, true, http.StatusForbidden, map[string][]imagetest.Login{"web": l[1:]})
	r.MustPush(t, "web:1", node(""))
	held := &cabinet{}
	held.put(t, "team", r.Host(), l[0])
	c := tenantClient(t, r, held, nil)
	fails(t, c, query(r, "web:1"))
	held.put(t, "team", r.Host(), l[1])
	inspect(t, c, query(r, "web:1"))
	held.put(t, "team", r.Host(), l[0])
	fails(t, c, query(r, "web:1"))
}

// TestOneInspectionForAll: ten namespaces, each with a login of its own, need
// one proof each, and together one reading, also of a file.
func TestOneInspectionForAll(t *testing.T) {
	l := logins(10)
	r := private(t, true, http.StatusForbidden, map[string][]imagetest.Login{"web": l})
	layer := imagetest.Files(imagetest.Program("start.sh", "#!/bin/sh\nexec node\n"))
	r.MustPush(t, "web:1", imagetest.Spec{Entrypoint: []string{"/start.sh"}, Layers: []imagetest.Layer{layer}})
	held := &cabinet{}
	for i := range l {
		held.put(t, fmt.Sprint("team", i), r.Host(), l[i])
	}
	c := tenantClient(t, r, held, nil)
	r.ResetCounts()
	gate, open := imagetest.Gate()
	r.Break(imagetest.On(gate, imagetest.GetManifest))
	var teams sync.WaitGroup
	for i := range l {
		for range 10 {
			teams.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				images, err := c.Inspect(ctx, in(fmt.Sprint("team", i), r, "web:1"))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := images[0].Files.File(ctx, "/start.sh"); err != nil {
					t.Error(err)
				}
			})
		}
	}
	eventually(t, "all have proved their rights", func() bool { return r.Counts()[imagetest.HeadManifest] == len(l) })
	open()
	teams.Wait()
	got := r.Counts()
	if got[imagetest.HeadManifest] != 10 || got[imagetest.GetManifest] != 1 || got[imagetest.GetBlob] != 2 {
		t.Errorf("requests %v, want 10 HEAD, 1 manifest, 2 blobs", got)
	}
}

// TestSharedNeedsNoSecrets: where initguard's own login is let in, no pull
// secret is used; where it is refused, the pod's own are.
func TestSharedNeedsNoSecrets(t *testing.T) {
	l, own := logins(1), imagetest.Login{Username: "own", Password: "canary-own"}
	r := private(t, true, http.StatusNotFound, map[string][]imagetest.Login{"team": l, "shared": {own}})
	r.MustPush(t, "team:1", node(""))
	r.MustPush(t, "shared:1", node(""))
	held := &cabinet{}
	held.put(t, "team", r.Host(), l...)
	c := newClient(t, r, func(o *Options) { o.PullSecrets, o.Keychain = held, fixed(own) })
	r.ResetCounts()
	inspect(t, c, query(r, "shared:1"))
	inspect(t, c, in("other", r, "shared:1"))
	if got := r.Counts(); got[imagetest.HeadManifest] != 1 || strings.Contains(strings.Join(r.Requests(), "\n"), l[0].Username) {
		t.Errorf("requests %v, want one HEAD without a pull secret", r.Requests())
	}
	inspect(t, c, query(r, "team:1"))
	fails(t, c, in("other", r, "team:1"))
}

// fixed is a keychain with one login for every registry.
type fixed imagetest.Login

func (f fixed) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: f.Username, Password: f.Password}, nil
}

// TestWithheldSecrets: whoever's pull secrets can't be read is told so, and
// nobody else is.
func TestWithheldSecrets(t *testing.T) {
	r := private(t, true, http.StatusForbidden, map[string][]imagetest.Login{"web": {pusher}, "public": {{}}})
	r.MustPush(t, "web:1", node(""))
	r.MustPush(t, "public:1", node(""))
	held := &cabinet{secrets: map[string]PullSecrets{
		"a": {Withheld: true, Notes: []string{`the note about "a"`}},
		"b": {Notes: []string{`the note about "b"`}},
	}}
	c := tenantClient(t, r, held, nil)
	for range 2 { // from the registry, then from memory
		a, b, none := fails(t, c, in("a", r, "web:1")), fails(t, c, in("b", r, "web:1")), fails(t, c, in("c", r, "web:1"))
		if a.Text != textWithheld || !strings.HasSuffix(a.Detail, `; the note about "a"`) || strings.Contains(a.Detail, `"b"`) {
			t.Errorf("a: %+v", a)
		}
		if b.Text != textNotInspected || !strings.HasSuffix(b.Detail, `; the note about "b"`) || strings.Contains(b.Detail, `"a"`) {
			t.Errorf("b: %+v", b)
		}
		if none.Text != textNotInspected || strings.Contains(none.Detail, "note") {
			t.Errorf("c: %+v", none)
		}
	}
	inspect(t, c, in("a", r, "public:1"))
	r.Break(imagetest.Status(500))
	if got := fails(t, c, in("a", r, "down:1")); got.Text != textWithheld {
		t.Errorf("the text tells how the registry is: %+v", got)
	}
}

// slowSecrets never come within a caller's deadline.
type slowSecrets struct{}

func (slowSecrets) PullSecrets(ctx context.Context, _ imageinspect.Query) (PullSecrets, error) {
	<-ctx.Done()
	return PullSecrets{}, ctx.Err()
}

func TestSecretsThatTakeLong(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	begins(t, tenantClient(t, r, slowSecrets{}, nil), query(r, "web:1"))
}

// gatekeeper lets the ServiceAccounts that it lists pull an image stream.
type gatekeeper struct {
	may   []string // NAMESPACE/ACCOUNT NAMESPACE/STREAM
	token string
	fails error
}

func (g *gatekeeper) MayPull(_ context.Context, q imageinspect.Query, namespace, name string) error {
	if who := q.Namespace + "/" + q.ServiceAccount + " " + namespace + "/" + name; !slices.Contains(g.may, who) {
		return errors.New("not " + who)
	}
	return nil
}

func (g *gatekeeper) Token() (string, error) { return g.token, g.fails }

// TestInternalRegistry: pods are let in by what their ServiceAccounts may, and
// initguard logs in with its own token, as it is at that time.
func TestInternalRegistry(t *testing.T) {
	var mu sync.Mutex
	valid := "token1"
	access := func(l imagetest.Login, _ string) int {
		mu.Lock()
		defer mu.Unlock()
		if l.Password == valid {
			return http.StatusOK
		}
		return http.StatusUnauthorized
	}
	r := imagetest.New(t, imagetest.Options{Username: pusher.Username, Password: pusher.Password, Token: true, Access: access})
	digest := r.MustPush(t, "a/web:1", node(""))
	gate := &gatekeeper{token: "token1", may: []string{"a/default a/web", "b/puller a/web"}}
	held, clock := &cabinet{}, newClock()
	entry := entryFor(r)
	entry.Shared, entry.Internal = false, true
	c := newClient(t, r, func(o *Options) {
		o.Registries = func() []Registry { return []Registry{entry} }
		o.PullSecrets, o.ImageStreams, o.Now = held, gate, clock.Now
	})
	ask := func(namespace, account, image string) imageinspect.Query {
		q := in(namespace, r, image)
		q.ServiceAccount = account
		return q
	}
	inspect(t, c, ask("a", "default", "a/web:1"))
	r.ResetCounts()
	inspect(t, c, ask("b", "puller", "a/web:1"))
	for _, q := range []imageinspect.Query{ask("b", "default", "a/web:1"), ask("b", "default", "a/web@"+digest), ask("b", "puller", "a/other:1"), ask("a", "default", "a/web/deep:1")} {
		if got := fails(t, c, q); got.Text != textNotInspected || got.Code != imageinspect.CodeUnreachable {
			t.Errorf("%s of %s: %+v", q.ServiceAccount, q.Namespace, got)
		}
	}
	if n := len(r.Requests()); n != 0 || held.reads != 0 {
		t.Errorf("%d pull secrets were read, requests %v: want neither", held.reads, r.Requests())
	}
	mu.Lock()
	valid = "token2"
	mu.Unlock()
	clock.Advance(10 * time.Minute)
	fails(t, c, ask("a", "default", "a/web:1"))
	gate.token = "token2"
	clock.Advance(10 * time.Minute)
	inspect(t, c, ask("a", "default", "a/web:1"))
}
