package script_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/script"
)

// TestAgreesWithTheShellsHere runs random command strings in this machine's own
// shells, and holds what the shell turned into against what Run says.
func TestAgreesWithTheShellsHere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	h := newHolder(t)
	for range 300 {
		source := list(random, 3)
		for shell := range h.shells {
			h.hold(script.Input{Source: source, Shell: shell, Name: "sh", Dir: "/"}, "-c", source)
		}
	}
	h.end(100)
}

// TestAgreesOnScriptFiles does the same with random script files, whose ways
// are known or hang on how a program ends.
func TestAgreesOnScriptFiles(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	h := newHolder(t)
	for range 300 {
		h.holdFile(block(random, 3, "\n")+"\n", script.Input{
			Env: script.Environment{Vars: map[string]string{"HOME": "/"}, MaySet: func(string) bool { return true }},
		})
	}
	h.end(100)
}

// holder holds what scripts become under this machine's shells against what Run
// says of them. Where Run says Unclear there is nothing to hold.
type holder struct {
	t        *testing.T
	shells   map[script.Shell][]string
	programs string // a folder
	slots    chan struct{}
	wait     sync.WaitGroup
	held     int
	files    int
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	return &holder{t: t, shells: shellsHere(t), programs: twoPrograms(t), slots: make(chan struct{}, 8)}
}

// hold runs a script by the shell's arguments, beside others.
func (h *holder) hold(in script.Input, args ...string) {
	said := words(script.Run(in))
	if strings.ContainsAny(said, "?\x00") {
		return
	}
	h.held++
	h.slots <- struct{}{}
	h.wait.Go(func() {
		defer func() { <-h.slots }()
		got := becomes(h.t, h.programs, append(h.shells[in.Shell], args...)...)
		if got != "" && !slices.Contains(strings.Split(said, "|"), got) {
			h.t.Errorf("%s became %q, Run says %q:\n%s", in.Shell, got, said, in.Source)
		}
	})
}

// holdFile holds a script file under every shell.
func (h *holder) holdFile(source string, in script.Input) {
	h.files++
	for shell := range h.shells {
		in.Source, in.Shell, in.Dir, in.UID = source, shell, "/", strconv.Itoa(os.Getuid())
		in.File = filepath.Join(h.programs, fmt.Sprintf("script-%d-%s", h.files, shell))
		in.Name, in.Params = in.File, []string{"rest", "300"}
		if err := os.WriteFile(in.File, []byte(source), 0o600); err != nil {
			h.t.Fatal(err)
		}
		h.hold(in, in.File, "rest", "300")
	}
}

// end waits for all; least is how many have to have been held.
func (h *holder) end(least int) {
	h.wait.Wait()
	if h.held < least {
		h.t.Errorf("only %d scripts were decided: this test holds next to nothing", h.held)
	}
}

// block makes random commands of a script file.
func block(r *rand.Rand, depth int, sep string) string {
	var lines []string
	for range 1 + r.IntN(3) {
		lines = append(lines, compound(r, depth))
	}
	return strings.Join(lines, sep)
}

// compound makes a random command of a script file.
func compound(r *rand.Rand, depth int) string {
	plain := []string{
		"true", "X=a", "X=b", "X=$1", `set -- "$X" "$@"`, "set -- idle 300", "shift", "/bin/true", "/bin/false", `exec "$@"`, "exec idle 300", "exec rest 300",
		"idle 300", "f", "f rest 300", "g a", "Y=$((Y + 1))", `X="${1#-}"`, `X=${Z:-b}`, "exit 0", "return 0", `Z=$(echo c)`, "unset X", "( exec idle 300 )",
		`eval 'X=b'`, "export X", `exec "${1:-idle}" 300`, "command exec rest 300", `X=${X%b}a`,
	}
	if depth == 0 || r.IntN(3) == 0 {
		return plain[r.IntN(len(plain))]
	}
	body := func() string { return block(r, depth-1, "\n") }
	switch r.IntN(9) {
	case 0:
		return "if " + condition(r) + "; then\n" + body() + "\nfi"
	case 1:
		return "if " + condition(r) + "; then\n" + body() + "\nelif " + condition(r) + "; then\n" + body() + "\nelse\n" + body() + "\nfi"
	case 2:
		return `case "$X" in` + "\na) " + body() + "\n;;\n b|c*) " + body() + "\n;;\n*) " + body() + "\nesac"
	case 3:
		return "f() {\n" + body() + "\n}"
	case 4:
		return "g() {\nif [ \"$1\" = a ]; then\n" + body() + "\nfi\n}"
	case 5:
		return "for X in a b; do\n" + body() + "\ndone"
	case 6:
		return "while [ $# -gt 1 ]; do\nshift\n" + body() + "\ndone"
	case 7:
		return condition(r) + " && " + compound(r, 0)
	default:
		return condition(r) + " || " + compound(r, 0)
	}
}

