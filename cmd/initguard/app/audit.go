package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/render"
)

// AuditOptions are the flags of `initguard audit`.
type AuditOptions struct {
	clusterOptions
	lookupOptions
	AllNamespaces bool
	Output        string
	Verbose       bool
}

// NewAuditOptions gives the defaults.
func NewAuditOptions() *AuditOptions {
	return &AuditOptions{lookupOptions: lookupOptions{Timeout: time.Hour}, Output: "table"}
}

func auditOutputs() []string { return []string{"table", "json", "yaml", "html"} }

// AddFlags adds the flags.
func (o *AuditOptions) AddFlags(fs *pflag.FlagSet) {
	fs.BoolVarP(&o.AllNamespaces, "all-namespaces", "A", o.AllNamespaces, "judge the workloads of all namespaces")
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format`: table, json, yaml or html")
	fs.BoolVarP(&o.Verbose, "verbose", "v", o.Verbose, "in the table, say why and what the fix is")
	o.clusterOptions.addFlags(fs)
	o.lookupOptions.addFlags(fs)
}

// Validate names every flag that can't be used.
func (o *AuditOptions) Validate() []error {
	errs := oneOf("--output", o.Output, auditOutputs()...)
	if o.AllNamespaces && o.Namespace != "" {
		errs = append(errs, errors.New("--all-namespaces and --namespace: only one of them can be meant"))
	}
	return append(errs, o.validate()...)
}

func newAuditCommand(s Streams) *cobra.Command {
	o := NewAuditOptions()
	cmd := &cobra.Command{
		Use:   "audit [-n NAMESPACE | -A]",
		Short: "Say what each mode and risk would do to the workloads of a cluster",
		Long: `Say of the workloads that run in a namespace, or in all, who PID 1 of each
container is, whether it reaps zombies, and what each mode would do about it at
each risk: the same code judges as in the webhook, before anything is labelled.

Workloads are read with your own rights, and images with your own docker logins.
What belongs to a workload that is judged itself is left out, and so are pods and
jobs that have ended. Nothing is changed.

Exit codes: 0 everything could be read; 2 something could not, which is said, or
the command line is wrong.`,
		Example: `  # May this namespace be labelled enforce: exposed?
  initguard audit -n shop

  # A page about the whole cluster to send around
  initguard audit -A -o html > initguard.html`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			return runAudit(cmd.Context(), o, s)
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "output", auditOutputs()...)
	completeNamespaces(cmd, &o.clusterOptions)
	return cmd
}

func runAudit(ctx context.Context, o *AuditOptions, s Streams) error {
	t, err := o.open()
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	defer t.client.Close()
	c, err := o.connect()
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	namespace := c.namespace
	if o.AllNamespaces {
		namespace = ""
	}
	p := newProgress(s)
	found, err := c.workloads(ctx, namespace, t.config, p)
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	seen, err := c.observations(ctx, namespace, &found)
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	report, err := newAuditor(o, t, seen).audit(ctx, found, p)
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	report.Cluster, report.Made, report.Version = c.host, time.Now().UTC().Truncate(time.Second), Version()
	for _, problem := range report.Problems {
		fmt.Fprintln(s.ErrOut, "Error:", render.Printable(problem))
	}
	if err := writeAudit(o, report, s); err != nil {
		return written(err)
	}
	if len(report.Problems) > 0 {
		return exitError{code: ExitUnanswered}
	}
	return nil
}

func writeAudit(o *AuditOptions, report render.ClusterAudit, s Streams) error {
	switch o.Output {
	case "table":
		return render.AuditTable(s.Out, report, render.Style{Color: s.Color, Width: s.Width}, o.Verbose)
	case "html":
		return render.AuditHTML(s.Out, report)
	default:
		return render.Encode(s.Out, o.Output, report)
	}
}
