package cluster

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
)

func TestSideBySide(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var first, second *Cluster
	var wg sync.WaitGroup
	for _, c := range []**Cluster{&first, &second} {
		wg.Go(func() {
			var err error
			if *c, err = Start(t.Context(), Options{Root: root}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	mustKubectl(t, first, "create", "configmap", "only-here", "--from-literal=key=value")
	if got := mustKubectl(t, first, "get", "configmap", "only-here", "-o", "jsonpath={.data.key}"); got != "value" {
		t.Errorf("the ConfigMap holds %q, want %q", got, "value")
	}
	if out, err := kubectl(t, second, "get", "configmap", "only-here"); err == nil || !strings.Contains(out, "NotFound") {
		t.Errorf("the other cluster says %q, want that it has none", out)
	}
	pids := append(runningIn(t, first.Dir), runningIn(t, second.Dir)...)
	if len(pids) != 4 {
		t.Errorf("%d processes run, want etcd and kube-apiserver twice", len(pids))
	}
	for _, c := range []*Cluster{first, second} {
		begin := time.Now()
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
		t.Logf("stopped after %v", time.Since(begin).Round(time.Millisecond))
		if _, err := os.Stat(c.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", c.Dir, err)
		}
		select {
		case err := <-c.Exited():
			t.Errorf("a stopped cluster reports: %v", err)
		default:
		}
	}
	for _, pid := range pids {
		if running(t, pid) {
			t.Errorf("process %d is left", pid)
		}
	}
}

// A cluster is what a stock API server gives: checked on one for all tests that
// only read or use names of their own.
func TestControlPlane(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{Root: t.TempDir()})
	for name, test := range map[string]func(t *testing.T, c *Cluster){
		"version": testVersion,
		"token":   testToken,
		"pod":     testPod,
		"webhook": testWebhook,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

func testVersion(t *testing.T, c *Cluster) {
	out := mustKubectl(t, c, "version", "-o", "json")
	if n := strings.Count(out, `"gitVersion": "v1.`); n != 2 {
		t.Errorf("client and server must be stamped with their version:\n%s", out)
	}
}

func testPod(t *testing.T, c *Cluster) {
	mustKubectl(t, c, "run", "plain", "--image=example.com/app")
	mustKubectl(t, c, "run", "privileged", "--image=example.com/app", "--privileged")
}

// Neither the user's kubeconfig, preferences nor discovery cache may leak in.
func TestKubectlEnvironment(t *testing.T) {
	for _, name := range []string{"KUBECONFIG", "KUBECACHEDIR", "KUBERC"} {
		t.Setenv(name, "/home/user/"+name)
	}
	c := &Cluster{Dir: "/state", Binaries: binaries.Set{Kubectl: "/bin/kubectl"}}
	cmd := c.Kubectl(t.Context(), "get", "pods")
	want := []string{"KUBECONFIG=/state/admin.kubeconfig", "KUBECACHEDIR=/state/kubectl-cache", "KUBERC=off"}
	if got := cmd.Env[len(cmd.Env)-len(want):]; !slices.Equal(got, want) {
		t.Errorf("the environment ends in %q, want %q", got, want)
	}
	if want := []string{"/bin/kubectl", "get", "pods"}; !slices.Equal(cmd.Args, want) {
		t.Errorf("arguments %q, want %q", cmd.Args, want)
	}
}

// testToken shows that tokens are signed, accepted, and held to RBAC.
func testToken(t *testing.T, c *Cluster) {
	mustKubectl(t, c, "create", "serviceaccount", "robot")
	token := mustKubectl(t, c, "create", "token", "robot")
	asRobot := []string{"--kubeconfig=/dev/null", "--server=" + c.Server, "--certificate-authority=" + caFile(t, c), "--token=" + token}
	whoami := append([]string{"auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"}, asRobot...)
	if out := mustKubectl(t, c, whoami...); out != "system:serviceaccount:default:robot" {
		t.Errorf("the token's user is %q", out)
	}
	out, err := kubectl(t, c, append([]string{"get", "pods"}, asRobot...)...)
	if err == nil || !strings.Contains(out, "Forbidden") {
		t.Errorf("listing Pods without a role gives %q, want that it is forbidden", out)
	}
}

func caFile(t *testing.T, c *Cluster) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(path, c.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOptions(t *testing.T) {
	t.Parallel()
	policy, err := filepath.Abs("testdata/audit-policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := mustStart(t, Options{
		Root:                    t.TempDir(),
		ServiceAccountAdmission: true,
		APIServerArgs:           []string{"--audit-policy-file=" + policy, "--audit-log-path=audit.log"},
	})
	out, err := kubectl(t, c, "run", "early", "--image=example.com/app")
	if err == nil || !strings.Contains(out, `serviceaccount "default" not found`) {
		t.Errorf("a Pod without a ServiceAccount gives %q, want a refusal", out)
	}
	mustKubectl(t, c, "create", "serviceaccount", "default")
	mustKubectl(t, c, "run", "app", "--image=example.com/app")
	if out := mustKubectl(t, c, "get", "pod", "app", "-o", "jsonpath={.spec.volumes[0].name}"); !strings.HasPrefix(out, "kube-api-access-") {
		t.Errorf("the Pod's volume is %q, want a token", out)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "audit.log")); err != nil {
		t.Errorf("relative paths in flags start at the cluster's folder: %v", err)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := busy.Close(); err != nil {
			t.Error(err)
		}
	}()
	calls := 0
	c, err := start(t.Context(), Options{Root: t.TempDir()}, func() (int, error) {
		calls++
		if calls%2 == 1 { // The first one for each component.
			return busy.Addr().(*net.TCPAddr).Port, nil
		}
		return freePort()
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 4 {
		t.Errorf("%d ports were tried, want 4", calls)
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
}

func TestComponentFails(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, err := Start(t.Context(), Options{Root: root, APIServerArgs: []string{"--no-such-flag"}})
	var exit *process.ExitError
	if !errors.As(err, &exit) || exit.Name != "kube-apiserver" {
		t.Fatalf("error %v, want that kube-apiserver ended", err)
	}
	if !strings.Contains(err.Error(), "unknown flag: --no-such-flag") {
		t.Errorf("the error lacks what the log says:\n%v", err)
	}
	log, readErr := os.ReadFile(exit.Log)
	if readErr != nil || !strings.Contains(string(log), "--no-such-flag") {
		t.Errorf("the log was not kept: %v", readErr)
	}
	if pids := runningIn(t, filepath.Dir(filepath.Dir(exit.Log))); len(pids) != 0 {
		t.Errorf("processes %v are left", pids)
	}
}

func TestNeverReady(t *testing.T) {
	t.Parallel()
	never, err := filepath.Abs("testdata/never-ready")
	if err != nil {
		t.Fatal(err)
	}
	set := binaries.Set{Etcd: never, APIServer: never, Kubectl: never}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = Start(ctx, Options{Root: t.TempDir(), Binaries: set})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("error %v, want the deadline and why it was not ready", err)
	}
	for _, want := range []string{"etcd is not ready after ", "\nwaiting for nothing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}

func TestExited(t *testing.T) {
	t.Parallel()
	c := mustStart(t, Options{Root: t.TempDir()})
	for _, pid := range runningIn(t, c.Dir) {
		kill(t, pid)
	}
	var exit *process.ExitError
	select {
	case err := <-c.Exited():
		if !errors.As(err, &exit) || exit.Err == nil || !strings.Contains(exit.Err.Error(), "killed") {
			t.Errorf("error %v, want that a component was killed", err)
		}
	case <-time.After(time.Minute):
		t.Error("nothing was reported within a minute")
	}
}

func TestFreePort(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
}
