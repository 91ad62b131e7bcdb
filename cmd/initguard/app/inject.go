package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/webhook/config"
)

// InjectOptions are the flags of `initguard inject`.
type InjectOptions struct {
	lookupOptions
	// Files are files, directories and - for standard input.
	Files []string
	// Namespace is that of objects which name none.
	Namespace string
	// Strategy is used where a pod template asks for none.
	Strategy string
	// InjectImage is initguard's own image.
	InjectImage   string
	TrustTags     bool
	IgnoreUnknown bool
	// Images are NAME=SOURCE.
	Images []string
	Output string
	Diff   bool
}

// NewInjectOptions gives the defaults.
func NewInjectOptions() *InjectOptions {
	return &InjectOptions{lookupOptions: lookupOptions{Timeout: time.Minute}, Strategy: config.StrategyAuto.String(), Output: "yaml"}
}

func injectOutputs() []string { return []string{"yaml", "json", "patch"} }

func strategies() []string { return []string{"auto", "share-pid", "wrap"} }

// AddFlags adds the flags.
func (o *InjectOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&o.Files, "filename", "f", o.Files, "`file` or directory to read, - for standard input; repeatable")
	fs.StringVarP(&o.Namespace, "namespace", "n", o.Namespace, "`namespace` of objects that name none")
	fs.StringVar(&o.Strategy, "strategy", o.Strategy, "auto, share-pid or wrap; the annotation initguard.dev/inject of a pod template wins")
	fs.StringVar(&o.InjectImage, "inject-image", o.InjectImage, "initguard's own `image`, pinned: wrap takes tini from it (default: injection.wrap.image of the configuration)")
	fs.BoolVar(&o.TrustTags, "trust-tags", o.TrustTags, "wrap images that are named by a tag: it must mean the same image wherever the pod runs")
	fs.BoolVar(&o.IgnoreUnknown, "ignore-unknown", o.IgnoreUnknown, "don't exit 2 because a PID 1 can't be told")
	fs.StringArrayVar(&o.Images, "image", o.Images, "`NAME=SOURCE`: read image NAME from oci:DIR[:TAG] or docker-archive:FILE[:REF]; repeatable")
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format`: yaml, json, or patch for the JSON patches alone")
	fs.BoolVar(&o.Diff, "diff", o.Diff, "print what changes, as diff -u does")
	o.addFlags(fs)
}

// Validate names every flag that can't be used.
func (o *InjectOptions) Validate() []error {
	errs := oneOf("--output", o.Output, injectOutputs()...)
	errs = append(errs, oneOf("--strategy", o.Strategy, strategies()...)...)
	errs = append(errs, inputErrors(o.Files, o.Images)...)
	if len(o.Files) == 0 {
		errs = append(errs, fmt.Errorf("nothing to inject into: name files or directories with -f, or - for standard input"))
	}
	if fault := config.InjectImageFault(o.InjectImage); fault != "" {
		errs = append(errs, fmt.Errorf("--inject-image: %q %s", o.InjectImage, fault))
	}
	if o.Diff && o.Output != "yaml" {
		errs = append(errs, fmt.Errorf("--diff: shows YAML; leave -o %s out", o.Output))
	}
	return append(errs, o.validate()...)
}

func newInjectCommand(s Streams) *cobra.Command {
	o := NewInjectOptions()
	cmd := &cobra.Command{
		Use:   "inject -f FILE|DIR|- ...",
		Short: "Make the pods of manifests safe, as the cluster would",
		Long: `Make the pods of manifests safe, as the cluster would: print them with one PID
namespace for the pod, or with tini in front, where nothing speaks against it.
The same code decides as in the webhook; this is for what is kept in git.

All that is not changed is printed as it is, comments included. What was done to
each workload, or why nothing was, is said on standard error. Where initguard's
image runs can't be known here: that the nodes can pull it is yours to see to.

Exit codes: 0 every PID 1 reaps in what was printed; 1 a container was left as it
is though its PID 1 does not reap; 2 a PID 1 can't be told (unless
--ignore-unknown), or something is wrong with the input. 2 wins over 1.`,
		Example: `  # What would change
  initguard inject -f deploy/ --diff

  # Put tini in front of everything, from a chart to the cluster
  helm template ./chart | initguard inject -f - --strategy wrap --inject-image registry.example/initguard:v1.0.0 | kubectl apply -f -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			// The shell turns -f *.yaml into one flag and many arguments.
			o.Files = append(o.Files, args...)
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			return runInject(cmd.Context(), o, s)
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "output", injectOutputs()...)
	completeWords(cmd, "strategy", strategies()...)
	return cmd
}

func runInject(ctx context.Context, o *InjectOptions, s Streams) error {
	in, err := openInput(ctx, &o.lookupOptions, o.Files, o.Images, s.In)
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	defer in.client.Close()
	i := newInjector(o, in.toolbox, in.images)
	done := i.injectAll(ctx, in.read.Documents, newProgress(s))
	if err := ctx.Err(); err != nil {
		return exitError{code: ExitUnanswered, message: "interrupted: " + err.Error()}
	}
	code := ExitOK
	for _, p := range in.read.Problems {
		fmt.Fprintln(s.ErrOut, "Error:", render.Printable(p.String()))
		code = ExitUnanswered
	}
	for _, d := range done {
		if d.said != "" {
			fmt.Fprintln(s.ErrOut, render.Printable(d.said))
		}
		code = max(code, d.code)
	}
	if err := writeInjected(s.Out, done, o, s.Color); err != nil {
		return written(err)
	}
	if len(in.read.Documents) == 0 && code == ExitOK {
		return exitError{code: ExitUnanswered, message: "nothing to inject into: no Kubernetes objects were found"}
	}
	if code != ExitOK {
		return exitError{code: code}
	}
	return nil
}

// writeInjected writes what came of the documents, each document once.
func writeInjected(w io.Writer, done []injected, o *InjectOptions, color bool) error {
	first := true
	for start := 0; start < len(done); {
		end := start + 1
		for end < len(done) && done[end].document.File == done[start].document.File && done[end].document.Index == done[start].document.Index {
			end++
		}
		text, err := writeDocument(done[start:end], o, color)
		if err != nil {
			return err
		}
		if text != "" && !first && o.Output == "yaml" && !o.Diff {
			text = "---\n" + text
		}
		first = first && text == ""
		if _, err := io.WriteString(w, text); err != nil {
			return err //nolint:wrapcheck // The writer's own.
		}
		start = end
	}
	return nil
}
