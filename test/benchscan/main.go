//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/initguard/initguard/test/debroot"
)

// options are the command's flags.
type options struct {
	sizes   []int
	zombies int
	rounds  int
	repeats int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchscan:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case insideRole:
			return inside(ctx, args[1:])
		case scanRole:
			return scan(ctx, args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("needs root: it makes PID namespaces")
	}
	return measure(ctx, o)
}

func parse(args []string) (options, error) {
	var o options
	var sizes string
	fs := flag.NewFlagSet("benchscan", flag.ContinueOnError)
	fs.StringVar(&sizes, "sizes", "1000,5000,10000,20000", "how many processes, one run each")
	fs.IntVar(&o.zombies, "zombies", 100, "how many of them are zombies")
	fs.IntVar(&o.rounds, "rounds", 20, "scans that are measured together; one of twenty counts threads")
	fs.IntVar(&o.repeats, "repeats", 7, "measurements of each, in turn; the median counts")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	for _, word := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n <= o.zombies {
			return o, fmt.Errorf("-sizes: %q is not a number above %d", word, o.zombies)
		}
		o.sizes = append(o.sizes, n)
	}
	return o, nil
}

// measure builds what is measured and runs it once for each size.
func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "benchscan-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	tools, err := build(ctx, dir)
	if err != nil {
		return err
	}
	var rows []row
	for _, size := range o.sizes {
		fmt.Fprintf(os.Stderr, "%d processes\n", size)
		r, err := apart(ctx, tools, o, size)
		if err != nil {
			return fmt.Errorf("%d processes: %w", size, err)
		}
		rows = append(rows, r)
	}
	return write(os.Stdout, rows)
}

// tools are the programs of a run, by path.
type tools struct{ loop, sleepers, initguard, exporter string }

func build(ctx context.Context, dir string) (tools, error) {
	t := tools{loop: dir + "/loop", sleepers: dir + "/sleepers", initguard: dir + "/initguard-scanner"}
	for _, argv := range [][]string{
		{"gcc", "-O2", "-static", "-o", t.loop, "test/benchscan/c/loop.c"},
		{"gcc", "-O2", "-static", "-o", t.sleepers, "test/benchscan/c/sleepers.c"},
		{"go", "build", "-trimpath", "-ldflags=-s -w", "-o", t.initguard, "./cmd/initguard/initguard-scanner"},
	} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return t, fmt.Errorf("%q: %w: %s", argv, err, out)
		}
	}
	cache, err := debroot.CacheDir()
	if err != nil {
		return t, err
	}
	root, err := (&debroot.Builder{Dir: cache}).Root(ctx, "prometheus-node-exporter")
	if err != nil {
		return t, fmt.Errorf("node_exporter: %w", err)
	}
	t.exporter = filepath.Join(root.Dir, "usr/bin/prometheus-node-exporter")
	return t, nil
}
