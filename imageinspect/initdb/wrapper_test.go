package initdb

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWrapperExec(t *testing.T) {
	db := newDB(t)
	tests := []struct {
		argv string
		want string // what it execs, by words
		rest Exec   // without Argv
	}{
		{"env node app.js", "node app.js", Exec{}},
		{"/usr/bin/env A=b C= node", "node", Exec{Env: map[string]string{"A": "b", "C": ""}}},
		{"env -i A=b node", "node", Exec{ClearEnv: true, Env: map[string]string{"A": "b"}}},
		{"env - A=b node", "node", Exec{ClearEnv: true, Env: map[string]string{"A": "b"}}},
		{"env -u A --unset=B -C /srv node", "node", Exec{Unset: []string{"A", "B"}, Chdir: "/srv"}},
		{"env -uA -C/srv -- node -x", "node -x", Exec{Unset: []string{"A"}, Chdir: "/srv"}},
		{"env --ch=/srv node", "node", Exec{Chdir: "/srv"}},
		{"env A=~B~ node", "node", Exec{Env: map[string]string{"A": "\x00B\x00"}}},
		{"env -C ~DIR~ node", "node", Exec{Chdir: "\x00DIR\x00"}},
		{"env node ~ARG~", "node ~ARG~", Exec{}},
		{"env ./~ARG~/x=y", "", Exec{}},
		{"gosu redis redis-server", "redis-server", Exec{User: "redis"}},
		{"gosu ~USER~ redis-server --x", "redis-server --x", Exec{User: "\x00USER\x00"}},
		{"su-exec 1000:1000 sh -c x", "sh -c x", Exec{User: "1000:1000"}},
		{"setpriv --reuid=redis --regid redis --init-groups -- redis-server", "redis-server", Exec{User: "redis"}},
		{"setpriv --reuid redis --clear-groups node", "node", Exec{User: "redis"}},
		{"nice -n 10 node", "node", Exec{}},
		{"nice -10 node", "node", Exec{}},
		{"nice --adjustment=5 node", "node", Exec{}},
		{"nice node -n 5", "node -n 5", Exec{}},
		{"ionice -c3 -n 7 node", "node", Exec{}},
		{"ionice -c ~CLASS~ node", "node", Exec{}},
		{"chrt -i 0 node", "node", Exec{}},
		{"chrt --batch -R 0 node", "node", Exec{}},
		{"taskset -c 0-3 node", "node", Exec{}},
		{"taskset 0x3 node", "node", Exec{}},
		{"numactl --interleave=all mongod", "mongod", Exec{}},
		{"numactl -i all mongod", "mongod", Exec{}},
		{"chpst -u app:app -P -e /env node", "node", Exec{User: "app:app"}},
		{"stdbuf -oL -e0 node", "node", Exec{}},
		{"nohup node", "node", Exec{}},
		{"chroot --userspec=1:1 /host node", "node", Exec{Root: "/host", User: "1:1"}},
		{"prlimit --nofile=1024:2048 -c node", "node", Exec{}},
		{"unshare -U --net node", "node", Exec{}},
		{"busybox env A=b node", "node", Exec{Env: map[string]string{"A": "b"}}},
		{"busybox nice -n 5 node", "node", Exec{}},
		{"setuidgid app node", "node", Exec{User: "app"}},
		{"s6-setuidgid app node x", "node x", Exec{User: "app"}},
		{"s6-applyuidgid -u 1 -g 1 -G 1 node", "node", Exec{User: "1"}},
		{"envdir /env node", "node", Exec{}},
		{"softlimit -m 1000 node", "node", Exec{}},
		{"execline-cd /srv node", "node", Exec{Chdir: "/srv"}},
		{"linux64 -R node", "node", Exec{}},
		{"authbind --deep node", "node", Exec{}},
		{"ssh-agent node", "node", Exec{}},
		{"ssh-agent -D", "", Exec{}},
		{"ssh-agent -D node", "", Exec{}},
		{"bundle exec puma -C x", "puma -C x", Exec{}},
		{"bundle exec --keep-file-descriptors puma", "", Exec{}},
		{"bundle install", "", Exec{}},
		{"bundle", "", Exec{}},
		{"pipenv run python x.py", "python x.py", Exec{}},
		{"pipenv shell", "", Exec{}},
		{"poetry run python x.py", "python x.py", Exec{}},
		{"poetry -C /app run python", "", Exec{}},
		{"newrelic-admin run-program gunicorn x", "gunicorn x", Exec{}},
		{"newrelic-admin run-python x", "", Exec{}},
		{"opentelemetry-instrument --traces_exporter console python x.py", "python x.py", Exec{}},
		{"opentelemetry-instrument uvicorn app:app --workers 2", "uvicorn app:app --workers 2", Exec{}},
		{"ddtrace-run gunicorn x -d", "gunicorn x -d", Exec{}},
		{"ddtrace-run -p -d python x", "python x", Exec{}},
		{"fixuid -q node", "node", Exec{}},
	}
	for _, tt := range tests {
		t.Run(tt.argv, func(t *testing.T) {
			argv := Applet(words(tt.argv))
			w, ok := db.Wrapper(argv[0])
			if !ok {
				t.Fatal("no wrapper")
			}
			e, err := w.Exec(argv[1:])
			if tt.want == "" {
				if err == nil {
					t.Fatalf("got %q, want an error", e.Argv)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(e.Argv, words(tt.want)) {
				t.Errorf("argv %q, want %q", e.Argv, words(tt.want))
			}
			e.Argv = nil
			if !reflect.DeepEqual(e, tt.rest) {
				t.Errorf("got %+v, want %+v", e, tt.rest)
			}
		})
	}
}

func TestWrapperExecRefuses(t *testing.T) {
	db := newDB(t)
	tests := []struct {
		argv, want string
		noExec     bool
	}{
		{"env", "no program", true},
		{"env A=b", "no program", true},
		{"env ~X~", "may be an option", false},
		{"env ~X~ node", "may be an option", false},
		{"env A~X~ node", "may be a variable or the program", false},
		{"env -~X~ node", "may be an option", false},
		{"env --~X~ node", "may be an option", false},
		{"env -u ~X~ node", "depends on $(X)", false},
		{"env -S ~X~ node", "may be an option", false},
		{"env --nonsense node", "--nonsense is not known", false},
		{"env -q node", "-q is not known", false},
		{"env -u", "lacks its value", false},
		{"env --help", "execs no program", true},
		{"env --ignore-signal=CHLD node", "execs no program", true},
		{"gosu redis", "no program", true},
		{"gosu", "USER is missing", true},
		{"gosu --version", "execs no program", true},
		{"nice", "no program", true},
		{"ionice -p 1", "execs no program", true},
		{"taskset -p 0x3 1", "execs no program", true},
		{"chrt node", "stands where PRIORITY", false},
		{"unshare --fork node", "execs no program", true},
		{"unshare -p -f node", "execs no program", true},
		{"unshare --mount-proc=/proc node", "execs no program", true},
		{"setpriv --re=1 node", "may mean", false},
		{"setpriv --dump", "execs no program", true},
		{"numactl --show", "execs no program", true},
	}
	for _, tt := range tests {
		t.Run(tt.argv, func(t *testing.T) {
			argv := words(tt.argv)
			w, ok := db.Wrapper(argv[0])
			if !ok {
				t.Fatal("no wrapper")
			}
			e, err := w.Exec(argv[1:])
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %q, error %v, want %q", e.Argv, err, tt.want)
			}
			if errors.Is(err, ErrNoExec) != tt.noExec {
				t.Errorf("ErrNoExec: %v, want %v", !tt.noExec, tt.noExec)
			}
			if strings.Contains(err.Error(), unknownMark) {
				t.Errorf("error %q shows a mark", err)
			}
		})
	}
}

func TestSplitString(t *testing.T) {
	db := newDB(t)
	env, _ := db.Wrapper("env")
	tests := []struct {
		text string
		want []string // nil: an error
	}{
		{"python3 -u", []string{"python3", "-u", "rest"}},
		{"  A=b  node\t-x ", []string{"node", "-x", "rest"}},
		{`node 'a b' "c d" e\ f`, nil}, // backslash blank is no sequence
		{`node 'a b' "c \"d" \_ e\_f`, []string{"node", "a b", `c "d`, "e", "f", "rest"}},
		{`node '\x\\'`, []string{"node", `\x\`, "rest"}},
		{`node # comment`, []string{"node", "rest"}},
		{`node a#b`, []string{"node", "a#b", "rest"}},
		{`node a\cb c`, []string{"node", "a", "rest"}},
		{`node a\tb`, []string{"node", "a\tb", "rest"}},
		{`-i -u X node`, []string{"node", "rest"}},
		{`node ${HOME}`, nil},
		{`node "${HOME}"`, nil},
		{`node 'a`, nil},
		{`node \`, nil},
		{`-S '-S node'`, []string{"node", "rest"}},
	}
	for _, tt := range tests {
		e, err := env.Exec([]string{"-S", tt.text, "rest"})
		if tt.want == nil {
			if err == nil {
				t.Errorf("%s: got %q, want an error", tt.text, e.Argv)
			}
			continue
		}
		if err != nil || !slices.Equal(e.Argv, tt.want) {
			t.Errorf("%s: got %q, %v; want %q", tt.text, e.Argv, err, tt.want)
		}
	}
}

// TestNotWrappers: programs that stay as a parent must not be followed.
func TestNotWrappers(t *testing.T) {
	db := newDB(t)
	for _, name := range []string{"tini", "dumb-init", "timeout", "su", "sudo", "runuser", "setsid", "sh", "bash", "node", "busybox", "environment", ""} {
		if w, ok := db.Wrapper(name); ok {
			t.Errorf("%q is the wrapper %q", name, w.Names)
		}
	}
}
