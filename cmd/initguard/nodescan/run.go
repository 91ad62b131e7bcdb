package nodescan

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/initguard/initguard/scanner/node"
	"github.com/initguard/initguard/scanner/proc"
)

// Run scans and serves until ctx ends. It logs as JSON.
func Run(ctx context.Context, o *Options, out io.Writer) (err error) {
	log := slog.New(slog.NewJSONHandler(out, nil))
	reader, err := proc.Open(proc.Options{Root: o.Proc})
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if hides := reader.Hides(); hides != "" {
		log.Warn("processes of other users may be missing", "proc", o.Proc, "hidepid", hides)
	}
	config, err := node.NewTLS(o.files(), o.ClientNames, log)
	if err != nil {
		return err
	}
	loop := node.NewLoop(reader, cmp.Or(o.Interval, DefaultInterval), log)
	var listen net.ListenConfig
	report, err := listen.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	if o.Health != "" {
		health, err := listen.Listen(ctx, "tcp", o.Health)
		if err != nil {
			return errors.Join(fmt.Errorf("--health-listen: %w", err), report.Close())
		}
		group.Go(func() error { return node.Serve(ctx, node.Limit(health), node.Health(loop), log) })
	}
	group.Go(func() error {
		return node.Serve(ctx, tls.NewListener(node.Limit(report), config.Config()), node.Handler(loop), log)
	})
	group.Go(func() error {
		loop.Run(ctx)
		return nil
	})
	log.Info("serving", "address", report.Addr().String(), "interval", loop.Interval().String())
	return group.Wait()
}
