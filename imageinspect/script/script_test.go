package script_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/initguard/initguard/imageinspect/script"
)

func mark(name string) string { return script.UnknownPart(name) }

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
		{"a & node", "node|stays", "stays", "node"},
		{"[ -x /tini ] && exec tini -- node; exec node", "node|tini", "node|tini", "node|tini"},
		{"which tini && exec tini; node", "node|tini", "stays|tini", "node|tini"},
		{"[ -x /tini ] && exec tini", "tini", "tini", "tini"},
		{"cd /app; export A=b && exec tini; exec node", "tini", "tini", "tini"},
		{"X=node; [ -n \"$F\" ] && X=tini; exec $X", "node|tini", "node|tini", "node|tini"},
		{"[ -n \"$1\" ] || set -- tini node; exec \"$@\"", "node", "node", "node"},
		{"[ -n \"$P\" ] || { echo no; exit 1; }; exec node", "node", "node", "node"},
		{"./migrate; [ -n \"$P\" ] || { echo no; exit 1; }; exec node", "node", "node", "node"},
		{"x && { echo; exit 0; }; exec node", "node", "node", "node"},
		{"exit 0; exec tini", "exits", "exits", "exits"},
		{"sidecar & sleep 1; node", "node|stays", "stays", "node"},
		{"command node", "node", "stays", "node"},
		{"a; [ 1 = 1 ] && node", "stays", "stays", "node"},
		{"X=tini; printf -v X node; exec $X", mark("X"), mark("X"), mark("X")},
		{"X=tini; : ${X:=node}; exec $X", "tini", "tini", "tini"},
		{"X=tini; echo $((X=3)); exec $X", "3", "3", "3"},
		{"IFS=i; X=tini; exec $X", "t", "t", "t"},
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
		{"exec node &", "exits", "exits", "exits"},
		{"node &", "exits", "exits", "exits"},
		{"$X node", "?", "?", "?"},
		{". /env.sh; exec node", "?", "?", "?"},
		{"eval exec node", "node", "node", "node"},
		{"read x; node", "node", "stays", "node"},
		{"false || exec tini", "tini", "tini", "tini"},
		{"a || tini", "stays|tini", "stays", "stays|tini"},
		{"if x; then exec tini; fi; exec node", "node|tini", "node|tini", "node|tini"},
		{"exec() { true; }; exec tini", "exits", "tini", "tini"},
		{"trap '' CHLD; exec node", "?", "node", "node"},
		{"true", "exits", "exits", "exits"},
		{"cd /", "exits", "exits", "exits"},
		{"", "exits", "exits", "exits"},
		{"if then", "?", "?", "?"},
		{"exec " + mark("SECRET"), "?", "?", "?"},
	}
	for _, test := range tests {
		for shell, want := range map[script.Shell]string{script.Bash: test.bash, script.Dash: test.dash, script.Busybox: test.busybox} {
			got := script.Run(script.Input{
				Source: test.source, Shell: shell, Name: "sh", Params: []string{"node", "server.js"},
				Env: script.Environment{
					Vars:   map[string]string{"BIN": "/opt", "TWO": "tini -- node"},
					MaySet: func(name string) bool { return name != "UNSET" },
				},
			})
			if diff := cmp.Diff(want, words(got)); diff != "" {
				t.Errorf("%s -c %q (-want +got):\n%s%+v", shell, test.source, diff, got)
			}
			for _, end := range got {
				if end.Why == "" {
					t.Errorf("%s -c %q: no reason given", shell, test.source)
				}
			}
		}
	}
}

// words are the ends of a script in short, in order.
func words(ends []script.End) string {
	var out []string
	for _, end := range ends {
		word := map[script.EndKind]string{script.Stays: "stays", script.Exits: "exits", script.Unclear: "?"}[end.Kind]
		if end.Kind == script.Execs {
			word = end.Argv[0]
		}
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "|")
}

func TestRunIsBounded(t *testing.T) {
	for name, source := range map[string]string{
		"long":       strings.Repeat("x", 200<<10),
		"rounds":     "for i in " + strings.Repeat("a ", 300) + "; do for j in " + strings.Repeat("b ", 300) + "; do :; done; done; exec tini",
		"nested":     strings.Repeat("(", 1000),
		"arithmetic": strings.Repeat("((", 1000),
		"functions":  "f() { f; f; f; }\nf",
		"eval":       "x='eval \"$x\" \"$x\"'\neval \"$x\"",
		"own size":   "f() { : " + strings.Repeat("$x ", 4000) + "; }\nfor i in " + strings.Repeat("a ", 400) + "; do for j in " + strings.Repeat("a ", 400) + "; do f; done; done",
	} {
		if got := script.Run(script.Input{Source: source, Shell: script.Bash}); words(got) != "?" {
			t.Errorf("%s: got %+v, want Unclear", name, got)
		}
	}
}

