package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/initguard/initguard/test/stack"
)

// options are the command's flags.
type options struct {
	requests int
	rounds   int
	parallel int
	images   int
	scripts  bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench-admission:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("admission", flag.ContinueOnError)
	fs.IntVar(&o.requests, "requests", 2000, "requests to one webhook in one round")
	fs.IntVar(&o.rounds, "rounds", 7, "rounds of each case, the two webhooks in turn; the median counts")
	fs.IntVar(&o.parallel, "parallel", 4, "requests under way at a time")
	fs.IntVar(&o.images, "images", 0, "measure memory with that many distinct images known, instead")
	fs.BoolVar(&o.scripts, "scripts", false, "with -images: each has an entrypoint script in a layer, which is read")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.requests < 1 || o.rounds < 1 || o.parallel < 1 || o.images < 0 {
		return o, errors.New("-requests, -rounds and -parallel start at 1, -images at 0")
	}
	return o, nil
}

func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	repo, err := os.Getwd()
	if err != nil {
		return err
	}
	s, err := stack.Start(ctx, stack.Options{
		Repo: repo, Progress: os.Stderr, WebhookArgs: []string{"--log-level", "info"},
		// The budgets of a tenant would be what is measured with -images.
		Config: func(host string) string {
			return stack.Config(host) + "budgets: {registryRequestsPerMinute: 1000000, namespaceInspections: 1000, namespaceQueue: 1000}\n"
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if o.images > 0 {
		return remember(ctx, s, o)
	}
	return compare(ctx, s, o)
}

// compare measures both webhooks in turn.
func compare(ctx context.Context, s *stack.Stack, o options) error {
	peer, err := startPodSecurity(ctx, s)
	if err != nil {
		return fmt.Errorf("pod security: %w", err)
	}
	defer func() { _ = peer.stop() }()
	own, err := newServer("initguard", s.WebhookURL()+"/validate", s.WebhookPID(), s.CA())
	if err != nil {
		return err
	}
	cases, err := makeCases(ctx, s)
	if err != nil {
		return err
	}
	var results []result
	for _, c := range cases {
		fmt.Fprintln(os.Stderr, "measuring:", c.name)
		r, err := c.measure(ctx, o, own, peer.server)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		results = append(results, r)
	}
	return report(os.Stdout, results, own, peer.server)
}
