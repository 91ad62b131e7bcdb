package app

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/cmd/initguard/render"
)

// version is set by the linker:
//
//	-ldflags "-X github.com/initguard/initguard/cmd/initguard/app.version=v1.2.3"
var version string

// unreleased is the version of a build that nobody gave one.
const unreleased = "devel"

// Version is this build's version.
func Version() string { return buildInfo().Version }

// buildInfo is what the linker and the Go command say about this build.
func buildInfo() render.Version {
	v := render.Version{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok && v.Version == "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	if v.Version == "" {
		v.Version = unreleased
	}
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Date = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// VersionOptions are the flags of `initguard version`.
type VersionOptions struct {
	Output string
}

// NewVersionOptions gives the defaults.
func NewVersionOptions() *VersionOptions { return &VersionOptions{Output: "text"} }

// AddFlags adds the flags.
func (o *VersionOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format`: text, json or yaml")
}

// Validate names every flag that can't be used.
func (o *VersionOptions) Validate() []error {
	return oneOf("--output", o.Output, "text", "json", "yaml")
}

func newVersionCommand(s Streams) *cobra.Command {
	o := NewVersionOptions()
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Long:  "Print the version of this program, what it was built from, and by which Go.",
		Example: `  initguard version
  initguard version -o json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if err := invalid(o.Validate()); err != nil {
				return err
			}
			return written(runVersion(o, s))
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "output", "text", "json", "yaml")
	return cmd
}

func runVersion(o *VersionOptions, s Streams) error {
	v := buildInfo()
	if o.Output == "text" {
		return render.VersionText(s.Out, v)
	}
	return render.Encode(s.Out, o.Output, v)
}

// written is the error of output that can't be written.
func written(err error) error {
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}
