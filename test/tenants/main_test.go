// Package tenants tests with whose rights images are read, and who is shown what:
// through a real API server with its RBAC, real pull secrets and registries that
// ask for logins.
package tenants

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/stack"
)

// canary is a part of every password here; nothing may let it out.
const canary = "canary-password"

// teams is how many teams apply the same workload.
const teams = 10

// world is what all tests share, each in namespaces of its own.
type world struct {
	*stack.Stack
	repo string
	// basic and token are registries with these kinds of login, internal is
	// OpenShift's.
	basic, token, internal *imagetest.Registry
	// shown are all that users were shown.
	mu    sync.Mutex
	shown strings.Builder
	// ownTokens are those that initguard showed to the internal registry.
	ownTokens []string
}

var shared = &world{}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	code := 1
	if err := shared.start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "tenants:", err)
	} else if code = m.Run(); code != 0 {
		fmt.Fprintln(os.Stderr, shared.WebhookLog(40))
	}
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "tenants:", err)
		return 1
	}
	return code
}

func team(i int) imagetest.Login {
	return imagetest.Login{Username: fmt.Sprint("team", i), Password: fmt.Sprint(canary, i)}
}

// pushes may do everything in the registries.
var pushes = imagetest.Login{Username: "pushes", Password: canary + "-pushes"}

func (w *world) start(ctx context.Context) (err error) {
	if w.repo, err = filepath.Abs("../.."); err != nil {
		return err
	}
	var all []imagetest.Login
	for i := range teams {
		all = append(all, team(i))
	}
	members := map[string][]imagetest.Login{
		"shop/web": all, "shop/script": all, "a/private": {team(0)}, "a/second": {team(1)}, "public/web": {{}},
	}
	for _, r := range []struct {
		into   **imagetest.Registry
		token  bool
		access imagetest.Access
	}{
		{&w.basic, false, imagetest.Members(http.StatusForbidden, members)},
		{&w.token, true, imagetest.Members(http.StatusNotFound, members)},
		{&w.internal, true, w.ownToken},
	} {
		*r.into, err = imagetest.Start(imagetest.Options{Username: pushes.Username, Password: pushes.Password, Token: r.token, Access: r.access}) //nolint:contextcheck // It serves until stop.
		if err != nil {
			return err
		}
	}
	w.Stack, err = stack.Start(ctx, stack.Options{Repo: w.repo, Progress: os.Stderr, Race: raceEnabled, Config: w.config})
	if err != nil {
		return err
	}
	return w.applyComponents(ctx)
}

// config has no shared registry but that of the stack. Proofs hold for as long
// as the tests run: how many HEADs there are must not depend on their pace.
func (w *world) config(host string) string {
	var b strings.Builder
	b.WriteString(stack.Config(host))
	for _, r := range []*imagetest.Registry{w.basic, w.token, w.internal} {
		fmt.Fprintf(&b, "  - host: %s\n    plainHTTP: true\n    allowAddresses: [127.0.0.0/8]\n", r.Host())
		if r == w.internal {
			b.WriteString("    openshiftInternal: true\n")
		}
	}
	b.WriteString("cache: {tagTTL: 1h, failureTTL: 1s}\ninspection: {deadline: 4s}\n")
	return b.String()
}

// ownToken lets initguard's own token into the internal registry. Whose it is,
// is for the test to find out.
func (w *world) ownToken(l imagetest.Login, _ string) int {
	if l.Username != "initguard" || strings.Count(l.Password, ".") != 2 {
		return http.StatusUnauthorized
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ownTokens = append(w.ownTokens, l.Password)
	return http.StatusOK
}

// applyComponents applies the manifests' components as a platform does.
func (w *world) applyComponents(ctx context.Context) error {
	dir, err := os.MkdirTemp(filepath.Dir(w.Cluster.Dir), "components")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	components, err := relative(dir, filepath.Join(w.repo, "manifests", "components"))
	if err != nil {
		return err
	}
	content := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ncomponents: [%q, %q]\n",
		components+"/pull-secrets", components+"/internal-registry")
	return w.applyFolder(ctx, dir, content)
}

