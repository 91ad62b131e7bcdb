package script_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/initguard/initguard/imageinspect/script"
)

// TestAgreesOnRichScripts does the same with random scripts of nearly all that
// shells have.
func TestAgreesOnRichScripts(t *testing.T) {
	shells := shellsHere(t)
	programs := twoPrograms(t)
	random := rand.New(rand.NewPCG(5, 6))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 8)
	held := 0
	library := filepath.Join(programs, "lib.sh")
	t.Setenv("LIB", library)
	write(t, library, "X=b\nh() { X=$1; return $2; }\n[ \"$1\" = idle ] && return 1\nZ=lib\n")
	for i := range 150 {
		source := richBlock(random, 3, "\n") + "\n"
		for shell, command := range shells {
			file := filepath.Join(programs, fmt.Sprintf("script-%d-%s", i, shell))
			write(t, file, source)
			said := words(script.Run(script.Input{
				Source: source, Shell: shell, File: file, Name: file, Params: []string{"rest", "300"}, Dir: "/", UID: strconv.Itoa(os.Getuid()),
				Text: func(p string) (string, error) {
					b, err := os.ReadFile(p)
					if err != nil {
						return "", script.ErrAbsent
					}
					return string(b), nil
				},
				Stat: statHere,
				Env:  script.Environment{Vars: map[string]string{"HOME": "/", "LIB": library, "PATH": programs + ":" + os.Getenv("PATH")}},
			}))
			if strings.ContainsAny(said, "?\x00") {
				continue
			}
			held++
			slots <- struct{}{}
			wait.Go(func() {
				defer func() { <-slots }()
				got := becomes(t, programs, append(command, file, "rest", "300")...)
				if got != "" && !slices.Contains(strings.Split(said, "|"), got) {
					t.Errorf("%s became %q, Run says %q:\n%s", shell, got, said, source)
				}
			})
		}
	}
	wait.Wait()
	if held < 100 {
		t.Errorf("only %d scripts were decided: this test holds next to nothing", held)
	}
}

func richBlock(r *rand.Rand, depth int, sep string) string {
	var lines []string
	for range 1 + r.IntN(4) {
		lines = append(lines, rich(r, depth))
	}
	return strings.Join(lines, sep)
}

func rich(r *rand.Rand, depth int) string {
	plain := []string{
		"true", "X=a", "X=b", "X=$1", `set -- "$X" "$@"`, "set -- idle 300", "shift", "/bin/true", "/bin/false", `exec "$@"`, "exec idle 300", "exec rest 300",
		"f", "f rest 300", "g a", "Y=$((Y + 1))", `X="${1#-}"`, `X=${Z:-b}`, "exit 0", "return 0", "return 1", `Z=$(echo c)`, "unset X", "( exec idle 300 )",
		`eval 'X=b'`, "export X", `exec "${1:-idle}" 300`, "command exec rest 300", `X=${X%b}a`, "local X=idle", "false", "X=$?", "Z=$?", `X=$(f)`, `X=$(false)`,
		"set -e", "set +e", "set -u", `read X Z <<E` + "\nidle b\nE", `X=$(cat <<E` + "\n$X\nE\n)", "trap 'X=b' EXIT", "trap '' TERM", "break", "continue",
		`. "$LIB"`, `. "$LIB" idle`, "h a 0", "h b 1", "unset -f f", "X=a Y=b true", "X=b :", "X=c f", `: "${X:=a}"`, `: "${Z?}"`, "IFS=a", "unset IFS", "set -- $X $Z", `set -- "$*"`,
		"idle 300 & wait", "Z=${X:+$1}", `X=${X##*/}`, "a=(idle 300)", `exec "${a[@]}"`, `X=${a[0]}`, "a+=(x)", `X=${1/r/i}`, `X=${1:0:1}`, `X=${X^^}`, "printf -v X a", "declare X=a", "((Y++))", "let Y=Y+1",
		`read -r X Z <<< "a b"`, "local -n R=X", "R=b", "[ $((Y)) -gt 2 ]", "set -- ", "cd /nowhere", "cd /usr", "exec 3>&1", `eval "X=$1"`, `eval "$X=c"`, "f || X=c", "f && X=c", "! f", "{ f; } >/dev/null", "(f)", "f | cat",
		`X=$( (exit 2); echo $?)`, "X=${#1}", `X="$*"`, "export X=$?", "readonly Q=1", `[ "$X" == a ]`, "Y=5", `test "$X"`, "source \"$LIB\"", "alias zz=idle",
	}
	if depth == 0 || r.IntN(3) == 0 {
		return plain[r.IntN(len(plain))]
	}
	body := func() string { return richBlock(r, depth-1, "\n") }
	switch r.IntN(15) {
	case 0:
		return "if " + richCond(r) + "; then\n" + body() + "\nfi"
	case 1:
		return "if " + richCond(r) + "; then\n" + body() + "\nelif " + richCond(r) + "; then\n" + body() + "\nelse\n" + body() + "\nfi"
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
		return richCond(r) + " && " + rich(r, 0)
	case 8:
		return richCond(r) + " || " + rich(r, 0)
	case 9:
		return "Y=0\nuntil [ $((Y)) -ge 5 ]; do\nY=$((Y+1))\n" + body() + "\ndone"
	case 10:
		return "for Z in $(echo a b c); do\n" + body() + "\ndone"
	case 11:
		return "while getopts ab: O \"$@\"; do\n" + body() + "\ndone"
	case 12:
		return "{\n" + body() + "\n}"
	case 13:
		return "(\n" + body() + "\n)"
	default:
		return richCond(r) + " && " + richCond(r) + " || " + rich(r, 0)
	}
}

func richCond(r *rand.Rand) string {
	conditions := []string{
		`[ "$X" = a ]`, `[ -n "$X" ]`, `[ -z "$Z" ]`, `[ $# -gt 0 ]`, "true", "false", "/bin/true", "/bin/false", `! [ "$X" = b ]`, `[ "$1" = rest ]`,
		`[ "${1#r}" != "$1" ]`, "[ -d / ]", `[ "$(id -u)" = 0 ]`, "f", `[ "$X" = a ] && [ "$1" = idle ]`, "test -e /nowhere", `[ "$X" == a ]`, "[ $? -eq 0 ]", "(exit 1)", "(f)",
		`[ "$X" = a -o "$Z" = b ]`, "command -v idle", "type nosuch", "g a", "[[ $X == a* ]]", "[[ -n $Z && $1 != x ]]", "((Y > 1))", "h a 1", "cd /nowhere", `X=$(false)`, "read X < /dev/null", "! f", "{ false; }", "eval false", "[ ]", "[ a ]",
	}
	return conditions[r.IntN(len(conditions))]
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
