// Command clusterctl builds the programs of a test cluster and runs one.
//
//	clusterctl build         build what is not built yet, showing progress
//	clusterctl path NAME     print the path of one program, built if necessary
//	clusterctl up            start a cluster, print a KUBECONFIG line, stay until Ctrl-C
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/initguard/initguard/test/cluster"
	"github.com/initguard/initguard/test/cluster/binaries"
)

const usage = `usage:
  clusterctl build         build etcd, kube-apiserver and kubectl, once
  clusterctl path NAME     print the path of one of them, built if necessary
  clusterctl up            start a cluster, print a KUBECONFIG line, stay until Ctrl-C

KUBEBUILDER_ASSETS names a folder with ready-made programs to use instead.
`

// Exit statuses.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// errUsage says that the command line makes no sense.
var errUsage = errors.New("see clusterctl -h")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := exitCode(os.Stderr, run(ctx, os.Args[1:], os.Stdout, os.Stderr))
	stop()
	os.Exit(code)
}

func exitCode(stderr io.Writer, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "clusterctl:", err)
		return exitUsage
	default:
		fmt.Fprintln(stderr, "clusterctl:", err)
		return exitFailed
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("clusterctl", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	switch name, rest := flags.Arg(0), max(0, flags.NArg()-1); {
	case name == "build" && rest == 0:
		_, err := binaries.Find(ctx, binaries.Options{Progress: stderr})
		return err
	case name == "path" && rest == 1:
		return path(ctx, flags.Arg(1), stdout, stderr)
	case name == "up" && rest == 0:
		return up(ctx, stdout, stderr)
	default:
		return fmt.Errorf("command %q: %w", flags.Args(), errUsage)
	}
}

func path(ctx context.Context, name string, stdout, stderr io.Writer) error {
	path, err := binaries.Path(ctx, name, binaries.Options{Progress: stderr})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, path)
	return err
}

// up prints only what a shell may evaluate to stdout.
func up(ctx context.Context, stdout, stderr io.Writer) error {
	c, err := cluster.Start(ctx, cluster.Options{Progress: stderr})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "export KUBECONFIG='%s'\n", c.Kubeconfig())
	fmt.Fprintf(stderr, "the cluster runs until Ctrl-C; kubectl of its version is %s\n", c.Binaries.Kubectl)
	select {
	case <-ctx.Done():
		err = nil
	case err = <-c.Exited():
	}
	return errors.Join(err, c.Stop())
}
