package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// invalid makes one usage error of what is wrong with the flags.
func invalid(errs []error) error {
	if err := errors.Join(errs...); err != nil {
		return usageError{err}
	}
	return nil
}

// oneOf checks a flag that takes one of a few words.
func oneOf(flag, value string, words ...string) []error {
	if slices.Contains(words, value) {
		return nil
	}
	return []error{fmt.Errorf("%s: %q is none of %s", flag, value, strings.Join(words, ", "))}
}

// completeWords completes a flag with the words that it takes.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	// The only error is that of a flag that doesn't exist: a test completes
	// each of them.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}
