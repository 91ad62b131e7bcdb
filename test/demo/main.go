// Command demo shows initguard's main job on this machine: it starts a real API
// server, a registry that asks for a login, and the webhook; applies the files
// in examples/ with kubectl, prints what kubectl prints, and stays up until
// Ctrl-C, or not at all with DEMO_ONCE=1. It needs no root, no container
// runtime and no network but the Go module proxy.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/initguard/initguard/test/stack"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Getenv("DEMO_ONCE") != "")
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, once bool) (err error) {
	repo, err := os.Getwd()
	if err != nil {
		return err
	}
	start := time.Now()
	s, err := stack.Start(ctx, stack.Options{Repo: repo, Progress: out})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	fmt.Fprintf(out, "etcd, kube-apiserver, a registry with a login and initguard are up after %s.\n", time.Since(start).Round(time.Second))
	if err := s.PushExamples(ctx); err != nil {
		return err
	}
	folder, err := copyExamples(repo, s.Registry.Host())
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a folder of copies in the temporary directory
	d := demo{stack: s, out: out, dir: folder}
	if err := d.applyAll(ctx); err != nil {
		return err
	}
	if once {
		return nil
	}
	fmt.Fprintf(out, "\nTry it yourself; Ctrl-C ends it all:\n  export KUBECONFIG=%s\n  kubectl apply -f %s/deployment.yaml\n", s.Cluster.Kubeconfig(), filepath.Join(folder, "examples"))
	fmt.Fprintf(out, "without a kubectl: %s\n", s.Cluster.Binaries.Kubectl)
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.Cluster.Exited():
		return err
	}
}

// registryOfExamples is the registry that the examples name.
const registryOfExamples = "registry.example.com"

// copyExamples copies examples/ into a new folder, with the demo's registry in
// the place of the one that they name.
func copyExamples(repo, host string) (string, error) {
	folder, err := os.MkdirTemp("", "initguard-demo-")
	if err != nil {
		return "", err
	}
	root := filepath.Join(repo, "examples")
	err = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(repo, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.Mkdir(filepath.Join(folder, relative), 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, relative), []byte(strings.ReplaceAll(string(content), registryOfExamples, host)), 0o600)
	})
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return folder, nil
}
