package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/scanner/config"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
)

// NotifyTestOptions are the flags of `initguard notify test`.
type NotifyTestOptions struct {
	Config    string
	To        []string
	Namespace string
	DryRun    bool
}

// NewNotifyTestOptions gives the defaults.
func NewNotifyTestOptions() *NotifyTestOptions { return &NotifyTestOptions{Namespace: "default"} }

// AddFlags adds the flags.
func (o *NotifyTestOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Config, "config", o.Config, "the responder's configuration `file`")
	fs.StringSliceVar(&o.To, "to", o.To, "`address` to send to; repeat it or join several by commas")
	fs.StringVarP(&o.Namespace, "namespace", "n", o.Namespace, "`namespace` that the mail is about")
	fs.BoolVar(&o.DryRun, "dry-run", o.DryRun, "print the mail and send nothing")
}

// Validate returns everything that is wrong with the flags.
func (o *NotifyTestOptions) Validate() []error {
	var errs []error
	if o.Config == "" {
		errs = append(errs, errors.New("--config is required: the responder's configuration file"))
	}
	if len(o.To) == 0 {
		errs = append(errs, errors.New("--to is required: whom to send the mail to"))
	}
	return errs
}

func newNotifyCommand(streams Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Try how people are told about zombies",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNotifyTestCommand(streams))
	return cmd
}

func newNotifyTestCommand(streams Streams) *cobra.Command {
	o := NewNotifyTestOptions()
	cmd := &cobra.Command{
		Use:   "test --config FILE --to ADDRESS",
		Short: "Send one mail about a made-up workload, as the responder would",
		Long: `Send one mail about a made-up workload, as the responder would.

It is sent once, with the section mail of the responder's configuration file. Where
that fails it says at which stage, and what the mail server answered.`,
		Example: `  initguard notify test --config responder.yaml --to me@example.org

  # What would be sent
  initguard notify test --config responder.yaml --to me@example.org --dry-run`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			if err := testMail(cmd.Context(), o, streams.Out); err != nil {
				return exitError{code: ExitUnanswered, message: err.Error()}
			}
			return nil
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// testMail sends one mail, or prints it.
func testMail(ctx context.Context, o *NotifyTestOptions, out io.Writer) error {
	data, err := os.ReadFile(o.Config)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	c, err := config.Parse(o.Config, data)
	if err != nil {
		return err //nolint:wrapcheck // It names the file.
	}
	db, err := initdb.New()
	if err != nil {
		return fmt.Errorf("programs: %w", err)
	}
	mail, err := notify.NewMail(notify.MailOptions{
		Settings: c.Mail, Situation: seenSituation(db), OptOut: c.Notices.OptOut, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", o.Config, err)
	}
	var to []notice.Contact
	for _, address := range o.To {
		to = append(to, notice.Contact{Role: "tester", Address: address})
	}
	digest := notify.Sample(o.Namespace, to, time.Now())
	if o.DryRun {
		_, err := out.Write(mail.Message(ctx, digest))
		return written(err)
	}
	tried, err := mail.Try(ctx, digest)
	if err != nil {
		return err //nolint:wrapcheck // It names server and stage.
	}
	for _, address := range tried.Accepted {
		fmt.Fprintln(out, "sent to", render.Printable(address))
	}
	for _, refused := range append(tried.Refused, tried.Later...) {
		fmt.Fprintln(out, "not taken for", render.Printable(refused))
	}
	if len(tried.Refused)+len(tried.Later) > 0 {
		return fmt.Errorf("%s takes no mail for some of them", c.Mail.Host)
	}
	return nil
}
