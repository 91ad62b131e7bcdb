package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/nodescan"
	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/proc"
)

// onceInterval is the time between the two scans of --once.
const onceInterval = 2 * time.Second

// ScannerOptions are the flags of `initguard scanner`.
type ScannerOptions struct {
	nodescan.Options
	// Once scans two times and ends.
	Once   bool
	Output string
}

// NewScannerOptions gives the defaults.
func NewScannerOptions() *ScannerOptions {
	return &ScannerOptions{Options: *nodescan.NewOptions(), Output: "table"}
}

// AddFlags adds the flags.
func (o *ScannerOptions) AddFlags(fs *pflag.FlagSet) {
	o.Options.AddFlags(fs)
	fs.BoolVar(&o.Once, "once", o.Once, "scan two times, print what was there in both, and end")
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format` with --once: table, json or yaml")
}

// Validate names every flag that can't be used.
func (o *ScannerOptions) Validate() []error {
	if !o.Once {
		return o.Options.Validate()
	}
	return append(oneOf("--output", o.Output, "table", "json", "yaml"), o.ValidateScan()...)
}

func newScannerCommand(s Streams) *cobra.Command {
	o := NewScannerOptions()
	cmd := &cobra.Command{
		Use:   "scanner",
		Short: "List the zombies of this machine by container, and say why they are there",
		Long: `List the zombies of this machine by container, and say why they are there: which
process should have waited for them, and whether an init would help.

It reads /proc and needs no privileges, no Kubernetes and no container runtime.
Inside of a container it sees what the container sees.

What was there in two scans counts, so that a zombie that is just being reaped is
none. Some programs reap only every few seconds: --interval 10s leaves them time.

Causes: PID1NotReaping: orphans that PID 1 of the container does not wait for, an
init would. ParentNotWaiting: another program does not wait for its children, an
init would not help. PID1Ambiguous: below PID 1, which may have started them
itself. What the container runtime has to reap is not counted.

Without --once it scans again and again and serves what it finds as JSON, over
TLS 1.3, to clients with a certificate of the client CA for one of the names. It
is what runs on every node; initguard-scanner is the same in less memory.

Exit codes: 0 the list is complete, empty or not; 2 /proc or a part of it could
not be read, or the command line is wrong.`,
		Example: `  # What is there, and why
  initguard scanner --once

  # Containers with more than 100 zombies, for a program
  initguard scanner --once -o json | jq '.[] | select(.zombies > 100)'

  # On a node
  initguard scanner --cert-dir /etc/initguard/tls --client-name initguard-responder`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			if !o.Once {
				return nodescan.Run(cmd.Context(), &o.Options, s.ErrOut)
			}
			return runScanner(cmd.Context(), o, s)
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "output", "table", "json", "yaml")
	return cmd
}

func runScanner(ctx context.Context, o *ScannerOptions, s Streams) (err error) {
	reader, err := proc.Open(proc.Options{Root: o.Proc})
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if hides := reader.Hides(); hides != "" {
		fmt.Fprintf(s.ErrOut, "Warning: %s is mounted with hidepid=%s: processes of other users may be missing\n",
			render.Printable(o.Proc), render.Printable(hides))
	}
	report, err := scanTwice(ctx, reader, cmp.Or(o.Interval, onceInterval))
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	if err := writeZombies(o, report, s); err != nil {
		return err
	}
	if report.Unreadable > 0 {
		return fmt.Errorf("%d of %d processes could not be read: is proc mounted with hidepid, or does a security module forbid it?",
			report.Unreadable, report.Processes)
	}
	return nil
}

func scanTwice(ctx context.Context, reader *proc.Reader, interval time.Duration) (scanner.Report, error) {
	var tracker scanner.Tracker
	first, err := reader.Scan(ctx)
	if err != nil {
		return scanner.Report{}, err
	}
	tracker.Add(first)
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return scanner.Report{}, ctx.Err()
	case <-timer.C:
	}
	second, err := reader.Scan(ctx)
	if err != nil {
		return scanner.Report{}, err
	}
	return tracker.Add(second), nil
}

func writeZombies(o *ScannerOptions, r scanner.Report, s Streams) error {
	if o.Output == "table" {
		return written(render.ZombieTable(s.Out, r, render.Style{Color: s.Color, Width: s.Width}))
	}
	return written(render.Encode(s.Out, o.Output, render.NewZombies(r)))
}
