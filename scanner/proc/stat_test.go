package proc

import (
	"testing"
	"time"
)

// realZombie is a line of /proc/PID/stat, Linux 6.18, of an orphan that an exec
// into a container of runc 1.1 left.
const realZombie = "26661 (sleep) Z 26080 26656 26656 0 -1 4227084 26 0 0 0 0 0 0 0 20 0 1 0 139251 0 0 " +
	"18446744073709551615 0 0 0 0 0 0 0 4 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

func TestParseStat(t *testing.T) {
	rest := " S 3 9 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 5 0 250 0"
	want := stat{pid: 12, parent: 3, session: 7, state: 'S', threads: 5, start: 2500 * time.Millisecond}
	tests := []struct {
		name, line, comm string
	}{
		{"plain", "12 (sleep)" + rest, "sleep"},
		{"empty name", "12 ()" + rest, ""},
		{"spaces and parentheses", "12 (a b ) ( c d) )" + rest, "a b ) ( c d) "},
		{"a whole line as name", "12 (a) Z 1 ()" + rest, "a) Z 1 ("},
		{"line breaks", "12 (a\n1 (b) Z 1\n)" + rest, "a\n1 (b) Z 1\n"},
		{"15 bytes of UTF-8", "12 (日本語日本)" + rest, "日本語日本"},
		{"cut in the middle of a rune", "12 (ééééééé\xc3)" + rest, "ééééééé\xc3"},
		{"no UTF-8 at all", "12 (\xff\x00\xfe)" + rest, "\xff\x00\xfe"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseStat([]byte(test.line))
			want.comm = test.comm
			if err != nil || got != want {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestParseRealStat(t *testing.T) {
	want := stat{
		pid: 26661, parent: 26080, session: 26656, comm: "sleep", state: 'Z', threads: 1, start: 1392510 * time.Millisecond,
	}
	got, err := parseStat([]byte(realZombie))
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestParseStatRefuses(t *testing.T) {
	for _, line := range []string{
		"", "12", "12 (", "12 )(", "(a) S 3", "12 (a", "x (a) S 3 9 7", "12 (a) S", "12 (a) SS 3 9 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 5 0 250 0",
		"12 (a) S 3 9 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 5 0", "12 (a) S 3 9 x 0 -1 0 0 0 0 0 0 0 0 0 20 0 5 0 250 0",
	} {
		if got, err := parseStat([]byte(line)); err == nil {
			t.Errorf("%q is read as %+v", line, got)
		}
	}
}

func TestStartDoesNotOverflow(t *testing.T) {
	got, err := parseStat([]byte("12 (a) S 3 9 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 5 0 18446744073709551615"))
	if err != nil || got.start <= 0 {
		t.Errorf("start %v, %v", got.start, err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(realZombie))
	f.Add([]byte("12 (a) Z 1 () S 3 9 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 5 0 250 0"))
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := parseStat(line)
		if err == nil && (s.start < 0 || s.pid < 0) {
			t.Errorf("%q is read as %+v", line, s)
		}
	})
}
