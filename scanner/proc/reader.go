package proc

import (
	"errors"
	"time"
)

// Options say what a Reader reads.
type Options struct {
	// Root is where proc is mounted; "" is /proc.
	Root string
	// Now is the time since boot; nil asks the kernel.
	Now func() time.Duration
}

// ErrUnsupported is the error of a system that has no /proc as Linux has it.
var ErrUnsupported = errors.New("only Linux has a /proc that tells zombies")
