package proc

import (
	"context"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/initguard/initguard/scanner"
)

// Scan walks over all processes once. Those that end meanwhile are left out.
func (r *Reader) Scan(ctx context.Context) (scanner.Scan, error) {
	s := scanner.Scan{At: r.now(), Living: make(map[int]scanner.Process)}
	r.suspect = r.suspect[:0]
	if err := r.walk(ctx, &s); err != nil {
		return scanner.Scan{}, fmt.Errorf("walk over proc: %w", err)
	}
	s.Zombies = make([]scanner.Process, 0, len(r.known))
	known := r.spare
	clear(known)
	for _, pid := range r.suspect {
		if err := ctx.Err(); err != nil {
			return scanner.Scan{}, fmt.Errorf("read zombies: %w", err)
		}
		if err := r.inspect(pid, &s, known); err != nil {
			return scanner.Scan{}, fmt.Errorf("read process %d: %w", pid, err)
		}
	}
	r.known, r.spare = known, r.known
	if cap(r.text) > textSize {
		r.text = make([]byte, textSize)
	}
	return s, nil
}

// walk finds the processes that have no memory.
func (r *Reader) walk(ctx context.Context, s *scanner.Scan) error {
	return r.each(ctx, func(pid int) error { return r.meet(pid, s) })
}

// each visits all processes. r.path is the PID when visit is called.
func (r *Reader) each(ctx context.Context, visit func(pid int) error) error {
	if _, err := unix.Seek(r.root, 0, 0); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := unix.Getdents(r.root, r.list)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return nil
		}
		if err := r.entries(r.list[:n], visit); err != nil {
			return err
		}
	}
}

// The layout of linux_dirent64 in getdents64(2): inode, offset, the length of
// the entry, a type, the name and a zero.
const (
	direntLength = 16
	direntName   = 19
)

// entries visits each process in a list.
func (r *Reader) entries(list []byte, visit func(pid int) error) error {
	for len(list) > direntName {
		length := int(binary.NativeEndian.Uint16(list[direntLength:]))
		if length <= direntName || length > len(list) {
			return fmt.Errorf("getdents: an entry of %d bytes in %d", length, len(list))
		}
		name := list[direntName:length]
		list = list[length:]
		if pid := r.name(name); pid != 0 {
			if err := visit(pid); err != nil {
				return err
			}
		}
	}
	return nil
}

// meet looks at one process of a scan.
func (r *Reader) meet(pid int, s *scanner.Scan) error {
	s.Processes++
	if _, ok := r.known[pid]; ok { // most zombies stay: stat tells
		r.suspect = append(r.suspect, pid)
		return nil
	}
	r.path = append(r.path, "/statm\x00"...)
	empty, err := r.memoryless()
	switch {
	case denied(err):
		s.Unreadable++
	case err != nil && !gone(err):
		return fmt.Errorf("%d/statm: %w", pid, err)
	case empty:
		r.suspect = append(r.suspect, pid)
	}
	return nil
}

// name makes r.path a process's folder, and returns its PID; 0 for what is no
// process.
func (r *Reader) name(name []byte) int {
	pid := 0
	r.path = r.path[:0]
	for _, c := range name {
		if c == 0 {
			break
		}
		if c < '0' || c > '9' || len(r.path) == maxDigits {
			return 0
		}
		pid = pid*10 + int(c-'0')
		r.path = append(r.path, c)
	}
	return pid
}

// maxDigits is that of the greatest PID, 2^22, and some more.
const maxDigits = 10

// memoryless says whether the process of r.path has no memory: its statm begins
// with "0 ".
func (r *Reader) memoryless() (bool, error) {
	fd, err := openat(r.root, r.path)
	if err != nil {
		return false, err
	}
	n, err := read(fd, r.head)
	shut(fd)
	return n >= 2 && r.head[0] == '0' && r.head[1] == ' ', err
}

// gone says that a process ended before it was read.
func gone(err error) bool {
	return err == unix.ENOENT || err == unix.ESRCH //nolint:errorlint // numbers, not chains
}

// denied says that a process may not be read: hidepid=noaccess, or a security
// module.
func denied(err error) bool {
	return err == unix.EACCES || err == unix.EPERM //nolint:errorlint // numbers, not chains
}
