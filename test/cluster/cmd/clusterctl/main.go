// Command clusterctl builds the programs of a test cluster and runs one.
//
//	clusterctl build         build what is not built yet, showing progress
//	clusterctl path NAME     print the path of one program, built if necessary
//	clusterctl up            start a cluster, print a KUBECONFIG line, stay until Ctrl-C
//	clusterctl start         start one with a node in the background (root), print a KUBECONFIG line
//	clusterctl stop          end that one
//
// With -node, build also builds a node's programs, and up starts a node (root).
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
	"github.com/initguard/initguard/test/cluster/internal/filelock"
)

const usage = `usage:
  clusterctl [-node] build  build etcd, kube-apiserver and kubectl, once
  clusterctl path NAME      print the path of one of them, built if necessary
  clusterctl [-node] up     start a cluster, print a KUBECONFIG line, stay until Ctrl-C
  clusterctl start          start one with a node in the background, print a KUBECONFIG line
  clusterctl stop           end that one

-node adds a node: it takes Linux and root.

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
	hold := flags.String("hold", "", "file to lock while the cluster runs")
	node := flags.Bool("node", false, "with a node; Linux and root")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	switch name, rest := flags.Arg(0), max(0, flags.NArg()-1); {
	case name == "build" && rest == 0:
		return build(ctx, *node, stderr)
	case name == "path" && rest == 1:
		return path(ctx, flags.Arg(1), stdout, stderr)
	case name == "up" && rest == 0:
		return up(ctx, *node, *hold, stdout, stderr)
	case name == "start" && rest == 0:
		return startDetached(ctx, stdout)
	case name == "stop" && rest == 0:
		return stopDetached(ctx, stderr)
	default:
		return fmt.Errorf("command %q: %w", flags.Args(), errUsage)
	}
}

func build(ctx context.Context, node bool, stderr io.Writer) error {
	opts := binaries.Options{Progress: stderr}
	if _, err := binaries.Find(ctx, opts); err != nil || !node {
		return err
	}
	_, err := binaries.FindNode(ctx, opts)
	return err
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
func up(ctx context.Context, node bool, hold string, stdout, stderr io.Writer) (err error) {
	if hold != "" {
		lock, err := filelock.Try(hold)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lock.Release()) }()
	}
	opts := cluster.Options{Progress: stderr}
	if node {
		opts.Node = &cluster.NodeOptions{}
	}
	c, err := cluster.Start(ctx, opts)
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
