package proc

import (
	"bytes"
	"errors"
	"time"
)

// tick is the unit of times in stat. It is USER_HZ, 100 on all architectures
// that Go knows, whatever the kernel's own HZ.
const tick = time.Second / 100

// stat are the fields of /proc/PID/stat that matter; see proc_pid_stat(5).
type stat struct {
	pid, parent, session int
	comm                 string
	state                byte
	threads              int
	start                time.Duration
}

var errStat = errors.New("stat: not as proc_pid_stat(5) says")

// The fields that are read, counted from the one behind the name.
const (
	fieldState = iota
	fieldParent
	fieldGroup
	fieldSession
	fieldThreads = 17
	fieldStart   = 19
	fieldsRead   = 20
)

// parseStat reads a line of /proc/PID/stat. The name is anything of up to 15
// bytes, so that `7 (a) Z 1 () S 1 ...` is one process: the last closing
// parenthesis ends it, because only numbers follow.
func parseStat(text []byte) (stat, error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return stat{}, errStat
	}
	pid, ok := number(bytes.TrimRight(text[:open], " "))
	if !ok {
		return stat{}, errStat
	}
	s := stat{pid: int(pid), comm: string(text[open+1 : end])}
	rest := text[end+1:]
	for i := range fieldsRead {
		var field []byte
		field, rest = nextField(rest)
		if i == fieldState {
			if len(field) != 1 {
				return stat{}, errStat
			}
			s.state = field[0]
			continue
		}
		n, ok := number(field)
		if !ok {
			return stat{}, errStat
		}
		s.set(i, n)
	}
	return s, nil
}

func (s *stat) set(field int, n int64) {
	switch field {
	case fieldParent:
		s.parent = int(n)
	case fieldSession:
		s.session = int(n)
	case fieldThreads:
		s.threads = int(n)
	case fieldStart:
		s.start = time.Duration(min(n, maxTicks)) * tick
	}
}

// maxTicks keeps the start from overflowing; it is far from any uptime.
const maxTicks = int64(1) << 38

// nextField cuts off the first word.
func nextField(text []byte) (field, rest []byte) {
	from := 0
	for from < len(text) && blank(text[from]) {
		from++
	}
	end := from
	for end < len(text) && !blank(text[end]) {
		end++
	}
	return text[from:end], text[end:]
}

func blank(c byte) bool { return c == ' ' || c == '\n' }

// number reads a decimal number. What is beyond an int64, as some unsigned
// fields may be, is cut to the greatest one.
func number(text []byte) (int64, bool) {
	digits, negative := bytes.CutPrefix(text, []byte("-"))
	if len(digits) == 0 {
		return 0, false
	}
	const most = int64(^uint64(0) >> 1)
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (most-int64(c-'0'))/10 {
			n = most
			continue
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
