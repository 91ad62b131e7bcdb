package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the command's flags.
type options struct {
	repo  string
	rate  int
	quiet time.Duration
	write string
	only  string // part of the names of the disturbances to run
	delay string // in place of the manifest's --shutdown-delay
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench-availability:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	o := options{repo: "."}
	fs := flag.NewFlagSet("availability", flag.ContinueOnError)
	fs.IntVar(&o.rate, "rate", 100, "applies a second")
	fs.DurationVar(&o.quiet, "quiet", 10*time.Second, "how long to go on after a disturbance is over")
	fs.StringVar(&o.write, "write", "", "put the table into this `file`, between its marks, besides printing it")
	fs.StringVar(&o.only, "only", "", "run only the disturbances whose names hold this `text`")
	fs.StringVar(&o.delay, "shutdown-delay", "", "a `duration` in place of that of the manifest, to see what it is good for")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.write != "" && (o.only != "" || o.delay != "") {
		return o, errors.New("-write is for the whole run as it is installed, without -only and -shutdown-delay")
	}
	if o.rate < 1 || o.rate > 10000 || o.quiet < time.Second {
		return o, errors.New("-rate is from 1 to 10000, -quiet at least 1s")
	}
	return o, nil
}

// run prints the table, and fails when something failed or was missed that
// should not have been.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	d, err := readDeployment(o.repo)
	if err != nil {
		return err
	}
	if o.delay != "" {
		d.args = append(d.args, "--shutdown-delay="+o.delay)
	}
	chosen := slices.DeleteFunc(disturbances(), func(d disturbance) bool { return !strings.Contains(d.name, o.only) })
	if len(chosen) == 0 {
		return fmt.Errorf("no disturbance is called like %q", o.only)
	}
	f, err := startFleet(ctx, o.repo, d, os.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	results, err := measure(ctx, f, o, chosen)
	if err != nil {
		return err
	}
	text := table(results)
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if o.write != "" {
		if err := writeBetweenMarks(o.write, text); err != nil {
			return err
		}
	}
	return judge(results)
}