// open lets initguard read the pull secrets of a namespace.
func (w *world) open(t *testing.T, namespace string) {
	t.Helper()
	dir := t.TempDir()
	folder, err := relative(dir, filepath.Join(w.repo, "manifests", "components", "pull-secrets", "namespace"))
	if err != nil {
		t.Fatal(err)
	}
	content := fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: %s\nresources: [%q]\n", namespace, folder)
	if err := w.applyFolder(t.Context(), dir, content); err != nil {
		t.Fatal(err)
	}
}

func (w *world) applyFolder(ctx context.Context, dir, kustomization string) error {
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		return err
	}
	if out, err := w.Cluster.Kubectl(ctx, "apply", "-k", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl apply -k: %w\n%s", err, out)
	}
	return nil
}

// relative is the way from one folder to another, links resolved: kustomize
// takes no absolute path.
func relative(from, to string) (string, error) {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return "", err
	}
	if to, err = filepath.EvalSymlinks(to); err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}

func (w *world) stop() error {
	var errs []error
	if w.Stack != nil {
		errs = append(errs, w.Stop())
	}
	for _, r := range []*imagetest.Registry{w.basic, w.token, w.internal} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}

// kubectl runs a command and returns all that a user would see.
func (w *world) kubectl(t *testing.T, manifest string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := w.Cluster.Kubectl(ctx, args...)
	cmd.Stdin = strings.NewReader(manifest)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shown.Write(out)
	return string(out)
}

func (w *world) apply(t *testing.T, manifest string, args ...string) string {
	t.Helper()
	return w.kubectl(t, manifest, append([]string{"apply", "-f", "-"}, args...)...)
}

// namespace makes a namespace where an Unknown is told, too.
func (w *world) namespace(t *testing.T, name string) {
	t.Helper()
	w.apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+", labels: {initguard.dev/inject: possible}}\n")
}

// secret is a pull secret with one login for each host; old is a .dockercfg.
func secret(t *testing.T, namespace, name string, old bool, l imagetest.Login, hosts ...string) string {
	t.Helper()
	auths := map[string]any{}
	for _, host := range hosts {
		auths[host] = map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(l.Username + ":" + l.Password))}
	}
	var content any = map[string]any{"auths": auths}
	kind, field := "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
	if old {
		content, kind, field = auths, "kubernetes.io/dockercfg", ".dockercfg"
	}
	text, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\ntype: %s\ndata: {%s: %s}\n",
		name, namespace, kind, field, base64.StdEncoding.EncodeToString(text))
}

// account makes a ServiceAccount of a namespace with pull secrets.
func account(namespace, name string, secrets ...string) string {
	return fmt.Sprintf("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s, namespace: %s}\nimagePullSecrets: [%s]\n", name, namespace, references(secrets))
}

func references(secrets []string) string {
	var out []string
	for _, s := range secrets {
		out = append(out, "{name: "+s+"}")
	}
	return strings.Join(out, ", ")
}

// workload is a Deployment with one container, which nothing is injected into: a
// warning that tells PID 1 is what the tests look for.
func workload(namespace, name, image, account string, secrets ...string) string {
	return fmt.Sprintf(`---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  selector: {matchLabels: {app: %[2]s}}
  template:
    metadata: {labels: {app: %[2]s}}
    spec: {shareProcessNamespace: false, serviceAccountName: %[4]q, imagePullSecrets: [%[5]s], containers: [{name: app, image: %[3]q}]}
`, namespace, name, image, account, references(secrets))
}

const (
	judged  = "PID 1 will be node"
	unknown = "who will be PID 1 is not known: the image could not be inspected"
)

// eventually polls until what is shown holds a text.
func (w *world) eventually(t *testing.T, manifest, want string) {
	t.Helper()
	deadline := time.NewTimer(90 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		got := w.apply(t, manifest, "--dry-run=server")
		if strings.Contains(got, want) {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("want %q, got %s", want, got)
		case <-tick.C:
		}
	}
}
