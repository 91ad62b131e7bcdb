package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// ImageOptions are the flags of `initguard image`.
type ImageOptions struct {
	lookupOptions
	// Command and Args stand for the pod's command and args.
	Command []string
	Args    []string
	// Env is NAME=VALUE as in the pod.
	Env     []string
	Workdir string
	// RunAsUser is the pod's runAsUser; empty when it sets none.
	RunAsUser string
	Output    string
}

// NewImageOptions gives the defaults.
func NewImageOptions() *ImageOptions {
	return &ImageOptions{lookupOptions: lookupOptions{Timeout: 30 * time.Second}, Output: "text"}
}

// AddFlags adds the flags.
func (o *ImageOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.Command, "command", o.Command, "one `word` of the pod's command, which replaces ENTRYPOINT and CMD; repeatable, never split")
	fs.StringArrayVar(&o.Env, "env", o.Env, "`NAME=VALUE` of the pod's env; repeatable")
	fs.StringVar(&o.Workdir, "workdir", o.Workdir, "the pod's workingDir `directory`")
	fs.StringVar(&o.RunAsUser, "run-as-user", o.RunAsUser, "the pod's runAsUser, a `uid`")
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format`: text, json or yaml")
	o.addFlags(fs)
}

// Validate names every flag that can't be used.
func (o *ImageOptions) Validate() []error {
	errs := oneOf("--output", o.Output, "text", "json", "yaml")
	for _, e := range o.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			errs = append(errs, fmt.Errorf("--env: %q is not NAME=VALUE", e))
		}
	}
	if o.RunAsUser != "" {
		if uid, err := strconv.ParseInt(o.RunAsUser, 10, 64); err != nil || uid < 0 {
			errs = append(errs, fmt.Errorf("--run-as-user: %q is not a uid: a number, 0 or more", o.RunAsUser))
		}
	}
	return append(errs, o.validate()...)
}

func newImageCommand(s Streams) *cobra.Command {
	o := NewImageOptions()
	cmd := &cobra.Command{
		Use:   "image IMAGE [flags] [-- ARGS...]",
		Short: "Say who PID 1 of an image will be, and why",
		Long: `Say who PID 1 of an image will be, whether it reaps zombies, and how that is known.

IMAGE is a reference in a registry, an OCI layout on disk (oci:DIR[:TAG]) or what
"docker save" writes (docker-archive:FILE[:REF]). Registries are asked with your
own logins, as by docker. What a pod would set over the image is given by flags;
what stands behind "--" are the pod's args, which replace CMD.

Without --platform, and if the image is for none of the platforms of the
configuration, it is judged on every Linux platform that it has. Where --command
decides by itself, the image is not asked at all.

Where something is to be mended, the lines for the Dockerfile follow. In JSON and
YAML they are fix and otherFixes, each with kind, path, change, note, url and
patches.

Exit codes: 0 the question was answered, even if the answer is Unknown; 2 the
image could not be read, or the command line is wrong.`,
		Example: `  # An image as it is
  initguard image redis:7

  # As a pod that sets command and args
  initguard image redis:7 --command redis-server -- --save ""

  # Before it is pushed, for a program
  initguard image oci:./out -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if n := imageArgs(cmd, args); n != 1 {
				return usageError{fmt.Errorf("want one IMAGE before --, got %d", n)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Args = args[1:]
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			return runImage(cmd.Context(), o, args[0], s)
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "output", "text", "json", "yaml")
	return cmd
}

// imageArgs is how many arguments stand before "--".
func imageArgs(cmd *cobra.Command, args []string) int {
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		return dash
	}
	return len(args)
}

func runImage(ctx context.Context, o *ImageOptions, reference string, s Streams) error {
	t, err := o.open()
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	defer t.client.Close()
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	overrides := o.overrides()
	mend := o.mender(t.config)
	if result, decided := t.evaluator.WithoutImage(ctx, overrides); decided {
		return writeImage(o, render.NewUnasked(reference, result, mend), s)
	}
	images, err := t.inspect(ctx, reference, len(o.Platforms) > 0)
	if err != nil {
		return writeUnread(o, render.NewUnread(reference, reasonOf(err)), s)
	}
	results := make([]imageinspect.Result, len(images))
	for i, image := range images {
		results[i] = t.evaluator.Evaluate(ctx, image, overrides)
	}
	return writeImage(o, render.NewImage(reference, images, results, mend), s)
}

// mender gives the fixes for an image as the flags' pod would run it.
func (o *ImageOptions) mender(c *config.Config) render.Mender {
	return func(r imageinspect.Result) render.Mend {
		s := policy.ImageSituation(r)
		s.Command, s.HasArgs = o.Command, len(o.Args) > 0
		return render.NewMend(s, "", c.FixURL)
	}
}

// inspect reads an image's platforms. One that has none of the configuration's
// is read on all that it has, unless the platforms were asked for by name.
func (t *toolbox) inspect(ctx context.Context, reference string, byName bool) ([]imageinspect.Image, error) {
	from, err := t.sourceOf(reference)
	if err != nil {
		return nil, err
	}
	q := imageinspect.Query{Reference: reference, Platforms: t.platforms}
	images, err := from.Inspect(ctx, q)
	var failure *imageinspect.Failure
	if !byName && errors.As(err, &failure) && failure.Reason.Code == imageinspect.CodeNoPlatform {
		q.Platforms = nil
		images, err = from.Inspect(ctx, q)
	}
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", err)
	}
	return images, nil
}

// overrides are what the flags say over the image.
func (o *ImageOptions) overrides() imageinspect.Overrides {
	out := imageinspect.Overrides{Command: o.Command, Args: o.Args, WorkingDir: o.Workdir}
	if uid, err := strconv.ParseInt(o.RunAsUser, 10, 64); err == nil {
		out.RunAsUser = &uid
	}
	for _, e := range o.Env {
		name, value, _ := strings.Cut(e, "=")
		out.Env = append(out.Env, imageinspect.EnvVar{Name: name, Value: value})
	}
	return out
}

// writeUnread writes that an image could not be read. Text says so where the
// answer is read; what a program reads is repeated for the person who runs it.
func writeUnread(o *ImageOptions, answer render.Image, s Streams) error {
	if err := writeImage(o, answer, s); err != nil {
		return err
	}
	if o.Output == "text" {
		return exitError{code: ExitUnanswered}
	}
	return exitError{code: ExitUnanswered, message: fmt.Sprintf("image %s: %s", answer.Image, answer.Reason)}
}

func writeImage(o *ImageOptions, answer render.Image, s Streams) error {
	if o.Output == "text" {
		return written(render.ImageText(s.Out, answer, render.Style{Color: s.Color, Width: s.Width}))
	}
	return written(render.Encode(s.Out, o.Output, answer))
}
