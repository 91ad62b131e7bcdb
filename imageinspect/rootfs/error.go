package rootfs

import (
	"errors"
	"fmt"

	"github.com/initguard/initguard/imageinspect"
)

// Error says why a file was not read. It wraps imageinspect.ErrNotRead.
type Error struct {
	// Reason is one clause that may be shown to anyone.
	Reason string
	// Lasting is true when it is the image that is to blame: reading the same
	// layers again would end the same way.
	Lasting bool
	// Cause is what happened, for those who may see it; may be nil.
	Cause error
	// contradicts is true when nothing that the layer says can be believed.
	contradicts bool
}

func (e *Error) Error() string { return e.Reason }

// Detail is what the platform's log says of the Cause, where that knows what
// of it may be written down; else empty.
func (e *Error) Detail() string {
	if told := (interface{ Detail() string })(nil); errors.As(e.Cause, &told) {
		return told.Detail()
	}
	return ""
}

// Is makes every Error an imageinspect.ErrNotRead. Cause is not unwrapped: a
// deadline in it is not the caller's.
func (*Error) Is(target error) bool { return target == imageinspect.ErrNotRead }

func bound(format string, args ...any) *Error {
	return &Error{Reason: fmt.Sprintf(format, args...), Lasting: true}
}

// contradiction is the error for a layer that says different things of a path.
func contradiction(text string) *Error {
	return &Error{Reason: text, Lasting: true, contradicts: true}
}

// mib writes a bound that is a number of MiB.
func mib(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
