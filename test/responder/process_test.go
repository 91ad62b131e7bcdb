package responder

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/cluster/process"
)

// replica is a running `initguard responder`.
type replica struct {
	process *process.Process
	metrics string
}

// run starts a responder with its own ServiceAccount's rights, asking every
// second.
func (e *env) run(t *testing.T, name string, args ...string) *replica {
	t.Helper()
	port := freePort(t)
	r := &replica{metrics: fmt.Sprintf("http://127.0.0.1:%d/metrics", port)}
	var err error
	r.process, err = e.group.Start(process.Spec{
		Name: name, Path: e.binary, Env: os.Environ(), Grace: 10 * time.Second,
		Args: append([]string{
			"responder", "--kubeconfig", e.kubeconfig(t), "--interval=1s", "--refresh=1s", "--health-probe-bind-address=0",
			fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", port), "--log-level=debug",
		}, args...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.process.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal(l.Addr())
	}
	return address.Port
}

// kubeconfig is one of the responder's own identity.
func (e *env) kubeconfig(t *testing.T) string {
	t.Helper()
	token := strings.TrimSpace(kubectl(t, "create", "token", "initguard-responder", "-n", systemNamespace, "--duration=1h"))
	dir := t.TempDir()
	ca, file := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "kubeconfig")
	content := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: responder
contexts: [{name: responder, context: {cluster: test, user: responder}}]
clusters: [{name: test, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: responder, user: {token: %q}}]
`, e.cluster.Server, ca, token)
	for name, text := range map[string][]byte{ca: e.cluster.CA, file: []byte(content)} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// scrape gives the metrics whose names begin with initguard_.
func (r *replica) scrape(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.metrics, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return "", err
	}
	var ours strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "initguard_") {
			ours.WriteString(line)
		}
	}
	return ours.String(), nil
}
