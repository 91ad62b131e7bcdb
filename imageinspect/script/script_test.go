package script_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/initguard/initguard/imageinspect/script"
)

func mark(name string) string { return "\x00" + name + "\x00" }

// TestCommand holds what bash 5.2, Debian's dash 0.5.12 and busybox 1.35 do
// with a command string; want has one word a shell: the program that ends up
// as PID 1, "stays", or "?" where it can't be said.
func TestCommand(t *testing.T) {
	tests := []struct{ source, bash, dash, busybox string }{
		{"node server.js", "node", "stays", "node"},
		{"a; node server.js", "node", "stays", "node"},
		{"a && node", "node", "stays", "node"},
		{"cd /app && node", "node", "stays", "node"},
		{"[ -f x ] && node", "node", "stays", "node"},
		{"V=x node", "node", "stays", "node"},
		{"export V=x; node", "node", "stays", "node"},
		{"set -e; node", "node", "stays", "node"},
		{"set -euo pipefail; node", "node", "stays", "node"},
		{"node # comment", "node", "stays", "node"},
		{"node\n", "node", "stays", "stays"},
		{"node 2>&1", "stays", "stays", "node"},
		{"{ node; }", "stays", "stays", "node"},
		{"( node )", "stays", "stays", "node"},
		{"( exec node )", "stays", "stays", "node"},
		{"node || true", "stays", "stays", "stays"},
		{"node || exit 1", "stays", "stays", "stays"},
		{"node; exit $?", "stays", "stays", "stays"},
		{"node | tee log", "stays", "stays", "stays"},
		{"exec node | tee log", "stays", "stays", "stays"},
		{"! node", "stays", "stays", "stays"},
		{"trap 'kill $!' TERM; node", "stays", "stays", "stays"},
		{"trap '' TERM; node", "node", "stays", "node"},
		{"node; true", "stays", "stays", "stays"},
		{"a & node", "?", "stays", "node"},
		{"[ -x /tini ] && exec tini -- node; exec node", "?", "?", "?"},
		{"which tini && exec tini; node", "?", "?", "?"},
		{"[ -x /tini ] && exec tini", "tini", "tini", "tini"},
		{"cd /app; export A=b && exec tini; exec node", "tini", "tini", "tini"},
		{"X=node; [ -n \"$F\" ] && X=tini; exec $X", mark("X"), mark("X"), mark("X")},
		{"[ -n \"$1\" ] || set -- tini node; exec \"$@\"", mark("its parameters"), mark("its parameters"), mark("its parameters")},
		{"[ -n \"$P\" ] || { echo no; exit 1; }; exec node", "node", "node", "node"},
		{"./migrate; [ -n \"$P\" ] || { echo no; exit 1; }; exec node", "node", "node", "node"},
		{"x && { echo; exit 0; }; exec node", "node", "node", "node"},
		{"exit 0; exec tini", "?", "?", "?"},
		{"sidecar & sleep 1; node", "?", "stays", "node"},
		{"command node", "?", "stays", "?"},
		{"a; [ 1 = 1 ] && node", "?", "stays", "node"},
		{"X=tini; printf -v X node; exec $X", mark("X"), mark("X"), mark("X")},
		{"X=tini; : ${X:=node}; exec $X", mark("X"), mark("X"), mark("X")},
		{"X=tini; echo $((X=3)); exec $X", mark("X"), mark("X"), mark("X")},
		{"IFS=i; X=tini; exec $X", mark("IFS"), mark("IFS"), mark("IFS")},
		{"(exit 1); exec node", "node", "node", "node"},
		{"node & wait", "stays", "stays", "stays"},

		{"exec node server.js", "node", "node", "node"},
		{"a; exec node", "node", "node", "node"},
		{"a && exec node 2>&1", "node", "node", "node"},
		{"{ exec node; }", "node", "node", "node"},
		{"command exec node", "node", "node", "node"},
		{"exec 3>log; exec node", "node", "node", "node"},
		{"exec -a name node", "node", "?", "?"},
		{"exec \"$@\"", "node", "node", "node"},
		{"shift; exec \"$@\"", "server.js", "server.js", "server.js"},
		{"set -- tini -- \"$@\"; exec \"$@\"", "tini", "tini", "tini"},
		{"exec \"$1\"", "node", "node", "node"},
		{"exec $BIN/node", "/opt/node", "/opt/node", "/opt/node"},
		{"X=/usr/bin/node; exec $X", "/usr/bin/node", "/usr/bin/node", "/usr/bin/node"},
		{"exec $TWO", "tini", "tini", "tini"},
		{"exec 'no''de' x", "node", "node", "node"},
		{"exec no\\de", "node", "node", "node"},

		{"exec $NOT_KNOWN node", mark("NOT_KNOWN"), mark("NOT_KNOWN"), mark("NOT_KNOWN")},
		{"exec ${TINI:+tini --} node", mark("TINI"), mark("TINI"), mark("TINI")},
		{"exec $(which tini) node", mark("the output of a command"), mark("the output of a command"), mark("the output of a command")},
		{"exec ./n*", mark("files of the image"), mark("files of the image"), mark("files of the image")},
		{"exec node &", "?", "?", "?"},
		{"node &", "?", "?", "?"},
		{"$X node", "?", "?", "?"},
		{". /env.sh; exec node", "?", "?", "?"},
		{"eval exec node", "?", "?", "?"},
		{"read x; node", "?", "?", "?"},
		{"false || exec tini", "?", "?", "?"},
		{"a || tini", "?", "stays", "?"},
		{"if x; then exec tini; fi; exec node", "?", "?", "?"},
		{"exec() { true; }; exec tini", "?", "?", "?"},
		{"trap '' CHLD; exec node", "?", "?", "?"},
		{"true", "?", "?", "?"},
		{"cd /", "?", "?", "?"},
		{"", "?", "?", "?"},
		{"if then", "?", "?", "?"},
		{"exec " + mark("SECRET"), "?", "?", "?"},
	}
	for _, test := range tests {
		for shell, want := range map[script.Shell]string{script.Bash: test.bash, script.Dash: test.dash, script.Busybox: test.busybox} {
			got := script.Command(script.Input{
				Source: test.source, Shell: shell, Name: "sh", Params: []string{"node", "server.js"},
				Env: map[string]string{"BIN": "/opt", "TWO": "tini -- node"}, UnknownPart: mark,
			})
			if diff := cmp.Diff(want, word(got)); diff != "" {
				t.Errorf("%s -c %q (-want +got):\n%s%+v", shell, test.source, diff, got)
			}
			if got.Why == "" {
				t.Errorf("%s -c %q: no reason given", shell, test.source)
			}
		}
	}
}

