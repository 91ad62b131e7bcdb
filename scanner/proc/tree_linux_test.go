package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner"
)

// process is one of a made-up /proc.
type process struct {
	pid, parent, session int
	comm                 string
	state                string // "" is sleeping
	threads              int    // 0 is one
	start                int    // in ticks; 0 is the PID, so that parents are older
	inside               []int  // 0 is the PID alone
	cgroup               string
	statm                string // "" is that of the state
	// without are files that are gone.
	without []string
}

// tree writes a /proc of some processes, PID 1 always among them.
func tree(t *testing.T, all ...process) string {
	t.Helper()
	root := t.TempDir()
	all = append(all, process{pid: 1, session: 1, comm: "systemd", cgroup: "0::/init.scope\n"})
	for _, p := range all {
		p.write(t, root)
	}
	for name, text := range map[string]string{
		"self/mountinfo": "", "uptime": "1 1\n", "2x/statm": "0 0\n", "sys/statm": "0 0\n", "12345678901/statm": "0 0\n",
	} {
		write(t, filepath.Join(root, name), text)
	}
	return root
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p process) write(t *testing.T, root string) {
	t.Helper()
	statm := p.statm
	if statm == "" {
		statm = "1521 228 203 4 0 110 0\n"
		if p.state == "Z" || p.state == "I" {
			statm = "0 0 0 0 0 0 0\n"
		}
	}
	if p.state == "" {
		p.state = "S"
	}
	if p.inside == nil {
		p.inside = []int{p.pid}
	}
	pids := strings.ReplaceAll(strings.Trim(fmt.Sprint(p.inside), "[]"), " ", "\t")
	files := map[string]string{
		"statm": statm,
		"stat": fmt.Sprintf("%d (%s) %s %d %d %d 0 -1 4227084 26 0 0 0 0 0 0 0 20 0 %d 0 %d 0 0 18446744073709551615 0\n",
			p.pid, p.comm, p.state, p.parent, p.pid, p.session, max(p.threads, 1), max(p.start, p.pid)),
		"status": fmt.Sprintf("Name:\t%s\nState:\t%s\nNSpid:\t%s\nNSsid:\t1\n", strings.ReplaceAll(p.comm, "\n", `\n`), p.state, pids),
		"cgroup": p.cgroup,
	}
	for _, name := range p.without {
		delete(files, name)
	}
	for name, text := range files {
		write(t, filepath.Join(root, fmt.Sprint(p.pid), name), text)
	}
}

// open opens a made-up /proc, at a fixed time.
func open(t *testing.T, root string) *Reader {
	t.Helper()
	r, err := Open(Options{Root: root, Now: func() time.Duration { return time.Hour }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func once(t *testing.T, r *Reader) scanner.Scan {
	t.Helper()
	s, err := r.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
