package proc

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/initguard/initguard/scanner"
)

// inspect adds a process without memory to the scan if it is a zombie, with its
// ancestors.
func (r *Reader) inspect(pid int, s *scanner.Scan, known map[int]scanner.Process) error {
	p, ok, err := r.zombie(pid)
	switch {
	case err != nil || !ok || p.State != 'Z':
		return err
	case !p.Exited():
		s.Leaders++
		return nil
	}
	found, err := r.ancestors(p, s.Living)
	if err == nil && !found {
		// The parent went meanwhile, and the zombie has a new one.
		if p, ok, err = r.zombie(pid); err == nil && ok && p.Exited() {
			found, err = r.ancestors(p, s.Living)
		}
	}
	if err != nil || !found {
		return err
	}
	known[pid] = p
	s.Zombies = append(s.Zombies, p)
	return nil
}

// zombie reads a process that is probably a zombie; false when it is gone. Of a
// kernel thread and of a zombie of the scan before, stat is enough.
func (r *Reader) zombie(pid int) (scanner.Process, bool, error) {
	r.path = append(strconv.AppendInt(r.path[:0], int64(pid), 10), "/stat\x00"...)
	text, err := r.read(r.root, r.path)
	if err != nil {
		return scanner.Process{}, false, passing(err)
	}
	st, err := parseStat(text)
	if err != nil {
		return scanner.Process{}, false, err
	}
	p := st.process()
	if p.State != 'Z' {
		return p, true, nil
	}
	if before, ok := r.known[pid]; ok && before.Start == p.Start {
		p.Inside, p.Container = before.Inside, before.Container
		return p, true, nil
	}
	return r.process(pid)
}

// ancestors adds a zombie's ancestors; false when its parent is not there.
func (r *Reader) ancestors(z scanner.Process, living map[int]scanner.Process) (bool, error) {
	child := z
	for child.Parent != 0 {
		if _, ok := living[child.Parent]; ok {
			return true, nil
		}
		p, ok, err := r.process(child.Parent)
		if err != nil {
			return false, err
		}
		if !ok || p.Start > child.Start {
			// Gone, or its PID is another's by now: parents are older.
			return child.PID != z.PID, nil
		}
		living[p.PID] = p
		child = p
	}
	return true, nil
}

// process reads all of a process; false when it is gone. Its folder is held
// open, so that all comes from the same one, whoever gets its PID next.
func (r *Reader) process(pid int) (scanner.Process, bool, error) {
	dir, err := unix.Openat(r.root, strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return scanner.Process{}, false, passing(err)
	}
	defer shut(dir)
	text, err := r.file(dir, "stat")
	if err != nil {
		return scanner.Process{}, false, passing(err)
	}
	st, err := parseStat(text)
	if err != nil {
		return scanner.Process{}, false, err
	}
	p := st.process()
	if text, err = r.file(dir, "status"); err != nil {
		return scanner.Process{}, false, passing(err)
	}
	if p.Inside, err = parseInside(text); err != nil {
		return scanner.Process{}, false, err
	}
	if text, err = r.file(dir, "cgroup"); err != nil {
		return scanner.Process{}, false, passing(err)
	}
	p.Container = parseCgroup(string(text))
	return p, true, nil
}

func (s stat) process() scanner.Process {
	return scanner.Process{
		PID: s.pid, Parent: s.parent, Session: s.session, Comm: s.comm, State: s.state, Threads: s.threads, Start: s.start,
	}
}

// passing drops the error of a process that is gone or not for us.
func passing(err error) error {
	if gone(err) || denied(err) {
		return nil
	}
	return err
}

// file reads a file, valid until the next one is read.
func (r *Reader) file(dir int, name string) ([]byte, error) {
	return r.read(dir, append([]byte(name), 0))
}

// read is file for a path that ends with a zero.
func (r *Reader) read(dir int, path []byte) ([]byte, error) {
	fd, err := openat(dir, path)
	if err != nil {
		return nil, err
	}
	defer shut(fd)
	have := 0
	for {
		if have == len(r.text) {
			if len(r.text) >= textMost {
				return nil, unix.EFBIG
			}
			r.text = append(r.text, make([]byte, len(r.text))...)
		}
		n, err := read(fd, r.text[have:])
		if err != nil || n == 0 {
			return r.text[:have], err
		}
		have += n
	}
}
