package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// rootVariable makes the test binary a program that owns a cluster under that
// folder and never cleans up.
const rootVariable = "INITGUARD_CLUSTER_TEST_ROOT"

func TestMain(m *testing.M) {
	root := os.Getenv(rootVariable)
	if root == "" {
		os.Exit(m.Run())
	}
	c, err := Start(context.Background(), Options{Root: root})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Dir)
	_, _ = io.Copy(io.Discard, os.Stdin) // Ends when the test does.
	os.Exit(1)
}

// mustStart starts a cluster that ends with the test, and shows its logs when
// the test failed.
func mustStart(t *testing.T, opts Options) *Cluster {
	t.Helper()
	begin := time.Now()
	c, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %v", time.Since(begin).Round(time.Millisecond))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.Logs(30))
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// kubectl runs kubectl and returns what it printed, on both streams.
func kubectl(t *testing.T, c *Cluster, args ...string) (string, error) {
	t.Helper()
	out, err := c.Kubectl(t.Context(), args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func mustKubectl(t *testing.T, c *Cluster, args ...string) string {
	t.Helper()
	out, err := kubectl(t, c, args...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// mustApply gives a manifest to kubectl apply and returns what it printed.
func mustApply(t *testing.T, c *Cluster, manifest string) string {
	t.Helper()
	cmd := c.Kubectl(t.Context(), "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(manifest)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
	return string(out)
}
