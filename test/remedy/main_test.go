package remedy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/test/cluster"
)

const (
	account = "system:serviceaccount:initguard-system:initguard-responder"
	own     = "initguard-system"
)

// env is what all tests share: a control plane with the manifests applied.
type env struct {
	cluster *cluster.Cluster
	admin   client.Client
	config  *rest.Config // of the responder's ServiceAccount
	folder  string
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
	config, err := clientcmd.BuildConfigFromFlags("", e.cluster.Kubeconfig())
	if err != nil {
		return e, err
	}
	e.config = rest.CopyConfig(config)
	e.config.Impersonate = rest.ImpersonationConfig{UserName: account, Groups: []string{"system:serviceaccounts", "system:authenticated"}}
	config.QPS, config.Burst = 1000, 1000
	scheme, err := newScheme()
	if err != nil {
		return e, err
	}
	if e.admin, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return e, err
	}
	err = e.install(ctx)
	return e, err
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return scheme, nil
}

func (e *env) stop() error {
	if e.folder != "" {
		if err := os.RemoveAll(e.folder); err != nil {
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
	var err error
	if e.folder, err = os.MkdirTemp("", "initguard-remedy-"); err != nil {
		return err
	}
	folder, err := filepath.EvalSymlinks(e.folder)
	if err != nil {
		return err
	}
	manifests, err := relative(folder)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [namespace.yaml]
components: [%[1]s/components/scanner, %[1]s/components/responder, %[1]s/components/remedy]
`, manifests)
	namespace, err := os.ReadFile("../../manifests/base/namespace.yaml")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "namespace.yaml"), namespace, 0o600); err != nil {
		return err
	}
	if err := e.apply(ctx, folder, text); err != nil {
		return err
	}
	out, err := e.cluster.Kubectl(ctx, "wait", "--for=condition=Established", "crd/zombiereports.initguard.dev", "--timeout=30s").CombinedOutput()
	if err != nil {
		return fmt.Errorf("the type: %w\n%s", err, out)
	}
	return nil
}

// open binds the role in a namespace, as docs/remedy.md says.
func (e *env) open(ctx context.Context, folder, namespace string) error {
	manifests, err := relative(folder)
	if err != nil {
		return err
	}
	return e.apply(ctx, folder, fmt.Sprintf("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: %s\nresources: [%s/components/remedy/namespace]\n",
		namespace, manifests))
}

// relative is the way to the manifests: kustomize takes no absolute path.
func relative(folder string) (string, error) {
	manifests, err := filepath.Abs("../../manifests")
	if err != nil {
		return "", err
	}
	return filepath.Rel(folder, manifests)
}

func (e *env) apply(ctx context.Context, folder, kustomization string) error {
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		return err
	}
	if out, err := e.cluster.Kubectl(ctx, "apply", "-k", folder, "--validate=strict").CombinedOutput(); err != nil {
		return fmt.Errorf("apply: %w\n%s", err, out)
	}
	return nil
}
