// Command initguard-scanner is `initguard scanner` and nothing else: what runs
// on every node. It takes a third of the memory of the whole.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/nodescan"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := nodescan.NewOptions()
	fs := pflag.NewFlagSet("initguard-scanner", pflag.ContinueOnError)
	o.AddFlags(fs)
	err := fs.Parse(os.Args[1:])
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err == nil && fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case err == nil:
		err = errors.Join(o.Validate()...)
	}
	if err == nil {
		err = nodescan.Run(ctx, o, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 2
	}
	return 0
}
