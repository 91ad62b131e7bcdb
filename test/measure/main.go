package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// options are the command's flags.
type options struct {
	only   *regexp.Regexp
	update bool
	list   bool
	sample bool
	files  bool
	docs   string
	data   string
	jobs   int
}

func main() {
	if own, err := role(os.Args[1:]); own {
		exit(err)
	}
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = act(o)
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	var only string
	fs := flag.NewFlagSet("measure", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&only, "only", "", "measure the forms whose id matches this regular expression")
	fs.BoolVar(&o.update, "update", false, "write what was measured into the data file")
	fs.BoolVar(&o.list, "list", false, "list the forms and exit")
	fs.BoolVar(&o.sample, "sample", false, "measure the fixed sample")
	fs.BoolVar(&o.files, "files", false, "only look at the files of forms that are in the data, in the same version")
	fs.StringVar(&o.docs, "docs", "", "write the page for people to this file and exit; needs no root")
	fs.StringVar(&o.data, "data", "imageinspect/initdb/measured.json", "the data file")
	fs.IntVar(&o.jobs, "j", 4, "how many forms to measure at once; they mostly wait")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: forms are chosen by -only", fs.Arg(0))
	}
	if o.jobs < 1 {
		return o, fmt.Errorf("-j %d: want at least 1", o.jobs)
	}
	re, err := regexp.Compile(only)
	if err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	o.only = re
	return o, nil
}

func act(o options) error {
	switch {
	case o.docs != "":
		return writeDocs(o.docs)
	case o.list:
		for _, f := range o.chosen() {
			fmt.Printf("%-28s %s\n", f.ID, strings.Join(f.argv(f.x()), " "))
		}
		return nil
	}
	return measureAll(o)
}

// chosen are the forms that the flags ask for.
func (o options) chosen() []form {
	var out []form
	for _, f := range forms() {
		if o.only.MatchString(f.ID) && (f.Sample || !o.sample) {
			out = append(out, f)
		}
	}
	return out
}
