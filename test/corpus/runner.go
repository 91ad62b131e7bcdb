package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/initdb"
)

// runner evaluates labelled cases.
type runner struct {
	builder   *builder
	evaluator *imageinspect.Evaluator
	progress  *progress
}

func (r *runner) open(ctx context.Context, repos string) error {
	if !exists(repos) {
		return fmt.Errorf("-repos %s: no such folder", repos)
	}
	db, err := initdb.New()
	if err != nil {
		return fmt.Errorf("the table of programs: %w", err)
	}
	programs, err := openPrograms(ctx, r.progress.logf)
	if err != nil {
		return err
	}
	r.evaluator = imageinspect.NewEvaluator(db).Detailed()
	r.builder = &builder{repos: &repositories{dir: repos, open: make(map[string]*repository)}, programs: programs}
	return nil
}

func (r *runner) close() { r.builder.repos.close() }

// all evaluates cases, in their order.
func (r *runner) all(ctx context.Context, cases []labelled) (*report, error) {
	disputes, err := readDisputes(disputedLabels)
	if err != nil {
		return nil, err
	}
	out := &report{Labels: make(map[label]*count), disputes: disputes}
	defer r.progress.done()
	for _, c := range cases {
		r.progress.next(c.ID)
		tree, err := r.builder.tree(ctx, c)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("stopped: %w", ctx.Err())
		}
		if err != nil {
			out.LeftOut = append(out.LeftOut, leftOut{ID: c.ID, Why: err.Error()})
			continue
		}
		image := imageinspect.Image{Platform: "linux/amd64", Config: c.config(), Files: tree}
		out.add(c, r.evaluator.Evaluate(ctx, image, c.overrides()))
	}
	return out, nil
}

// progress shows how far a run is, on a terminal only.
type progress struct {
	out      io.Writer
	terminal bool
	at, of   int
}

func newProgress(f *os.File, of int) *progress {
	return &progress{out: f, terminal: term.IsTerminal(int(f.Fd())), of: of}
}

func (p *progress) next(id string) {
	p.at++
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%d/%d %s", p.at, p.of, id)
	}
}

func (p *progress) done() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func (p *progress) logf(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }
