package app

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are what a command reads from and writes to.
type Streams struct {
	In          io.Reader
	Out, ErrOut io.Writer
	// Color allows colours on Out.
	Color bool
	// Live allows text on ErrOut that is written over, such as progress.
	Live bool
	// Width is the width of Out in columns; 0 when it is no terminal.
	Width int
}

// Terminal makes streams of the process's own files. Colours are for terminals
// only, and off where NO_COLOR is set (https://no-color.org).
func Terminal(in, out, errOut *os.File) Streams {
	s := Streams{In: in, Out: out, ErrOut: errOut}
	if fd := int(out.Fd()); term.IsTerminal(fd) {
		s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(fd); err == nil {
			s.Width = width
		}
	}
	s.Live = term.IsTerminal(int(errOut.Fd())) && os.Getenv("TERM") != "dumb"
	return s
}
