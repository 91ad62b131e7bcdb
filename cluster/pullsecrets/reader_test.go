package pullsecrets

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/registry"
)

// server is an API server in memory, which counts what is read.
type server struct {
	mu       sync.Mutex
	secrets  map[string]*corev1.Secret // NAMESPACE/NAME
	accounts map[string]*corev1.ServiceAccount
	fails    error
	reads    map[string]int
}

func (s *server) Secret(_ context.Context, namespace, name string) (*corev1.Secret, error) {
	return find(s, s.secrets, "secrets", namespace, name)
}

func (s *server) ServiceAccount(_ context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	return find(s, s.accounts, "serviceaccounts", namespace, name)
}

func find[T any](s *server, from map[string]*T, resource, namespace, name string) (*T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads == nil {
		s.reads = map[string]int{}
	}
	s.reads[resource+" "+namespace+"/"+name]++
	if s.fails != nil {
		return nil, s.fails
	}
	if found := from[namespace+"/"+name]; found != nil {
		return found, nil
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: resource}, name)
}

func config(content string) *corev1.Secret {
	return &corev1.Secret{Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(content)}}
}

const (
	first  = `{"auths":{"r.io":{"username":"u1","password":"canary"}}}`
	second = `{"auths":{"r.io":{"username":"u2","password":"canary"}}}`
)

