package render

import (
	"fmt"
	"io"
)

// Version says what a build was made of.
type Version struct {
	Version string `json:"version"`
	// Commit and Date are those of the source; empty when the build knows none.
	Commit string `json:"commit,omitempty"`
	Date   string `json:"date,omitempty"`
	// Modified is true when the source was not as committed.
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// VersionText writes a version on one line.
func VersionText(w io.Writer, v Version) error {
	commit := ""
	if v.Commit != "" {
		commit = ", commit " + v.Commit
		if v.Modified {
			commit += " (modified)"
		}
	}
	_, err := fmt.Fprintf(w, "initguard %s%s, %s, %s\n", v.Version, commit, v.Go, v.Platform)
	return err //nolint:wrapcheck // The caller says what was written.
}
