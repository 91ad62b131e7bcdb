//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/images"
)

// The login of the registry that has one.
const (
	username = "puller"
	password = "correct-horse-battery"
)

// env is what all tests share: starting it takes longer than a test.
type env struct {
	cluster *cluster.Cluster
	builder *images.Builder
	open    *imagetest.Registry // for everyone
	closed  *imagetest.Registry // asks for the login
	// product pushes initguard's own image, once, and returns its name; scanner
	// has it run on the node, once, and returns the responder's certificate.
	product func() (string, error)
	scanner func() (tls.Certificate, error)
}

// shared is set by TestMain before any test runs.
var shared *env

func TestMain(m *testing.M) {
	if root := os.Getenv(ownerVariable); root != "" {
		own(root)
	}
	if err := able(); err != nil {
		fmt.Fprintln(os.Stderr, "make e2e:", err)
		os.Exit(1)
	}
	os.Exit(run(m))
}

// able says why this machine can't run the tests.
func able() error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("needs Linux: it runs a real Kubernetes node; this is %s", runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return errors.New("needs root: it runs a real Kubernetes node, with namespaces, mounts and control groups of its own; run it with sudo")
	}
	return nil
}

func run(m *testing.M) int {
	before := time.Now()
	e, err := start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	version, err := cluster.Cgroups()
	fmt.Printf("node ready after %v; control groups %s, %v\n", time.Since(before).Round(100*time.Millisecond), version, err)
	shared = e
	code := m.Run()
	if code != 0 {
		fmt.Fprintln(os.Stderr, e.cluster.Logs(40))
	}
	before = time.Now()
	if err := e.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	fmt.Printf("stopped after %v\n", time.Since(before).Round(100*time.Millisecond))
	if left := leftovers(e.cluster.Dir); len(left) > 0 {
		fmt.Fprintf(os.Stderr, "left behind: %q\n", left)
		code = 1
	}
	return code
}

func start(ctx context.Context) (e *env, err error) {
	e = &env{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.stop())
		}
	}()
	cache, err := debroot.CacheDir()
	if err != nil {
		return nil, err
	}
	logf := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	e.builder = &images.Builder{Repo: "../..", Debian: &debroot.Builder{Dir: cache, Logf: logf}}
	if e.open, err = imagetest.Start(imagetest.Options{}); err != nil { //nolint:contextcheck // it runs until Close
		return nil, err
	}
	if e.closed, err = imagetest.Start(imagetest.Options{Username: username, Password: password, Token: true}); err != nil { //nolint:contextcheck // the same
		return nil, err
	}
	if e.cluster, err = cluster.Start(ctx, cluster.Options{Node: &cluster.NodeOptions{}}); err != nil {
		return nil, err
	}
	for _, registry := range []*imagetest.Registry{e.open, e.closed} {
		if err := e.cluster.Node.AddRegistry(registry.Host()); err != nil {
			return nil, err
		}
	}
	e.product, e.scanner = sync.OnceValues(e.pushProduct), sync.OnceValues(e.installScanner)
	return e, nil
}

func (e *env) stop() error {
	var errs []error
	if e.cluster != nil {
		errs = append(errs, e.cluster.Stop())
	}
	for _, registry := range []*imagetest.Registry{e.open, e.closed} {
		if registry != nil {
			errs = append(errs, registry.Close())
		}
	}
	return errors.Join(errs...)
}
