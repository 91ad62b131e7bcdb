package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// options are the command's flags.
type options struct {
	corpus, repos string
	run           string
	verbose       bool
	format        string
	limits        limits
}

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err = act(ctx, o, os.Stdout)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("corpus", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&o.corpus, "corpus", "", "the labelled cases: a file, or a folder that holds corpus.json")
	fs.StringVar(&o.repos, "repos", "", "the folder of the cases' git repositories, owner+name/repo each")
	fs.StringVar(&o.run, "run", "", "only the cases whose id contains this; the limits don't count then")
	fs.BoolVar(&o.verbose, "v", false, "print the whole chain of every case")
	fs.StringVar(&o.format, "o", "text", "text or json")
	fs.IntVar(&o.limits.cases, "min-cases", 100, "fail when fewer cases could be evaluated")
	fs.Float64Var(&o.limits.right, "min-right", 95, "fail when less than this percentage is right")
	fs.IntVar(&o.limits.falseReaps, "max-false-reaps", 0, "fail when more cases are said to reap and don't")
	fs.Usage = func() {
		fmt.Fprintln(out, "usage: corpus -corpus FILE -repos DIR [-run SUBSTRING] [-v] [-o json]")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: cases are chosen by -run", fs.Arg(0))
	case o.corpus == "" || o.repos == "":
		return o, errors.New("-corpus and -repos are needed; as in make corpus CORPUS=FILE REPOS=DIR")
	case o.format != "text" && o.format != "json":
		return o, fmt.Errorf("-o %q: want text or json", o.format)
	}
	return o, nil
}

func act(ctx context.Context, o options, out io.Writer) error {
	all, err := readCases(o.corpus)
	if err != nil {
		return err
	}
	var chosen []labelled
	for _, c := range all {
		if strings.Contains(c.ID, o.run) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("-run %q: no case of %d has that in its id", o.run, len(all))
	}
	r := &runner{progress: newProgress(os.Stderr, len(chosen))}
	if err := r.open(ctx, o.repos); err != nil {
		return err
	}
	defer r.close()
	report, err := r.all(ctx, chosen)
	if err != nil {
		return err
	}
	write := report.text
	if o.format == "json" {
		write = report.json
	}
	if err := write(out, o.verbose); err != nil || o.run != "" {
		return err
	}
	return report.within(o.limits)
}

// corpusFile is the name of the labelled cases in a folder.
const corpusFile = "corpus.json"

func corpusPath(name string) string {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return filepath.Join(name, corpusFile)
	}
	return name
}
