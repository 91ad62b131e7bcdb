package proc

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/initguard/initguard/scanner"
)

// A Reader reads /proc, again and again, into the same memory. It is not safe
// for concurrent use.
type Reader struct {
	root  int // an open folder
	hides string
	now   func() time.Duration

	list    []byte // what getdents gives
	path    []byte // PID/statm and a zero
	head    []byte // the beginning of statm
	text    []byte // other files
	suspect []int

	// known are the zombies of the scan before: what doesn't change is not read
	// again. spare is the memory for those of the next.
	known, spare map[int]scanner.Process
}

// The sizes of what is used again.
const (
	listSize = 64 << 10
	pathSize = 64
	headSize = 64
	textSize = 8 << 10
	// textMost bounds a file. status lists all groups of a process, 65,536 at
	// most, before the line that is read.
	textMost = 1 << 20
)

// Open opens proc. It fails where other processes can't be seen: an empty answer
// would look like a good one.
func Open(o Options) (*Reader, error) {
	path := cmp.Or(o.Root, "/proc")
	root, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r := &Reader{
		root: root, now: o.Now, list: make([]byte, listSize), path: make([]byte, 0, pathSize),
		head: make([]byte, headSize), text: make([]byte, textSize), known: make(map[int]scanner.Process),
		spare: make(map[int]scanner.Process),
	}
	if r.now == nil {
		r.now = sinceBoot
	}
	if err := r.look(path); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// look checks that PID 1 can be seen. It is always there, and other users'.
func (r *Reader) look(path string) error {
	if text, err := r.file(r.root, "self/mountinfo"); err == nil {
		r.hides = parseHidepid(string(text), path)
	}
	text, err := r.file(r.root, "1/stat")
	if err == nil {
		_, err = parseStat(text)
	}
	switch {
	case err == nil:
		return nil
	case r.hides != "":
		return fmt.Errorf("%s is mounted with hidepid=%s, which hides the processes of others: run with CAP_SYS_PTRACE, "+
			"or in the group that its option gid names: %w", path, r.hides, err)
	default:
		return fmt.Errorf("%s does not show PID 1, is it a proc file system? %w", path, err)
	}
}

// Hides is the mount option hidepid where it is set: the processes of other
// users may be missing then, and nothing tells how many.
func (r *Reader) Hides() string { return r.hides }

// Close closes proc.
func (r *Reader) Close() error {
	if err := unix.Close(r.root); err != nil {
		return fmt.Errorf("close proc: %w", err)
	}
	return nil
}

// sinceBoot is the clock that start times are told in. A time namespace shifts
// both alike.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0 // Linux has this clock since 2.6.39.
	}
	return time.Duration(t.Nano())
}
