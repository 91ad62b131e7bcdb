package initdb

import (
	"slices"
	"strings"
	"testing"
)

// fuzzWords turns a fuzzer's text into an argv: lines are words, ~ is the mark
// of an unknown part.
func fuzzWords(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "~", unknownMark), "\n")
}

func FuzzWrapperExec(f *testing.F) {
	for _, seed := range []string{
		"env\n-i\nA=b\nnode", "env\n-S\nnode 'a b'\nx", "env\n-S\n-S '-S x'", "gosu\nredis\nredis-server", "nice\n-5\nx",
		"setpriv\n--reuid=1\n--\nx", "chpst\n-u\na\n-0\nx", "env\n~A~\nx", "unshare\n-pf\nx", "taskset\n-c\n0\nx", "busybox\nenv\nx",
	} {
		f.Add(seed)
	}
	db := newDB(f)
	f.Fuzz(func(t *testing.T, text string) {
		argv := Applet(fuzzWords(text))
		w, ok := db.Wrapper(argv[0])
		if !ok {
			return
		}
		e, err := w.Exec(argv[1:])
		if err != nil {
			return
		}
		if len(e.Argv) == 0 || e.Argv[0] == "" {
			t.Fatalf("%q execs nothing: %q", argv, e.Argv)
		}
		split := slices.ContainsFunc(w.Options, func(o Option) bool { return o.Does == SplitsWords })
		if !split && (len(e.Argv) >= len(argv) || !slices.Equal(e.Argv, argv[len(argv)-len(e.Argv):])) {
			t.Fatalf("%q: %q is not its end", argv, e.Argv)
		}
	})
}

func FuzzLookup(f *testing.F) {
	for _, seed := range []string{
		"tini\n--\nx", "python3\n-m\ngunicorn", "python3\n-m", "node\n~A~", "haproxy\n-W", "busybox\nsh", "busybox", "-", "", "/", "python3.", "uwsgi\n--ini=~X~",
	} {
		f.Add(seed)
	}
	db := newDB(f)
	f.Fuzz(func(t *testing.T, text string) {
		argv := fuzzWords(text)
		m, ok := db.Lookup(argv)
		if !ok {
			return
		}
		if m.Name == "" || m.Behaviour.Why == "" || m.Evidence == "" {
			t.Fatalf("%q: incomplete: %+v", argv, m)
		}
		if again, _ := db.Lookup(argv); again.Mode != m.Mode || again.Name != m.Name {
			t.Fatalf("%q: two answers", argv)
		}
	})
}