func account(secrets ...string) *corev1.ServiceAccount {
	a := &corev1.ServiceAccount{}
	for _, name := range secrets {
		a.ImagePullSecrets = append(a.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	return a
}

// newReader makes a reader whose clock the test sets.
func newReader(t *testing.T, s *server) (*Reader, *time.Time) {
	t.Helper()
	now := time.Unix(1_700_000_000, 0)
	r, err := New(s, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return r, &now
}

func read(t *testing.T, r *Reader, q imageinspect.Query) registry.PullSecrets {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got, err := r.PullSecrets(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func users(p registry.PullSecrets) string {
	var out []string
	for _, l := range p.Lookup("r.io/a") {
		username, _ := l.Reveal()
		out = append(out, username)
	}
	return strings.Join(out, " ")
}

func TestPullSecrets(t *testing.T) {
	opaque := config(first)
	opaque.Type = corev1.SecretTypeOpaque
	s := &server{
		secrets: map[string]*corev1.Secret{
			"a/one": config(first), "a/two": config(second), "a/bad": config(`{"auths":{"r.io":{"auth":"canary"}}}`), "a/opaque": opaque,
			"a/cfg": {Type: corev1.SecretTypeDockercfg, Data: map[string][]byte{corev1.DockerConfigKey: []byte(`{"r.io":{"username":"u3","password":"canary"}}`)}},
			"b/one": config(second),
		},
		accounts: map[string]*corev1.ServiceAccount{"a/default": account("one"), "a/builder": account("", "two", "one"), "b/default": account()},
	}
	for _, test := range []struct {
		name  string
		q     imageinspect.Query
		users string
		note  string
		asks  string // must be among the reads
		not   string // must not
	}{
		{"the pod's", imageinspect.Query{Namespace: "a", PullSecrets: []string{"two", "one"}}, "u2 u1", "", "secrets a/two", "serviceaccounts a/default"},
		{"the pod's win over the account's", imageinspect.Query{Namespace: "a", PullSecrets: []string{"two"}, ServiceAccount: "default"}, "u2", "", "", "secrets a/one"},
		{"dockercfg", imageinspect.Query{Namespace: "a", PullSecrets: []string{"cfg"}}, "u3", "", "", ""},
		{"the default account's", imageinspect.Query{Namespace: "a"}, "u1", "", "serviceaccounts a/default", "secrets a/two"},
		{"an account's", imageinspect.Query{Namespace: "a", ServiceAccount: "builder"}, "u2 u1", "", "serviceaccounts a/builder", "secrets a/"},
		{"an account without any", imageinspect.Query{Namespace: "b"}, "", "", "", "secrets b/one"},
		{"no account", imageinspect.Query{Namespace: "a", ServiceAccount: "none"}, "", `ServiceAccount "none" is missing`, "", ""},
		{"one is missing", imageinspect.Query{Namespace: "a", PullSecrets: []string{"none", "one"}}, "u1", `pull secret "none" is missing`, "", ""},
		{"one is broken", imageinspect.Query{Namespace: "a", PullSecrets: []string{"bad", "one"}}, "u1", `pull secret "bad" can't be used: an auth field is not base64`, "", ""},
		{"opaque", imageinspect.Query{Namespace: "a", PullSecrets: []string{"opaque"}}, "", `its type is "Opaque"`, "", ""},
		{"another namespace's", imageinspect.Query{Namespace: "b", PullSecrets: []string{"one"}}, "u2", "", "secrets b/one", "secrets a/one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.reads = nil
			r, _ := newReader(t, s)
			got := read(t, r, test.q)
			notes := strings.Join(got.Notes, "; ")
			if users(got) != test.users || got.Withheld || !strings.Contains(notes, test.note) || test.note == "" && notes != "" {
				t.Errorf("users %q, want %q; withheld %v; notes %q, want %q", users(got), test.users, got.Withheld, notes, test.note)
			}
			if strings.Contains(notes, "canary") {
				t.Errorf("a note holds a password: %s", notes)
			}
			if test.asks != "" && s.reads[test.asks] == 0 || test.not != "" && s.reads[test.not] > 0 {
				t.Errorf("reads %v, want %q and not %q", s.reads, test.asks, test.not)
			}
		})
	}
}

func TestManyPullSecrets(t *testing.T) {
	s := &server{secrets: map[string]*corev1.Secret{}}
	var names []string
	for i := range 40 {
		names = append(names, strings.Repeat("x", i+1))
		s.secrets["a/"+names[i]] = config(first)
	}
	r, _ := newReader(t, s)
	got := read(t, r, imageinspect.Query{Namespace: "a", PullSecrets: names})
	if len(got.Secrets) != maxSecrets || len(s.reads) != maxSecrets || !strings.Contains(strings.Join(got.Notes, ";"), "the first 16 were read") {
		t.Errorf("%d secrets, %d reads, notes %q", len(got.Secrets), len(s.reads), got.Notes)
	}
	s.accounts = map[string]*corev1.ServiceAccount{"a/default": account(names...)}
	if got = read(t, r, imageinspect.Query{Namespace: "a"}); len(got.Secrets) != maxSecrets || len(got.Notes) != 1 {
		t.Errorf("of an account: %d secrets, notes %q", len(got.Secrets), got.Notes)
	}
}

// TestRefusals: what can't be read is told, and asked again after its time.
func TestRefusals(t *testing.T) {
	q := imageinspect.Query{Namespace: "a", PullSecrets: []string{"one"}}
	for _, test := range []struct {
		name     string
		err      error
		withheld bool
		note     string
		ttl      time.Duration
	}{
		{"forbidden", apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "one", errors.New("canary")), true,
			`initguard may not read pull secret "one" of namespace "a": bind the ClusterRole initguard-pull-secrets there`, WithheldTTL},
		{"missing", apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, "one"), false, `pull secret "one" is missing`, MissingTTL},
		{"failed", apierrors.NewInternalError(errors.New("canary")), false, `pull secret "one" could not be read: the API server says InternalError`, FailedTTL},
		{"gone", errors.New("dial tcp: canary"), false, `pull secret "one" could not be read: the API server did not answer`, FailedTTL},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &server{fails: test.err}
			r, now := newReader(t, s)
			for range 2 {
				got := read(t, r, q)
				if got.Withheld != test.withheld || len(got.Notes) != 1 || !strings.HasPrefix(got.Notes[0], test.note) || strings.Contains(got.Notes[0], "canary") {
					t.Errorf("withheld %v, notes %q", got.Withheld, got.Notes)
				}
			}
			if n := s.reads["secrets a/one"]; n != 1 {
				t.Errorf("read %d times within its time", n)
			}
			s.fails, s.secrets = nil, map[string]*corev1.Secret{"a/one": config(first)}
			*now = now.Add(test.ttl)
			if got := read(t, r, q); users(got) != "u1" || got.Withheld || len(got.Notes) > 0 {
				t.Errorf("after %s: %q, %q", test.ttl, users(got), got.Notes)
			}
			s.secrets["a/one"] = config(second)
			*now = now.Add(FoundTTL)
			if got := read(t, r, q); users(got) != "u2" {
				t.Errorf("after its rotation: %q", users(got))
			}
		})
	}
}

// TestForbiddenAccount: a namespace that nobody opened.
func TestForbiddenAccount(t *testing.T) {
	s := &server{fails: apierrors.NewForbidden(schema.GroupResource{Resource: "serviceaccounts"}, "default", nil)}
	r, _ := newReader(t, s)
	got := read(t, r, imageinspect.Query{Namespace: "a"})
	if !got.Withheld || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], `ServiceAccount "default" of namespace "a"`) {
		t.Errorf("%+v", got)
	}
}
