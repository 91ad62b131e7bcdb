package proc

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The three calls a process. They are made as the kernel has them: unix.Openat
// copies the path into new memory each time, and its calls tell the scheduler,
// which costs a tenth of a microsecond and is for calls that block. These
// don't: proc makes up the text on the spot.

// openat opens a path that ends with a zero.
func openat(dir int, path []byte) (int, error) {
	for {
		fd, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&path[0])), //nolint:gosec // see above
			unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// read reads at most once.
func read(fd int, into []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&into[0])), uintptr(len(into))) //nolint:gosec // see above
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// shut closes. A file of proc that was only read has nothing that could fail.
func shut(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }
