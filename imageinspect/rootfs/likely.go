package rootfs

import (
	"archive/tar"
	"path"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect"
)

// releases are the files that say which distribution an image is of.
var releases = [...]string{"/etc/os-release", "/usr/lib/os-release", "/etc/alpine-release", "/etc/debian_version"}

// asked are programs that questions often lead to, once a script was read or a
// shell found: which shell it is, and what an init or a wrapper really is.
var asked = [...]string{
	"bash", "busybox", "dash", "ksh93", "mksh", "sh", "toybox", "zsh",
	"catatonit", "dumb-init", "gosu", "s6-svscan", "setpriv", "su-exec", "tini", "tini-static",
}

// maxAsked bounds such a program in bytes; gosu has about 2 MiB.
const maxAsked = 8 << 20

// maxRelease bounds a file that says which distribution it is.
const maxRelease = 64 << 10

// Releases are the files whose content is kept whenever it goes by.
func Releases() []string { return slices.Clone(releases[:]) }

// likely says of a regular file whether the next question may be about it: yes,
// or only if it turns out to be a script.
func likely(at string, h *tar.Header) (yes, ifScript bool) {
	switch {
	case h.Size == 0:
		return false, false
	case slices.Contains(releases[:], at):
		return h.Size <= maxRelease, false
	case h.Mode&0o111 == 0 || strings.Contains(at, "/node_modules/") || strings.Contains(at, "-packages/"):
		return false, false
	case slices.Contains(asked[:], path.Base(at)) && strings.HasSuffix(path.Dir(at), "bin"):
		return h.Size <= maxAsked, false
	default:
		return false, h.Size <= imageinspect.MaxText
	}
}
