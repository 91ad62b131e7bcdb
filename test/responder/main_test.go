package responder

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/poll"
)

const (
	systemNamespace = "initguard-system"
	nodeNamespace   = "initguard-node"
)

// env is what all tests share: a control plane with the manifests applied.
type env struct {
	cluster *cluster.Cluster
	admin   client.Client
	group   *process.Group
	binary  string
	overlay string // what is applied
}

var shared *env

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	e, err := start(ctx)
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
	} else {
		shared = e
		code = m.Run()
	}
	if code != 0 && e.group != nil {
		fmt.Fprintln(os.Stderr, e.group.Logs(40))
	}
	if err := e.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop:", err)
		return 1
	}
	return code
}

func start(ctx context.Context) (*env, error) {
	log.SetLogger(logr.Discard())
	e := &env{}
	var err error
	if e.cluster, err = cluster.Start(ctx, cluster.Options{Progress: os.Stderr}); err != nil {
		return e, err
	}
	if e.group, err = process.New(ctx, filepath.Dir(e.cluster.Dir), "responder"); err != nil {
		return e, err
	}
	if e.binary, err = binaries.Own(ctx, "cmd/initguard", e.group.Dir); err != nil {
		return e, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", e.cluster.Kubeconfig())
	if err != nil {
		return e, err
	}
	config.QPS, config.Burst = 1000, 1000
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return e, err
		}
	}
	if e.admin, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return e, err
	}
	err = e.install(ctx)
	return e, err
}

func (e *env) stop() error {
	if e.group != nil {
		if err := e.group.Stop(); err != nil {
			return err
		}
	}
	if e.cluster != nil {
		return e.cluster.Stop()
	}
	return nil
}

// install applies the components as they are.
func (e *env) install(ctx context.Context) error {
	overlay := filepath.Join(e.group.Dir, "overlay")
	if err := os.Mkdir(overlay, 0o700); err != nil {
		return err
	}
	overlay, err := filepath.EvalSymlinks(overlay)
	if err != nil {
		return err
	}
	e.overlay = overlay
	manifests, err := filepath.Abs("../../manifests")
	if err != nil {
		return err
	}
	// kustomize takes no absolute path.
	if manifests, err = filepath.Rel(overlay, manifests); err != nil {
		return err
	}
	text := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [namespace.yaml]
components: [%[1]s/components/scanner, %[1]s/components/responder, %[1]s/components/responder-kubelet-limits]
`, manifests)
	namespace, err := os.ReadFile("../../manifests/base/namespace.yaml")
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"kustomization.yaml": []byte(text), "namespace.yaml": namespace} {
		if err := os.WriteFile(filepath.Join(overlay, name), content, 0o600); err != nil {
			return err
		}
	}
	// Twice: a type has to be there before it is used, and what is applied again
	// must leave alone what others wrote.
	for range 2 {
		if out, err := e.cluster.Kubectl(ctx, "apply", "-k", overlay, "--validate=strict").CombinedOutput(); err != nil {
			return fmt.Errorf("apply the manifests: %w\n%s", err, out)
		}
	}
	out, err := e.cluster.Kubectl(ctx, "wait", "--for=condition=Established", "crd/zombiereports.initguard.dev", "--timeout=30s").CombinedOutput()
	if err != nil {
		return fmt.Errorf("the type: %w\n%s", err, out)
	}
	return nil
}

// eventually waits for something.
func eventually(t *testing.T, most time.Duration, what string, check func() error) {
	t.Helper()
	poll.Until(t, 100*time.Millisecond, most, what, check)
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := shared.cluster.Kubectl(ctx, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func namespace(t *testing.T, name string) {
	t.Helper()
	object := &corev1.Namespace{}
	object.Name = name
	if err := shared.admin.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}
