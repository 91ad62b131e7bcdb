// Command initguard makes sure that the first process of every container is
// one that cleans up after others. Installed as kubectl-initguard it is a
// kubectl plugin.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/initguard/initguard/cmd/initguard/app"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	return app.Run(ctx, os.Args, app.Terminal(os.Stdin, os.Stdout, os.Stderr))
}
