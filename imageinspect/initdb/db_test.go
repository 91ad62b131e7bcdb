package initdb

import (
	"strings"
	"testing"
)

func newDB(t testing.TB) *DB {
	t.Helper()
	db, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestLookup(t *testing.T) {
	db := newDB(t)
	tests := []struct {
		argv  string // words separated by blanks; ~NAME~ stands for an unknown part
		name  string // empty: no row
		reaps Reaping
		mode  string
	}{
		{"tini -- node server.js", "tini", ReapsOrphans, ""},
		{"/usr/bin/tini -s -- x", "tini", ReapsOrphans, ""},
		{"/sbin/docker-init -- x", "tini", ReapsOrphans, ""},
		{"dumb-init x", "dumb-init", ReapsOrphans, ""},
		{"/usr/libexec/catatonit/catatonit -P", "catatonit", ReapsOrphans, ""},
		{"s6-svscan /run/service", "s6-svscan", ReapsOrphans, ""},
		{"/usr/lib/systemd/systemd --system", "systemd", ReapsOrphans, ""},
		{"/init", "init", ReapingUnknown, ""},
		{"supervisord -n", "supervisord", ReapsOrphans, ""},
		{"/usr/bin/python3 /usr/bin/supervisord -n", "supervisord", ReapsOrphans, ""},
		{"python3 -u -m supervisor.supervisord", "supervisord", ReapsOrphans, ""},
		{"python3 -m gunicorn app:app", "gunicorn", ReapsOrphans, ""},
		{"python3 -mgunicorn app:app", "gunicorn", ReapsOrphans, ""},
		{"python3.11 -W ignore /usr/local/bin/gunicorn app:app", "gunicorn", ReapsOrphans, ""},
		{"python3 /app/main.py", "python", LeavesOrphans, ""},
		{"python3 /app/tini", "python", LeavesOrphans, ""},
		{"python3 /app/nginx", "python", LeavesOrphans, ""},
		{"python3 -c supervisord", "python", LeavesOrphans, ""},
		{"python3 -m ~MODULE~", "python", ReapingUnknown, ""},
		{"python3 ~FILE~", "python", ReapingUnknown, ""},
		{"python3 /app/main.py ~ARG~", "python", LeavesOrphans, ""},
		{"python3.12 x.py", "python", LeavesOrphans, ""},
		{"node server.js", "node", LeavesOrphans, ""},
		{"node --max-old-space-size=~MB~ server.js", "node", LeavesOrphans, ""},
		{"node /usr/lib/node_modules/npm/bin/npm-cli.js start", "npm", LeavesOrphans, ""},
		{"npm start", "npm", LeavesOrphans, ""},
		{"java -jar app.jar", "java", LeavesOrphans, ""},
		{"java ~OPTS~ -jar app.jar", "java", LeavesOrphans, ""},
		{"nginx -g ~OPTS~", "nginx", ReapsOrphans, ""},
		{"apache2 ~OPTS~", "apache2", ReapingUnknown, ""},
		{"redis-server /etc/redis.conf", "redis-server", LeavesOrphans, ""},
		{"haproxy -W -db -f x", "haproxy", ReapsOrphans, "with -W"},
		{"haproxy -Ws -f x", "haproxy", ReapsOrphans, "with -W"},
		{"haproxy -db -f x", "haproxy", ReapingUnknown, ""},
		{"haproxy -f x ~MORE~", "haproxy", ReapingUnknown, ""},
		{"haproxy -W -f /etc/~NAME~.cfg", "haproxy", ReapsOrphans, "with -W"},
		{"uwsgi --master --http :80", "uwsgi", ReapsOrphans, "with --master"},
		{"uwsgi --http :80", "uwsgi", ReapingUnknown, ""},
		{"uwsgi --ini app.ini", "uwsgi", ReapingUnknown, ""},
		{"uwsgi --ini=app", "uwsgi", ReapingUnknown, ""},
		{"uwsgi app.yaml", "uwsgi", ReapingUnknown, ""},
		{"uwsgi --http :80 -M", "uwsgi", ReapsOrphans, "with --master"},
		{"setsid -w x", "setsid", ReapsOrphans, "with --wait"},
		{"setsid x", "setsid", ReapingUnknown, ""},
		{"socat TCP-LISTEN:1,fork EXEC:x", "socat", ReapsOrphans, "with fork"},
		{"socat TCP-LISTEN:1 EXEC:x", "socat", LeavesOrphans, ""},
		{"postgres -D /data", "postgres", ReapsOrphans, ""},
		{"/usr/lib/postgresql/15/bin/postgres", "postgres", ReapsOrphans, ""},
		{"php-fpm8.2 -F", "php-fpm", ReapsOrphans, ""},
		{"php-fpm", "php-fpm", ReapsOrphans, ""},
		{"bash -c x", "bash", ReapsOrphans, ""},
		{"-bash", "bash", ReapsOrphans, ""},
		{"dash", "dash", LeavesOrphans, "that reads commands from stdin"},
		{"sh -e -o pipefail", "sh", LeavesOrphans, "that reads commands from stdin"},
		{"sh -s x", "sh", LeavesOrphans, "that reads commands from stdin"},
		{"sh -o pipefail -ec x", "sh", ReapsOrphans, ""},
		{"sh -eu /run.sh", "sh", ReapsOrphans, ""},
		{"sh ~SCRIPT~", "sh", ReapingUnknown, ""},
		{"busybox sh", "busybox sh", LeavesOrphans, "that reads commands from stdin"},
		{"busybox sh -c x", "busybox sh", ReapsOrphans, ""},
		{"/bin/busybox tail -f x", "busybox tail", LeavesOrphans, ""},
		{"busybox httpd -f", "busybox httpd", ReapsOrphans, ""},
		{"httpd -DFOREGROUND", "apache2", ReapsOrphans, ""},
		{"httpd -X", "apache2", LeavesOrphans, "with -X"},

		{"tinify", "", 0, ""},
		{"tini.sh", "", 0, ""},
		{"tini2", "", 0, ""},
		{"my-tini", "", 0, ""},
		{"node_exporter", "node_exporter", LeavesOrphans, ""},
		{"node-gyp", "", 0, ""},
		{"init-db.sh", "", 0, ""},
		{"dumb-init.sh", "", 0, ""},
		{"python-config", "", 0, ""},
		{"python3-config", "", 0, ""},
		{"sh.txt", "", 0, ""},
		{"nginx-ingress", "", 0, ""},
		{"bash2", "", 0, ""},
		{"busybox", "", 0, ""},
		{"busybox --list", "", 0, ""},
		{"busybox nginx", "", 0, ""},
		{"busybox ~APPLET~", "", 0, ""},
		{"~PROGRAM~", "", 0, ""},
		{"/opt/~X~/tini", "tini", ReapsOrphans, ""},
		{"", "", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.argv, func(t *testing.T) {
			m, ok := db.Lookup(words(tt.argv))
			if ok != (tt.name != "") {
				t.Fatalf("found = %v, want %v (%s)", ok, !ok, m.Name)
			}
			if !ok {
				return
			}
			if m.Name != tt.name || m.Behaviour.Reaps != tt.reaps || m.Mode != tt.mode {
				t.Errorf("got %s, reaps %d, mode %q; want %s, %d, %q",
					m.Name, m.Behaviour.Reaps, m.Mode, tt.name, tt.reaps, tt.mode)
			}
			if m.Evidence == "" || m.Behaviour.Why == "" {
				t.Errorf("no evidence or no reason: %+v", m)
			}
		})
	}
}

// words splits a test's argv and puts in the marks of unknown parts.
func words(argv string) []string {
	return strings.Fields(strings.ReplaceAll(argv, "~", unknownMark))
}

func TestEvidence(t *testing.T) {
	m, _ := newDB(t).Lookup([]string{"redis-server"})
	const want = "measured: redis-server 7.0.15 (Debian 12), left 3 of 3 orphans"
	if m.Evidence != want {
		t.Errorf("evidence %q, want %q", m.Evidence, want)
	}
}

func TestNewWithConfiguredPrograms(t *testing.T) {
	own := Program{
		Names: []string{"node", "our-init"}, Role: Init,
		Behaviour: Behaviour{Reaps: ReapsOrphans, Why: "says so", Source: Source{Configured, "programs[0]"}},
	}
	db, err := New(own)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range own.Names {
		m, ok := db.Lookup([]string{"/opt/" + name})
		if !ok || m.Behaviour.Reaps != ReapsOrphans || m.Evidence != "configured: programs[0]" {
			t.Errorf("%s: %+v, %v", name, m, ok)
		}
	}
	if m, _ := newDB(t).Lookup([]string{"node"}); m.Behaviour.Reaps != LeavesOrphans {
		t.Error("one table's rows changed another")
	}
}

func TestConfiguredProgramHidesWrapper(t *testing.T) {
	db, err := New(Program{Names: []string{"gosu"}, Behaviour: Behaviour{Reaps: LeavesOrphans}})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := db.Wrapper("gosu"); ok {
		t.Error("gosu is still a wrapper")
	}
}

func TestNewRefuses(t *testing.T) {
	tests := map[string][]Program{
		"has no names":  {{Role: Server}},
		"not empty":     {{Names: []string{""}}},
		"without a sla": {{Names: []string{"/bin/x"}}},
		`"x" has two`:   {{Names: []string{"x"}}, {Names: []string{"x"}}},
	}
	for want, rows := range tests {
		if _, err := New(rows...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
