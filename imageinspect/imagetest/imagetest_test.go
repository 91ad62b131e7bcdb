package imagetest_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

func TestLogin(t *testing.T) {
	for name, options := range map[string]imagetest.Options{
		"open":  {},
		"basic": {Username: "bot", Password: "secret"},
		"token": {Username: "bot", Password: "secret", Token: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := imagetest.New(t, options)
			digest := r.MustPush(t, "team/web:1", imagetest.Spec{Entrypoint: []string{"node"}})
			got, err := head(t, r, remote.WithAuthFromKeychain(r.Keychain()))
			if err != nil || got != digest {
				t.Errorf("with the login: %s, %v; want %s", got, err, digest)
			}
			_, err = head(t, r, remote.WithAuth(authn.Anonymous))
			if (err == nil) != (options.Username == "") {
				t.Errorf("without the login: %v", err)
			}
			_, err = head(t, r, remote.WithAuth(&authn.Basic{Username: "bot", Password: "wrong"}))
			if (err == nil) != (options.Username == "") {
				t.Errorf("with a wrong password: %v", err)
			}
		})
	}
}

func head(t *testing.T, r *imagetest.Registry, o remote.Option) (string, error) {
	t.Helper()
	ref, err := name.ParseReference(r.Reference("team/web:1"))
	if err != nil {
		t.Fatal(err)
	}
	descriptor, err := remote.Head(ref, o, remote.WithContext(t.Context()))
	if err != nil {
		return "", err
	}
	return descriptor.Digest.String(), nil
}

func TestDockerConfig(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret"})
	got := string(r.DockerConfig())
	if want := `{"auths":{"` + r.Host() + `":{"auth":"Ym90OnNlY3JldA=="}}}`; got != want {
		t.Errorf("DockerConfig() = %s, want %s", got, want)
	}
}

func TestIndex(t *testing.T) {
	index, err := imagetest.BuildIndex(
		imagetest.Spec{Platform: imagetest.AttestationPlatform}, imagetest.Spec{}, imagetest.Spec{Platform: "linux/arm/v6"})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range manifest.Manifests {
		got = append(got, m.Platform.String()+m.Annotations["vnd.docker.reference.type"])
	}
	want := "unknown/unknownattestation-manifest linux/amd64 linux/arm/v6"
	if strings.Join(got, " ") != want {
		t.Errorf("entries = %v, want %s", got, want)
	}
	if _, err := imagetest.Build(imagetest.Spec{Platform: "a/b/c/d"}); err == nil {
		t.Error("a platform of four parts is no error")
	}
}

func TestCountsAndFaults(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.Break(imagetest.On(imagetest.Status(http.StatusTeapot), imagetest.Ping))
	for path, want := range map[string]int{"/v2/": http.StatusTeapot, "/v2/web/manifests/1": http.StatusNotFound} {
		if got := get(t, t.Context(), r, path); got != want {
			t.Errorf("GET %s = %d, want %d", path, got, want)
		}
	}
	counts := r.Counts()
	if counts[imagetest.Ping] != 1 || counts[imagetest.GetManifest] != 1 || counts.Content() != 1 {
		t.Errorf("counts = %v", counts)
	}
	r.ResetCounts()
	if n := len(r.Counts()); n != 0 {
		t.Errorf("counts after the reset = %v", r.Counts())
	}
}

// TestCloseEndsHangingRequests: a test never waits for its own registry.
func TestCloseEndsHangingRequests(t *testing.T) {
	r, err := imagetest.Start(imagetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan struct{})
	r.Break(func(w http.ResponseWriter, req *http.Request) bool {
		close(arrived)
		return imagetest.Hang()(w, req)
	})
	ended := make(chan int)
	go func() { ended <- get(t, context.Background(), r, "/v2/") }()
	<-arrived
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if got := <-ended; got == http.StatusOK {
		t.Errorf("a request to a closed registry was answered: %d", got)
	}
}

// get returns the status, or 0 when there was no answer.
func get(t *testing.T, ctx context.Context, r *imagetest.Registry, path string) int { //nolint:revive // t first, as in every helper.
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Host()+path, nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

// TestTLS: the registry is known to those who know its CA, with each kind of
// login, and to nobody else.
func TestTLS(t *testing.T) {
	for _, o := range []imagetest.Options{{TLS: true}, {TLS: true, Username: "bot", Password: "secret"}, {TLS: true, Username: "bot", Password: "secret", Token: true}} {
		r := imagetest.New(t, o)
		r.MustPush(t, "web:1", imagetest.Spec{Entrypoint: []string{"node"}})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL()+"/v2/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if unknown := (x509.UnknownAuthorityError{}); !errors.As(err, &unknown) {
			t.Errorf("a client that doesn't know the CA: %v", err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}
