package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	// tiniName is what the installed file is called.
	tiniName = "tini"
	// tiniMode lets every user run it: containers have any.
	tiniMode = 0o755
	// tiniMost is more than any tini has, in bytes.
	tiniMost = 16 << 20
)

// InstallTiniOptions are the flags of `initguard install-tini`.
type InstallTiniOptions struct {
	From string
}

// NewInstallTiniOptions gives the defaults: where initguard's own image has it.
func NewInstallTiniOptions() *InstallTiniOptions {
	return &InstallTiniOptions{From: "/usr/bin/tini-static"}
}

// AddFlags adds the flags.
func (o *InstallTiniOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.From, "from", o.From, "`file` to copy: a static tini")
}

func newInstallTiniCommand(Streams) *cobra.Command {
	o := NewInstallTiniOptions()
	cmd := &cobra.Command{
		Use:   "install-tini DIR",
		Short: "Copy the static tini of initguard's image into a folder",
		Long: `Copy the static tini of initguard's image into a folder, as DIR/tini.

An init container does this for a container that gets an init in front; the
image has no shell that could.`,
		Example: "  initguard install-tini /initguard",
		Hidden:  true, // for init containers, not for people
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := installTini(o.From, args[0]); err != nil {
				return fmt.Errorf("install tini: %w", err)
			}
			return nil
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// installTini copies the file so that DIR/tini is complete whenever it is there.
func installTini(from, dir string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if info, err := source.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > tiniMost {
		return errors.Join(err, fmt.Errorf("%s is not a file of at most %d bytes", from, tiniMost))
	}
	target, err := os.CreateTemp(dir, "."+tiniName+"-")
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	err = errors.Join(err, target.Chmod(tiniMode), target.Close())
	if err == nil {
		err = os.Rename(target.Name(), filepath.Join(dir, tiniName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(target.Name()))
	}
	return nil
}