func word(end script.End) string {
	switch end.Kind {
	case script.Execs:
		return end.Argv[0]
	case script.Stays:
		return "stays"
	default:
		return "?"
	}
}

func TestCommandIsBounded(t *testing.T) {
	for name, source := range map[string]string{
		"long":       strings.Repeat("x", 200<<10),
		"statements": strings.Repeat("a\n", 3000) + "exec tini",
		"nested":     strings.Repeat("(", 1000),
		"arithmetic": strings.Repeat("((", 1000),
	} {
		if got := script.Command(script.Input{Source: source, Shell: script.Bash}); got.Kind != script.Unclear {
			t.Errorf("%s: got %+v, want Unclear", name, got)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for _, seed := range []string{"exec node", "a && b || c", "exec \"$@\"", "x=${y:-z}; $x", "trap '' CHLD", "(a;b)&", "a <<E\nE\n", "export -n a"} {
		f.Add(seed, "node")
	}
	f.Fuzz(func(t *testing.T, source, param string) {
		for _, shell := range []script.Shell{script.Bash, script.Dash, script.Busybox} {
			end := script.Command(script.Input{Source: source, Shell: shell, Name: "sh", Params: []string{param}})
			if (end.Kind == script.Execs) != (len(end.Argv) > 0) {
				t.Fatalf("%s -c %q: kind %d with argv %q", shell, source, end.Kind, end.Argv)
			}
			if end.Why == "" {
				t.Fatalf("%s -c %q: no reason given", shell, source)
			}
		}
	})
}