func condition(r *rand.Rand) string {
	conditions := []string{
		`[ "$X" = a ]`, `[ -n "$X" ]`, `[ -z "$Z" ]`, `[ $# -gt 0 ]`, "true", "false", "/bin/true", "/bin/false", `! [ "$X" = b ]`, `[ "$1" = rest ]`,
		`[ "${1#r}" != "$1" ]`, "[ -d / ]", `[ "$(id -u)" = 0 ]`, "f", `[ "$X" = a ] && [ "$1" = idle ]`, "test -e /nowhere",
	}
	return conditions[r.IntN(len(conditions))]
}

// shellsHere are the shells of this machine, each with the words that start it.
// Each list is clipped: appending to it makes another.
func shellsHere(t *testing.T) map[script.Shell][]string {
	t.Helper()
	shells := map[script.Shell][]string{}
	for _, shell := range []script.Shell{script.Bash, script.Dash, script.Busybox} {
		path, err := exec.LookPath(string(shell))
		switch {
		case err != nil:
		case shell == script.Busybox:
			shells[shell] = slices.Clip([]string{path, "sh"})
		default:
			shells[shell] = slices.Clip([]string{path})
		}
	}
	if shells[script.Bash] == nil {
		t.Fatal("no bash on PATH: make needs it too")
	}
	return shells
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
	for _, name := range []string{"idle", "rest"} {
		if err := os.WriteFile(filepath.Join(dir, name), program, 0o755); err != nil {
			t.Fatal(err)
		}
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
		"set -- idle 300", "set -- rest 300", "exec idle 300", "exec rest 300", "idle 300", "rest 300",
		`exec "$@"`, "exec $X 300", `"$@"`, "exit 0", "wait", "trap true TERM", "trap '' TERM", "command idle 300",
		"idle 300 >/dev/null", "unset X", "V=1 idle 300", ": ${X:=rest}",
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

// patience is how long a script may take to settle. One that loops for ever
// never does.
const patience = 10 * time.Second

// becomes runs a shell and says what its process turned into in the end:
// "idle" or "rest", or "" where it stayed the shell. Programs that the shell
// waits for are ended one after the other, so that it goes on.
func becomes(t *testing.T, programs string, args ...string) string {
	shell := args[0]
	cmd := exec.CommandContext(t.Context(), shell, args[1:]...)
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
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for same, last := 0, ""; ; {
		now := look(cmd.Process.Pid, filepath.Base(shell))
		if now != last {
			same, last = 0, now
		}
		if same++; same >= 4 {
			switch now {
			case "idle", "rest":
				return now
			case "stays":
				endPrograms(cmd.Process.Pid)
			}
		}
		select {
		case <-ended:
			return ""
		case <-deadline.C:
			return "" // it loops for ever without a program
		case <-tick.C:
		}
	}
}

// endPrograms ends the programs below a shell, but no subshell.
func endPrograms(pid int) {
	for _, child := range children(pid) {
		if exe := exeOf(child); exe == "idle" || exe == "rest" {
			_ = syscall.Kill(child, syscall.SIGKILL) // it may have ended by itself
			continue
		}
		endPrograms(child)
	}
}

// look says what a process is now, "" where that may still change.
func look(pid int, shell string) string {
	switch exe := exeOf(pid); {
	case exe == "idle" || exe == "rest":
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
		if exe := exeOf(child); exe != "idle" && exe != "rest" && look(child, shell) == "" {
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
