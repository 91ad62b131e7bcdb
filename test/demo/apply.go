package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/initguard/initguard/test/stack"
)

// outcome is what a user sees when an example is applied.
type outcome string

const (
	warned  outcome = "a warning"
	silent  outcome = "no warning"
	refused outcome = "a refusal"
)

// step is one command of the demo.
type step struct {
	title string
	args  []string
	want  outcome
}

func steps() []step {
	apply := func(title, file string, want outcome, flags ...string) step {
		return step{title: title, args: append([]string{"apply", "-f", "examples/" + file}, flags...), want: want}
	}
	return []step{
		apply("Workloads whose PID 1 will not reap:", "deployment.yaml", warned, "--dry-run=server"),
		apply("", "deployment.yaml", warned),
		apply("", "cronjob.yaml", warned),
		apply("", "statefulset.yaml", warned),
		apply("", "script.yaml", warned),
		apply("", "pod.yaml", warned),
		apply("Workloads whose PID 1 reaps:", "tini.yaml", silent),
		apply("", "dumb-init.yaml", silent),
		apply("", "share-process-namespace.yaml", silent),
		apply("", "host-pid.yaml", silent),
		apply("A namespace labelled initguard.dev/enforce: exposed:", "enforced/namespace.yaml", silent),
		apply("", "enforced/deployment.yaml", refused),
	}
}

type demo struct {
	stack *stack.Stack
	out   io.Writer
	dir   string
}

// applyAll runs every step and fails when a user would see something else than
// the example says.
func (d demo) applyAll(ctx context.Context) error {
	var errs []error
	for _, s := range steps() {
		if s.title != "" {
			fmt.Fprintf(d.out, "\n# %s\n", s.title)
		}
		got, err := d.kubectl(ctx, s.args)
		if err != nil {
			return err
		}
		if got != s.want {
			errs = append(errs, fmt.Errorf("kubectl %s: got %s, want %s", strings.Join(s.args, " "), got, s.want))
		}
	}
	if len(errs) > 0 {
		errs = append(errs, fmt.Errorf("the webhook's log:\n%s", d.stack.WebhookLog(20)))
	}
	return errors.Join(errs...)
}

// kubectl runs one command and prints it as in a terminal.
func (d demo) kubectl(ctx context.Context, args []string) (outcome, error) {
	fmt.Fprintf(d.out, "$ kubectl %s\n", strings.Join(args, " "))
	cmd := d.stack.Cluster.Kubectl(ctx, args...)
	cmd.Dir = d.dir
	output, err := cmd.CombinedOutput()
	text := string(output)
	fmt.Fprint(d.out, text)
	switch {
	case strings.Contains(text, "violates initguard"):
		return refused, nil
	case err != nil:
		return "", fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), err)
	case strings.Contains(text, "Warning: initguard: "):
		return warned, nil
	default:
		return silent, nil
	}
}
