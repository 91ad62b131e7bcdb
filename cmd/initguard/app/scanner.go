package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/proc"
)

// ScannerOptions are the flags of `initguard scanner`.
type ScannerOptions struct {
	// Once scans two times and ends.
	Once bool
	// Interval is the time between two scans.
	Interval time.Duration
	// Proc is where proc is mounted.
	Proc   string
	Output string
}

// NewScannerOptions gives the defaults.
func NewScannerOptions() *ScannerOptions {
	return &ScannerOptions{Interval: 2 * time.Second, Proc: "/proc", Output: "table"}
}

// The bounds of the interval: a start time has hundredths of a second, and
// nobody waits longer for an answer.
const (
	minInterval = 10 * time.Millisecond
	maxInterval = time.Hour
)

// AddFlags adds the flags.
func (o *ScannerOptions) AddFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Once, "once", o.Once, "scan two times, print what was there in both, and end (required)")
	fs.DurationVar(&o.Interval, "interval", o.Interval, "time between the two scans: what is reaped within it is not counted")
	fs.StringVar(&o.Proc, "proc", o.Proc, "`directory` where proc is mounted")
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format`: table, json or yaml")
}

// Validate names every flag that can't be used.
func (o *ScannerOptions) Validate() []error {
	errs := oneOf("--output", o.Output, "table", "json", "yaml")
	if !o.Once {
		errs = append(errs, errors.New("--once: is required"))
	}
	if o.Interval < minInterval || o.Interval > maxInterval {
		errs = append(errs, fmt.Errorf("--interval: %v is not between %v and %v", o.Interval, minInterval, maxInterval))
	}
	return errs
}

func newScannerCommand(s Streams) *cobra.Command {
	o := NewScannerOptions()
	cmd := &cobra.Command{
		Use:   "scanner --once",
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

Exit codes: 0 the list is complete, empty or not; 2 /proc or a part of it could
not be read, or the command line is wrong.`,
		Example: `  # What is there, and why
  initguard scanner --once

  # Containers with more than 100 zombies, for a program
  initguard scanner --once -o json | jq '.[] | select(.zombies > 100)'`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := invalid(o.Validate()); err != nil {
				return err
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
	report, err := scanTwice(ctx, reader, o.Interval)
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
