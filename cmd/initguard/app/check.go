package app

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// CheckOptions are the flags of `initguard check`.
type CheckOptions struct {
	lookupOptions
	// Files are files, directories and - for standard input.
	Files []string
	// Namespace is that of objects which name none.
	Namespace string
	// FailOn is the least risk of a finding that fails the check.
	FailOn        string
	IgnoreUnknown bool
	// Images are NAME=SOURCE.
	Images  []string
	Output  string
	Verbose bool
}

// NewCheckOptions gives the defaults.
func NewCheckOptions() *CheckOptions {
	return &CheckOptions{
		lookupOptions: lookupOptions{Timeout: time.Minute},
		FailOn:        config.Possible.String(),
		Output:        "table",
	}
}

func checkOutputs() []string { return []string{"table", "json", "yaml", "sarif"} }

func failLevels() []string { return []string{"possible", "exposed", "observed", "never"} }

// AddFlags adds the flags.
func (o *CheckOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&o.Files, "filename", "f", o.Files, "`file` or directory to read, - for standard input; repeatable")
	fs.StringVarP(&o.Namespace, "namespace", "n", o.Namespace, "`namespace` of objects that name none")
	fs.StringVar(&o.FailOn, "fail-on", o.FailOn, "exit 1 on findings of this `risk` or worse: possible, exposed, observed or never")
	fs.BoolVar(&o.IgnoreUnknown, "ignore-unknown", o.IgnoreUnknown, "don't exit 2 because a PID 1 can't be told")
	fs.StringArrayVar(&o.Images, "image", o.Images, "`NAME=SOURCE`: read image NAME from oci:DIR[:TAG] or docker-archive:FILE[:REF]; repeatable")
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format`: table, json, yaml or sarif")
	fs.BoolVarP(&o.Verbose, "verbose", "v", o.Verbose, "show containers without findings too, the way to each PID 1, and every fix with its exact lines")
	o.addFlags(fs)
}

// Validate names every flag that can't be used.
func (o *CheckOptions) Validate() []error {
	errs := oneOf("--output", o.Output, checkOutputs()...)
	errs = append(errs, oneOf("--fail-on", o.FailOn, failLevels()...)...)
	if len(o.Files) == 0 {
		errs = append(errs, fmt.Errorf("nothing to check: name files or directories with -f, or - for standard input"))
	}
	errs = append(errs, inputErrors(o.Files, o.Images)...)
	return append(errs, o.validate()...)
}

func newCheckCommand(s Streams) *cobra.Command {
	o := NewCheckOptions()
	cmd := &cobra.Command{
		Use:   "check -f FILE|DIR|- ...",
		Short: "Say what the cluster would warn about in manifests",
		Long: `Say for each container in manifests who PID 1 will be, whether it reaps zombies,
and what the cluster would do: the same code judges as in the webhook.

All kinds that hold a pod template are judged, and those that the configuration
adds; others are ignored. Namespaces among the manifests give their labels.
Directories are read with all that lies below them, hidden files left out; files
of a directory that hold no Kubernetes objects are skipped.

Exit codes: 0 no findings; 1 findings of the risk that --fail-on sets, or worse;
2 a PID 1 can't be told (unless --ignore-unknown), or something is wrong with the
input. 2 wins over 1.

In SARIF, risk observed is an error, exposed a warning and possible a note; what
the cluster would deny is always an error.`,
		Example: `  # All manifests below a directory
  initguard check -f deploy/

  # What a chart renders, for code scanning
  helm template ./chart | initguard check -f - -o sarif > initguard.sarif

  # With an image that is not pushed yet
  initguard check -f web.yaml --image registry.example/web:1=oci:./out

  # Only fail where something in the pod can leave orphans; show the way to PID 1
  initguard check -f web.yaml --fail-on exposed -v`,
		RunE: func(cmd *cobra.Command, args []string) error {
			// The shell turns -f *.yaml into one flag and many arguments.
			o.Files = append(o.Files, args...)
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			return runCheck(cmd.Context(), o, s)
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "output", checkOutputs()...)
	completeWords(cmd, "fail-on", failLevels()...)
	return cmd
}

func runCheck(ctx context.Context, o *CheckOptions, s Streams) error {
	in, err := openInput(ctx, &o.lookupOptions, o.Files, o.Images, s.In)
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	defer in.client.Close()
	c := newChecker(o, in.toolbox, in.images)
	result, err := c.check(ctx, in.read, newProgress(s))
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	for _, name := range in.images.unused() {
		fmt.Fprintf(s.ErrOut, "Warning: --image %s: no container that was looked up names this image\n", render.Printable(name))
	}
	for _, p := range result.Problems {
		fmt.Fprintln(s.ErrOut, "Error:", p)
	}
	if err := writeCheck(o, in.config, result, s); err != nil {
		return written(err)
	}
	return verdictOf(o, result.Summary)
}

// verdictOf is the exit code that a check ends with.
func verdictOf(o *CheckOptions, s render.Summary) error {
	switch {
	case s.Problems > 0, s.Unknown > 0 && !o.IgnoreUnknown:
		return exitError{code: ExitUnanswered}
	case s.Failing > 0:
		return exitError{code: ExitFindings}
	default:
		return nil
	}
}

// failing says for which risks --fail-on asks.
func (o *CheckOptions) failing(risk policy.Risk) bool {
	level, err := config.ParseLevel(o.FailOn)
	return err == nil && level.ActsOn(int(risk))
}

func writeCheck(o *CheckOptions, c *config.Config, result render.Check, s Streams) error {
	switch o.Output {
	case "table":
		return render.Table(s.Out, result, render.Style{Color: s.Color, Width: s.Width}, o.Verbose)
	case "sarif":
		return render.SARIF(s.Out, result, render.Tool{Version: Version(), HelpURL: helpURL(c)})
	default:
		return render.Encode(s.Out, o.Output, result)
	}
}
