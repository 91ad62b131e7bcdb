package app

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Docs are the pages about the commands, in Markdown, by file name. They come
// from the commands' own help and are the same on every machine.
func Docs() map[string]string {
	root := NewRoot(false, Streams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard})
	pages := make(map[string]string)
	for _, cmd := range documented(root) {
		pages[pageName(cmd)] = page(cmd)
	}
	return pages
}

// documented are the commands that have a page; those below completion are
// cobra's own and say the same for each shell.
func documented(root *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{root}
	for _, cmd := range root.Commands() {
		if !cmd.Hidden && cmd.Name() != "help" {
			out = append(out, cmd)
			if !shells(cmd) {
				out = append(out, cmd.Commands()...)
			}
		}
	}
	return out
}

// shells says whether it is the command that has one for each shell, which its
// own page tells of.
func shells(cmd *cobra.Command) bool { return cmd.Name() == "completion" }

func pageName(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md"
}

func page(cmd *cobra.Command) string {
	cmd.InitDefaultHelpFlag()
	var out strings.Builder
	fmt.Fprintf(&out, "<!-- Generated from the command's help: run `make update`. -->\n\n# %s\n\n%s\n\n", cmd.CommandPath(), cmd.Short)
	use := cmd.UseLine()
	if !cmd.Runnable() {
		use = cmd.CommandPath() + " COMMAND"
	}
	fmt.Fprintf(&out, "```\n%s\n```\n\n", use)
	if cmd.Long != "" {
		fmt.Fprintf(&out, "```text\n%s\n```\n\n", strings.TrimSpace(cmd.Long))
	}
	if cmd.Example != "" {
		fmt.Fprintf(&out, "## Examples\n\n```sh\n%s\n```\n\n", unindent(cmd.Example))
	}
	subcommands(&out, cmd)
	flags(&out, cmd)
	if cmd.HasParent() {
		fmt.Fprintf(&out, "Back to [%s](%s).\n", cmd.Root().CommandPath(), pageName(cmd.Root()))
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

func subcommands(out *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	out.WriteString("## Commands\n\n| command | |\n| --- | --- |\n")
	for _, sub := range cmd.Commands() {
		switch {
		case sub.Hidden || sub.Name() == "help":
		case shells(cmd):
			fmt.Fprintf(out, "| %s | %s |\n", sub.CommandPath(), sub.Short)
		default:
			fmt.Fprintf(out, "| [%s](%s) | %s |\n", sub.CommandPath(), pageName(sub), sub.Short)
		}
	}
	out.WriteString("\n")
}

func flags(out *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasAvailableLocalFlags() {
		return
	}
	out.WriteString("## Flags\n\n| flag | default | |\n| --- | --- | --- |\n")
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		def := ""
		if f.DefValue != "" && f.DefValue != "[]" && f.DefValue != "false" {
			def = "`" + f.DefValue + "`"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", name, def, strings.ReplaceAll(usage, "|", `\|`))
	})
	out.WriteString("\n")
}
