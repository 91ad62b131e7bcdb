// Command gendocs writes the pages about initguard's commands into a folder,
// and removes pages of commands that are no more; with -metrics also the page
// about their metrics. With -verify it changes nothing and fails where it would.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/initguard/initguard/cmd/initguard/app"
)

func main() {
	verify := flag.Bool("verify", false, "fail where the pages are not up to date, change nothing")
	metrics := flag.String("metrics", "", "`file` of the page about metrics")
	flag.Parse()
	dir := "docs/cli"
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	if err := errors.Join(run(dir, *verify), metricsPage(*metrics, *verify)); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func metricsPage(file string, verify bool) error {
	if file == "" {
		return nil
	}
	text, err := app.MetricsPage()
	if err != nil {
		return err
	}
	return page(file, []byte(text), verify)
}

func run(dir string, verify bool) error {
	pages := app.Docs()
	present, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	var errs []error
	for _, file := range present {
		if _, wanted := pages[filepath.Base(file)]; wanted {
			continue
		}
		if verify {
			errs = append(errs, fmt.Errorf("%s: no command has this page: run `make update`", file))
			continue
		}
		errs = append(errs, os.Remove(file))
	}
	names := make([]string, 0, len(pages))
	for name := range pages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		errs = append(errs, page(filepath.Join(dir, name), []byte(pages[name]), verify))
	}
	return errors.Join(errs...)
}

// page brings one file up to date.
func page(file string, want []byte, verify bool) error {
	have, err := os.ReadFile(file)
	switch {
	case err == nil && bytes.Equal(have, want):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the page: %w", err)
	case verify:
		return fmt.Errorf("%s: not up to date: run `make update`", file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // Pages are for everybody.
		return fmt.Errorf("write the page: %w", err)
	}
	if err := os.WriteFile(file, want, 0o644); err != nil { //nolint:gosec // Pages are for everybody.
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