// TestEndedIsAsked: whatever a script is made of, it is given up soon once there
// is no time left.
func TestEndedIsAsked(t *testing.T) {
	long := "x=" + strings.Repeat("a", 2000) + "\n"
	for name, source := range map[string]string{
		"patterns": long + strings.Repeat("y=${x##*a*a*a*a*a*a*a*a*b}\n", 8000),
		"case":     long + "case $x in " + strings.Repeat("a*b|", 40000) + "x) :;; esac",
		"walk":     "f() { a | { " + strings.Repeat("b x/y;", 30000) + " }; }\n" + strings.Repeat("f\n", 5000),
		"words":    "set -- a b c d\n" + strings.Repeat("set -- \"$@\" \"$@\"\n", 20) + strings.Repeat(": \"$@\"\n", 20000),
		"items":    "case $X in " + strings.Repeat("a) Y=1;;& ", 20000) + "esac",
	} {
		asked := 0
		script.Run(script.Input{
			Source: source, Shell: script.Bash, File: "/x", Dir: "/",
			Env:   script.Environment{MaySet: func(string) bool { return true }},
			Ended: func() bool { asked++; return true },
		})
		if asked == 0 || asked > 16 { // each time stands for some milliseconds
			t.Errorf("%s: asked %d times whether to go on, though the first answer was no", name, asked)
		}
	}
}

func FuzzRun(f *testing.F) {
	for _, seed := range []string{"exec node", "a && b || c", "exec \"$@\"", "x=${y:-z}; $x", "trap '' CHLD", "(a;b)&", "a <<E\nE\n", "export -n a"} {
		f.Add(seed, "node")
	}
	f.Fuzz(func(t *testing.T, source, param string) {
		for _, shell := range []script.Shell{script.Bash, script.Dash, script.Busybox} {
			ends := script.Run(script.Input{Source: source, Shell: shell, Name: "sh", Params: []string{param}})
			if len(ends) == 0 {
				t.Fatalf("%s -c %q: no end", shell, source)
			}
			for _, end := range ends {
				if (end.Kind == script.Execs) != (len(end.Argv) > 0) {
					t.Fatalf("%s -c %q: kind %d with argv %q", shell, source, end.Kind, end.Argv)
				}
				if end.Why == "" || end.Line < 1 {
					t.Fatalf("%s -c %q: no reason or line: %+v", shell, source, end)
				}
			}
		}
	})
}

// FuzzFile follows script files with all that may be known around them: other
// scripts, the image's files, an environment, what it asks for.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		". ./b; exec node", "while a; do x=$x$y; done; exec $x", "f() { local x=$1; f $x; }; f a", "for i in $@ *; do case $i in a*) break;; esac; done",
		"set -a; trap 'exec x' EXIT; eval \"$1\"", "a[1]=x; declare -A m=([k]=v); exec ${m[k]} ${a[@]:1}", "cd b && [ -f c ] && exec ${X:?}", "[[ $x =~ (a|b){2} ]] && exec ${x//a/b}",
		"while getopts ab: o; do shift; done; exec \"$@\"", "read -r a b <<< \"$1\"; exec $a", "x=$(. /b; cat <<E\n$x\nE\n); exec $x", "[ -e /a ] && { a & b; } | c > d; wait",
	} {
		f.Add(seed, "exec $1", "node")
	}
	f.Fuzz(func(t *testing.T, source, other, param string) {
		for i, shell := range []script.Shell{script.Bash, script.Dash, script.Busybox} {
			ends := script.Run(script.Input{
				Source: source, Shell: shell, File: "/a", Name: "/a", Params: []string{param, mark("X")}, Dir: "/", UID: script.NonRoot(),
				Login: i == 0, POSIX: len(param)%2 == 0, Configured: len(other)%2 == 0,
				Env: script.Environment{
					Vars:   map[string]string{"PATH": "/bin:/", "Y": mark("Y"), "Z": param, "BASH_ENV": "/b", "HOME": "/h"},
					MaySet: func(name string) bool { return len(name) == 1 },
				},
				Text: func(path string) (string, error) {
					switch path {
					case "/b":
						return other, nil
					case "/c":
						return "", script.ErrNoScript
					}
					return "", script.ErrAbsent
				},
				Stat:      func(path string) (script.Stat, bool) { return script.Stat{Exists: len(path) > 2}, len(path)%2 == 0 },
				IsProgram: func(name string) bool { return name == "node" },
				RunsOn:    func(name string) bool { return name == "node" },
			})
			if len(ends) == 0 {
				t.Fatalf("%s %q: no end", shell, source)
			}
			for _, end := range ends {
				if (end.Kind == script.Execs) != (len(end.Argv) > 0) || end.Why == "" || end.Line < 1 {
					t.Fatalf("%s %q: %+v", shell, source, end)
				}
			}
		}
	})
}
