package tenants

import (
	"fmt"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

func push(t *testing.T, r *imagetest.Registry, image string) string {
	t.Helper()
	script := imagetest.Files(imagetest.Program("start.sh", "#!/bin/sh\nexec node server.js\n"), imagetest.Program("bin/sh", "#!"))
	return r.MustPush(t, image, imagetest.Spec{Entrypoint: []string{"/start.sh"}, Layers: []imagetest.Layer{script}})
}

// TestOneInspection: one Deployment, applied a hundred times in ten namespaces
// with logins of their own, is one inspection, and one proof for each namespace.
func TestOneInspection(t *testing.T) {
	for name, r := range map[string]*imagetest.Registry{"basic": shared.basic, "token": shared.token} {
		t.Run(name, func(t *testing.T) {
			push(t, r, "shop/script:1")
			var setup, all strings.Builder
			for i := range teams {
				namespace := fmt.Sprintf("%s-team%d", name, i)
				shared.namespace(t, namespace)
				shared.open(t, namespace)
				setup.WriteString(secret(t, namespace, "login", false, team(i), r.Host()))
				secrets := []string{"login"}
				if i%2 == 0 { // the others have it of their ServiceAccount
					setup.WriteString(account(namespace, "default", "login"))
					secrets = nil
				}
				for n := range 10 {
					all.WriteString(workload(namespace, fmt.Sprint("app", n), r.Reference("shop/script:1"), "", secrets...))
				}
			}
			shared.apply(t, setup.String())
			r.ResetCounts()
			out := shared.apply(t, all.String())
			if n := strings.Count(out, judged); n == 0 || strings.Contains(out, "not known") {
				t.Errorf("%d judgements in %s", n, out)
			}
			if n := strings.Count(out, " created"); n != 100 {
				t.Errorf("%d Deployments were made, want 100", n)
			}
			got := r.Counts()
			if got[imagetest.HeadManifest] != teams || got[imagetest.GetManifest] != 1 || got[imagetest.GetBlob] != 2 {
				t.Errorf("requests %v, want %d HEADs, 1 manifest, 1 config and 1 layer", got, teams)
			}
		})
	}
}

// TestPullSecrets: what the kubelet could pull is judged.
func TestPullSecrets(t *testing.T) {
	shared.namespace(t, "secrets")
	shared.open(t, "secrets")
	push(t, shared.basic, "a/second:1")
	push(t, shared.token, "a/second:1")
	push(t, shared.token, "public/web:1")
	basic, token := shared.basic.Host(), shared.token.Host()
	shared.apply(t, secret(t, "secrets", "wrong", false, imagetest.Login{Username: "team1", Password: canary + "-wrong"}, basic, token)+
		secret(t, "secrets", "other", false, team(0), basic, token)+
		secret(t, "secrets", "right", false, team(1), basic, token)+
		secret(t, "secrets", "old", true, team(1), "127.0.0.*:"+strings.Split(basic, ":")[1], token+"/a")+
		account("secrets", "builder", "other", "right"))
	for i, test := range []struct {
		name, image, account string
		secrets              []string
		want                 string
	}{
		{"none", "a/second:1", "", nil, unknown},
		{"wrong", "a/second:1", "", []string{"wrong", "other"}, unknown},
		{"the last is right", "a/second:1", "", []string{"missing", "wrong", "other", "right"}, judged},
		{"dockercfg, globs and paths", "a/second:1", "", []string{"old"}, judged},
		{"the ServiceAccount's", "a/second:1", "builder", nil, judged},
		{"its own win over the ServiceAccount's", "a/second:1", "builder", []string{"other"}, unknown},
		{"public", "public/web:1", "", []string{"wrong"}, judged},
	} {
		for _, r := range []*imagetest.Registry{shared.basic, shared.token} {
			if r == shared.basic && strings.HasPrefix(test.image, "public") {
				continue // it has no such image
			}
			out := shared.apply(t, workload("secrets", fmt.Sprint("app", i), r.Reference(test.image), test.account, test.secrets...), "--dry-run=server")
			if !strings.Contains(out, test.want) {
				t.Errorf("%s: want %q, got %s", test.name, test.want, out)
			}
		}
	}
	log := shared.WebhookLog(1000)
	for _, want := range []string{`tried in turn: pull secret \"wrong\" (unauthorized), pull secret \"other\" (`, "/a/second: status 40"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

// TestNamespaceThatIsNotOpen: the verdict says that pull secrets can't be read,
// and after the RoleBinding is there, they are.
func TestNamespaceThatIsNotOpen(t *testing.T) {
	t.Parallel()
	shared.namespace(t, "shut")
	push(t, shared.token, "a/private:shut")
	shared.apply(t, secret(t, "shut", "login", false, team(0), shared.token.Host()))
	manifest := workload("shut", "app", shared.token.Reference("a/private:shut"), "", "login")
	out := shared.apply(t, manifest, "--dry-run=server")
	if !strings.Contains(out, unknown+": initguard may not read the pull secrets of this namespace") {
		t.Errorf("got %s", out)
	}
	if log := shared.WebhookLog(1000); !strings.Contains(log, `initguard may not read pull secret \"login\" of namespace \"shut\": bind the ClusterRole initguard-pull-secrets`) {
		t.Errorf("the log does not name the fix:\n%s", log)
	}
	shared.open(t, "shut")
	shared.eventually(t, manifest, judged)
}

// TestTenants: what one team read, another that may not is told nothing about.
func TestTenants(t *testing.T) {
	for _, namespace := range []string{"tenant-a", "tenant-b"} {
		shared.namespace(t, namespace)
		shared.open(t, namespace)
	}
	digest := push(t, shared.token, "a/private:1")
	shared.token.MustPush(t, "public/web:2", imagetest.Spec{Cmd: []string{"other"}})
	shared.apply(t, secret(t, "tenant-a", "login", false, team(0), shared.token.Host())+secret(t, "tenant-b", "login", false, team(1), shared.token.Host()))
	ask := func(namespace, image string) string {
		return shared.apply(t, workload(namespace, "app", shared.token.Reference(image), "", "login"), "--dry-run=server")
	}
	for _, image := range []string{"a/private:1", "a/private@" + digest} {
		if out := ask("tenant-a", image); !strings.Contains(out, judged) {
			t.Errorf("a, %s: %s", image, out)
		}
	}
	for _, image := range []string{"a/private:1", "a/private@" + digest, "public/web@" + digest} {
		shared.token.ResetCounts()
		if out := ask("tenant-b", image); !strings.Contains(out, unknown) || strings.Contains(out, judged) {
			t.Errorf("b, %s: %s", image, out)
		}
		got := strings.Join(shared.token.Requests(), "\n")
		if shared.token.Counts()[imagetest.HeadManifest] != 2 || strings.Contains(got, "team0") || strings.Contains(got, "GET /v2/a/private/manifests") {
			t.Errorf("b, %s: want a HEAD with its own login and one without: %s", image, got)
		}
	}
}

// TestRights: what initguard may read, as the API server sees it.
func TestRights(t *testing.T) {
	shared.namespace(t, "rights-open")
	shared.namespace(t, "rights-shut")
	shared.open(t, "rights-open")
	const who = "system:serviceaccount:initguard-system:initguard-webhook"
	for _, test := range []struct {
		verb, resource, namespace string
		may                       bool
	}{
		{"get", "secrets", "rights-open", true},
		{"list", "secrets", "rights-open", false},
		{"watch", "secrets", "rights-open", false},
		{"get", "serviceaccounts", "rights-open", true},
		{"list", "serviceaccounts", "rights-open", false},
		{"create", "serviceaccounts/token", "rights-open", false},
		{"get", "secrets", "rights-shut", false},
		{"get", "serviceaccounts", "rights-shut", false},
		{"get", "secrets", "initguard-system", false},
		{"get", "secrets", "kube-system", false},
		{"get", "pods", "rights-open", false},
	} {
		cmd := shared.Cluster.Kubectl(t.Context(), "auth", "can-i", test.verb, test.resource, "-n", test.namespace, "--as", who)
		out, _ := cmd.CombinedOutput() // an error is a no
		if got := strings.TrimSpace(string(out)); got != map[bool]string{true: "yes", false: "no"}[test.may] {
			t.Errorf("%s %s in %s: %s, want %v", test.verb, test.resource, test.namespace, got, test.may)
		}
	}
}
