// Package app holds the commands of initguard: their flags and the wiring of
// the other packages, one file a command.
package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/initguard/initguard/cmd/initguard/render"
)

// The exit codes. ExitFindings is check's alone.
const (
	ExitOK       = 0
	ExitFindings = 1
	// ExitUnanswered is that of a question that could not be answered, and of
	// one that could not be understood.
	ExitUnanswered = 2
)

const (
	toolName = "initguard"
	// pluginName is the name under which kubectl finds a plugin, and
	// completerName the one under which it finds the plugin's completion
	// (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/).
	pluginName    = "kubectl-initguard"
	completerName = "kubectl_complete-initguard"
)

// commands are the subcommands, in no order: cobra sorts them.
func commands() []func(Streams) *cobra.Command {
	return []func(Streams) *cobra.Command{
		newAuditCommand,
		newCheckCommand,
		newImageCommand,
		newInjectCommand,
		newInstallTiniCommand,
		newNotifyCommand,
		newResponderCommand,
		newScannerCommand,
		newVersionCommand,
		newWebhookCommand,
		newZombiesCommand,
	}
}

// usageError is the error of a command line that can't be followed.
type usageError struct{ error }

// Unwrap gives the cause.
func (e usageError) Unwrap() error { return e.error }

// exitError ends the process with a code. Its message, if any, is for ErrOut;
// without one all has been said.
type exitError struct {
	code    int
	message string
}

func (e exitError) Error() string { return e.message }

// Run runs the command line, whose first word is the program's own name, and
// returns the exit code.
func Run(ctx context.Context, args []string, s Streams) int {
	name, rest := toolName, []string(nil)
	if len(args) > 0 {
		name, rest = calledAs(args[0]), args[1:]
	}
	if name == completerName {
		name, rest = pluginName, append([]string{cobra.ShellCompRequestCmd}, rest...)
	}
	root := NewRoot(name == pluginName, s)
	root.SetArgs(rest)
	cmd, err := root.ExecuteContextC(ctx)
	return report(cmd, err, s)
}

// calledAs is the name of the program without directory and suffix.
func calledAs(argv0 string) string {
	return strings.TrimSuffix(filepath.Base(argv0), ".exe")
}

// NewRoot makes the whole tree of commands; as a plugin it calls itself
// "kubectl initguard".
func NewRoot(plugin bool, s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   toolName,
		Short: "Find out who PID 1 of a container will be, and whether it reaps zombies",
		Long: `Find out who PID 1 of a container will be, and whether it reaps zombies.

A container's first process inherits every orphan in it. If it does not wait for
them, they stay behind as zombies, until the pod can't start processes any more.`,
		Example: `  # Who is PID 1 of an image, and does it reap?
  initguard image nginx:1.29

  # Would the cluster warn about these manifests?
  initguard check -f deploy/`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	if plugin {
		root.Use = pluginName
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl initguard"}
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.ErrOut)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	for _, newCommand := range commands() {
		root.AddCommand(newCommand(s))
	}
	addCompletion(root)
	nameExamples(root, root.CommandPath())
	return root
}

// nameExamples has the examples call the program as it was called.
func nameExamples(cmd *cobra.Command, name string) {
	cmd.Example = strings.ReplaceAll(cmd.Example, toolName+" ", name+" ")
	for _, sub := range cmd.Commands() {
		nameExamples(sub, name)
	}
}

// report writes an error and returns the exit code.
func report(cmd *cobra.Command, err error, s Streams) int {
	var exit exitError
	var usage usageError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &exit):
		if exit.message != "" {
			fmt.Fprintln(s.ErrOut, "Error:", render.PrintableLines(exit.message))
		}
		return exit.code
	// What cobra itself finds wrong with the command line has no type.
	case errors.As(err, &usage) || !cmd.HasParent():
		fmt.Fprintf(s.ErrOut, "Error: %s\nsee %s --help\n", render.PrintableLines(err.Error()), cmd.CommandPath())
		return ExitUnanswered
	default:
		fmt.Fprintln(s.ErrOut, "Error:", render.PrintableLines(err.Error()))
		return ExitUnanswered
	}
}

// usageArgs has a check of arguments fail as a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
