package script_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/script"
)

// TestAgreesWithTheShellsHere runs random command strings in this machine's own
// bash and dash, and holds what the shell turned into against what Command
// says. Where Command says Unclear there is nothing to hold.
func TestAgreesWithTheShellsHere(t *testing.T) {
	shells := map[script.Shell]string{}
	for _, shell := range []script.Shell{script.Bash, script.Dash} {
		if path, err := exec.LookPath(string(shell)); err == nil {
			shells[shell] = path
		}
	}
	if shells[script.Bash] == "" {
		t.Fatal("no bash on PATH: make needs it too")
	}
	programs := twoPrograms(t)
	random := rand.New(rand.NewPCG(1, 2))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 8)
	held := 0
	for range 300 {
		source := list(random, 3)
		for shell, path := range shells {
			said := words(script.Run(script.Input{Source: source, Shell: shell, Name: "sh", Dir: "/"}))
			if strings.ContainsAny(said, "?\x00") {
				continue
			}
			held++
			slots <- struct{}{}
			wait.Go(func() {
				defer func() { <-slots }()
				got := becomes(t, path, source, programs)
				if got != "" && !slices.Contains(strings.Split(said, "|"), got) {
					t.Errorf("%s -c %q: it became %q, Run says %q", shell, source, got, said)
				}
			})
		}
	}
	wait.Wait()
	if held < 100 {
		t.Errorf("only %d strings were decided: this test holds next to nothing", held)
	}
}

// twoPrograms makes a folder with two names for sleep: a shell that became one
// of them did not become the other.
func twoPrograms(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rest"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// list makes a random list of commands. Those that run for long are sleep and
// rest.
func list(r *rand.Rand, depth int) string {
	var out strings.Builder
	n := 1 + r.IntN(3)
	for i := range n {
		out.WriteString(command(r, depth))
		if i < n-1 {
			out.WriteString([]string{"; ", "; ", "\n", " & "}[r.IntN(4)])
		}
	}
	return out.String()
}

func command(r *rand.Rand, depth int) string {
	plain := []string{
		"true", "false", "[ 1 = 1 ]", "[ 1 = 2 ]", "/bin/true", "/bin/false", "cd /", "X=sleep", "X=rest", "export X=rest", "set -e",
		"set -- sleep 300", "set -- rest 300", "exec sleep 300", "exec rest 300", "sleep 300", "rest 300",
		`exec "$@"`, "exec $X 300", `"$@"`, "exit 0", "wait", "trap true TERM", "trap '' TERM", "command sleep 300",
		"sleep 300 >/dev/null", "unset X", "V=1 sleep 300", ": ${X:=rest}",
	}
	if depth == 0 || r.IntN(2) == 0 {
		return plain[r.IntN(len(plain))]
	}
	a, b := command(r, depth-1), command(r, depth-1)
	switch r.IntN(7) {
	case 0, 1:
		return a + " && " + b
	case 2:
		return a + " || " + b
	case 3:
		return "{ " + a + "; " + b + "; }"
	case 4:
		return "( " + a + " )"
	case 5:
		return "! " + plain[r.IntN(len(plain))]
	default:
		return a + " | " + b
	}
}

// becomes runs a string and says what its process turned into in the end:
// "sleep" or "rest", or "" where it stayed the shell. Programs that the shell
// waits for are ended one after the other, so that it goes on.
func becomes(t *testing.T, shell, source, programs string) string {
	cmd := exec.CommandContext(t.Context(), shell, "-c", source)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return ""
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ends is no question here
	}()
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // nothing may be left of it
		<-ended
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for same, last := 0, ""; ; {
		now := look(cmd.Process.Pid, filepath.Base(shell))
		if now != last {
			same, last = 0, now
		}
		if same++; same >= 4 {
			switch now {
			case "sleep", "rest":
				return now
			case "stays":
				endPrograms(cmd.Process.Pid)
			}
		}
		select {
		case <-ended:
			return ""
		case <-deadline.C:
			t.Errorf("%s -c %q: neither ended nor settled", shell, source)
			return ""
		case <-tick.C:
		}
	}
}

// endPrograms ends the programs below a shell, but no subshell.
func endPrograms(pid int) {
	for _, child := range children(pid) {
		if exe := exeOf(child); exe == "sleep" || exe == "rest" {
			_ = syscall.Kill(child, syscall.SIGKILL) // it may have ended by itself
			continue
		}
		endPrograms(child)
	}
}

// look says what a process is now, "" where that may still change.
func look(pid int, shell string) string {
	switch exe := exeOf(pid); {
	case exe == "sleep" || exe == "rest":
		return exe
	case exe != shell || !waits(pid):
		return ""
	}
	below := children(pid)
	if len(below) == 0 {
		return ""
	}
	for _, child := range below {
		// A subshell that waits in turn has settled as well.
		if exe := exeOf(child); exe != "sleep" && exe != "rest" && look(child, shell) == "" {
			return ""
		}
	}
	return "stays"
}

func exeOf(pid int) string {
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return ""
	}
	return filepath.Base(target)
}

// waits is true for a process that sleeps, as a shell does in wait4.
func waits(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, found := strings.Cut(string(stat), ") ")
	return err == nil && found && strings.HasPrefix(rest, "S")
}

func children(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var out []int
	for _, field := range strings.Fields(string(text)) {
		var child int
		if _, err := fmt.Sscan(field, &child); err == nil {
			out = append(out, child)
		}
	}
	return out
}
