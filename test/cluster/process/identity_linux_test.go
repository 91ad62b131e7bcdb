package process

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// From a Linux 6.18 machine; the name is made up.
const statLine = "19405 ((a b ) ( c d) S 19380 19380 19370 0 -1 4194304 32141 0 0 0 172 40 0 0 20 0 11 0 " +
	"8812345 1402036224 66937 18446744073709551615 1 1 0 0 0 0 0 0 2143420159 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

func TestParseStat(t *testing.T) {
	tests := []struct {
		name, stat, ticks, wantErr string
		state                      byte
	}{
		{name: "parentheses in the name", stat: statLine, state: 'S', ticks: "8812345"},
		{name: "zombie", stat: strings.Replace(statLine, ") S", ") Z", 1), state: 'Z', ticks: "8812345"},
		{name: "empty", stat: "", wantErr: "no command name"},
		{name: "cut", stat: "1 (init) S 0 1", wantErr: "too few"},
		{name: "no number", stat: strings.Replace(statLine, "8812345", "-1", 1), wantErr: "start time"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			state, ticks, err := parseStat([]byte(test.stat))
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("error %v, want %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if state != test.state || ticks != test.ticks {
				t.Errorf("got %c, %s, want %c, %s", state, ticks, test.state, test.ticks)
			}
		})
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(statLine))
	f.Add([]byte("1 (init) S 0 1"))
	f.Add([]byte(")"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, ticks, err := parseStat(data)
		if (err == nil) != (ticks != "") {
			t.Errorf("ticks %q with error %v", ticks, err)
		}
	})
}

func TestIdentifyZombie(t *testing.T) {
	s := spec("fail")
	cmd := exec.Command(s.Path)
	cmd.Env = s.Env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	eventually(t, "a process that has ended but was not waited for is gone", func() bool {
		_, err := identify(cmd.Process.Pid)
		return errors.Is(err, errGone)
	})
}

func TestIdentifyItself(t *testing.T) {
	first, err := identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	second, err := identify(os.Getpid())
	if err != nil || first != second {
		t.Errorf("identities %q and %q, error %v", first, second, err)
	}
}
