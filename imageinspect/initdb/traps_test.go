package initdb

import "testing"

// TestTraps: calls that look like a program which reaps and are something
// else.
func TestTraps(t *testing.T) {
	db := newDB(t)
	tests := []struct {
		argv  string // as in TestLookup
		name  string // empty: no row
		reaps Reaping
	}{
		// A common word is a program's name only where systems keep programs.
		{"cron -f", "cron", ReapsOrphans},
		{"/usr/sbin/cron -f", "cron", ReapsOrphans},
		{"/usr/local/bin/make all", "make", ReapsOrphans},
		{"/usr/bin/../bin/make all", "make", ReapsOrphans},
		{"/pause", "pause", ReapsOrphans},
		{"/sbin/my_init", "my_init", ReapsOrphans},
		{"python3 -u /sbin/my_init -- x", "my_init", ReapsOrphans},
		{"time x", "time", ReapsOrphans},
		{"busybox time x", "busybox time", ReapsOrphans},
		{"/app/cron", "", 0},
		{"./script", "", 0},
		{"bin/make", "", 0},
		{"/usr/src/app/time", "", 0},
		{"/opt/app/bin/make", "", 0},
		{"/usr/bin/../../app/make", "", 0},
		{"/usr/bin/~X~/../make", "", 0},
		{"/app/pause", "", 0},
		{"./pause", "", 0},
		{"/app/my_init", "", 0},
		{"/app/atd", "", 0},
		{"/app/registry", "", 0},
		{"/mnt/script", "", 0},
		{"/app/sudo x", "", 0},
		{"/app/screen", "", 0},
		{"/app/setsid -w x", "", 0},
		{"python3 /app/my_init", "python", LeavesOrphans},
		{"python3 my_init", "python", LeavesOrphans},

		{"/usr/bin/pod", "pod", ReapsOrphans},
		{"/app/pod", "", 0},
		{"/app/crond", "", 0},
		{"crond -f", "crond", ReapingUnknown},
		{"busybox crond -f", "busybox crond", LeavesOrphans},
		{"/usr/libexec/postfix/master -d", "master", ReapsOrphans},
		{"/app/master", "", 0},
		{"master", "", 0},
		{"/usr/local/bin/master", "", 0},
		{"/app/cmd/controller/controller --v=2", "controller", LeavesOrphans},
		{"/app/controller", "", 0},
		{"/opt/app/rsync --daemon", "", 0},
		{"rsync --daemon --no-detach", "rsync", ReapsOrphans},
		{"rsync -a a b", "rsync", ReapingUnknown},
		{"redis-server --sentinel", "redis-server", ReapsOrphans},
		{"redis-server /etc/redis/sentinel.conf", "redis-server", LeavesOrphans},
		{"redis-server --requirepass ~PASSWORD~", "redis-server", LeavesOrphans},
		{"redis-sentinel /etc/s.conf", "redis-sentinel", ReapsOrphans},
		{"supercronic /etc/crontab", "supercronic", ReapingUnknown},
		{"supercronic -no-reap /etc/crontab", "supercronic", LeavesOrphans},
		{"krb5kdc -n", "krb5kdc", ReapsOrphans},
		{"postfix start", "postfix", ReapingUnknown},
		{"postfix start-fg", "postfix", ReapsOrphans},
		{"python3 /usr/local/bin/patroni /p.yml", "patroni", ReapsOrphans},
		{"node /app/patroni", "node", LeavesOrphans},
		{"ruby /usr/bin/supervisord", "ruby", LeavesOrphans},
		{"perl /usr/sbin/unicorn", "perl", LeavesOrphans},
		{"dotnet app.dll", "dotnet", ReapingUnknown},
		{"puma -C config/puma.rb", "puma", LeavesOrphans},
		{"puma -w 2", "puma", ReapingUnknown},
		{"puma -w 0 -t 1:5", "puma", LeavesOrphans},
		{"puma --workers=4 ~OPTS~", "puma", ReapingUnknown},
		{"/app/smtpd", "", 0},
		{"python3 /usr/bin/odoo -c x", "odoo", LeavesOrphans},
		{"odoo --workers=0", "odoo", LeavesOrphans},
		{"odoo --workers 4", "odoo", ReapsOrphans},
		{"odoo --workers=~N~", "odoo", LeavesOrphans},
		{"/app/odoo/odoo-bin --workers=2", "odoo", ReapsOrphans},
		{"/app/next start", "", 0},
		{"node /usr/local/bin/next start", "next", LeavesOrphans},
		{"nc -lk 80", "nc", ReapingUnknown},
		{"busybox nc -l -p 80", "busybox nc", LeavesOrphans},
		{"h2o -c x", "h2o", LeavesOrphans},
		{"h2o -m master -c x", "h2o", ReapingUnknown},

		// Options that take the program out of PID 1, or its master away.
		{"strace -o /dev/null x", "strace", ReapsOrphans},
		{"strace -D x", "strace", ReapingUnknown},
		{"strace -fDD x", "strace", ReapingUnknown},
		{"strace -o x -DDD x", "strace", ReapingUnknown},
		{"strace --daemonize x", "strace", ReapingUnknown},
		{"strace --daemonize=pgroup x", "strace", ReapingUnknown},
		{"strace --daem x", "strace", ReapingUnknown},
		{"apache2 -DFOREGROUND", "apache2", ReapsOrphans},
		{"apache2 -f -X -D FOREGROUND", "apache2", ReapsOrphans},
		{"apache2 -D ONE_PROCESS", "apache2", LeavesOrphans},
		{"apache2 -DONE_PROCESS", "apache2", LeavesOrphans},
		{"httpd -f x -D DEBUG", "apache2", LeavesOrphans},
		{"httpd -DDEBUG", "apache2", LeavesOrphans},
		{"httpd -eX -X", "apache2", LeavesOrphans},
		{"uwsgi --http :80", "uwsgi", ReapingUnknown},
		{"uwsgi --master=false", "uwsgi", ReapingUnknown},
		{"uwsgi --master=0", "uwsgi", ReapingUnknown},
		{"uwsgi --master-fifo /f", "uwsgi", ReapingUnknown},
		{"uwsgi --http :80 --master", "uwsgi", ReapsOrphans},
		{"flock /f x", "flock", LeavesOrphans},
		{"flock -F /f tini", "flock", ReapingUnknown},
		{"flock -nF /f tini", "flock", ReapingUnknown},
		{"flock --no-fork /f tini", "flock", ReapingUnknown},
		{"tini --version", "tini", ReapingUnknown},
		{"tini -l", "tini", ReapingUnknown},
		{"tini -vsh", "tini", ReapingUnknown},
		{"tini -e 1 -p SIGTERM -- x -h --version", "tini", ReapsOrphans},
		{"tini ~PROGRAM~", "tini", ReapsOrphans},
		{"tini -- ~PROGRAM~", "tini", ReapsOrphans},
		{"dumb-init -V", "dumb-init", ReapingUnknown},
		{"dumb-init --rewrite 15:3 x --help", "dumb-init", ReapsOrphans},
		{"catatonit --help", "catatonit", ReapingUnknown},

		// Names that mean one program here, another there.
		{"xargs x", "xargs", ReapingUnknown},
		{"busybox xargs x", "busybox xargs", LeavesOrphans},
		{"script -c x", "script", ReapingUnknown},
		{"sudo x", "sudo", ReapingUnknown},

		// Clusters of short options.
		{"python3 -Ic x /usr/bin/supervisord", "python", LeavesOrphans},
		{"python3 -cpass /usr/bin/supervisord", "python", LeavesOrphans},
		{"python3 -uc supervisord", "python", LeavesOrphans},
		{"python3 -um gunicorn x", "gunicorn", ReapsOrphans},
		{"python3 -umgunicorn x", "gunicorn", ReapsOrphans},
		{"python3 -Imx /usr/bin/supervisord", "python", LeavesOrphans},
		{"python3 -um ~MODULE~", "python", ReapingUnknown},
		{"python3 -uW ignore /usr/bin/supervisord", "supervisord", ReapsOrphans},
		{"python3 -Wignore /usr/bin/supervisord", "supervisord", ReapsOrphans},
		{"python3 -XW /usr/bin/supervisord", "supervisord", ReapsOrphans},
		{"python3 -W", "python", LeavesOrphans},
		{"python3 -m", "python", LeavesOrphans},
		{"python3 --check-hash-based-pycs", "python", LeavesOrphans},
		{"python3 --check-hash-based-pycs /usr/bin/supervisord x.py", "python", LeavesOrphans},
		{"python3 -- /usr/bin/supervisord", "supervisord", ReapsOrphans},
		{"python3 - /usr/bin/supervisord", "python", LeavesOrphans},
		{"ruby -W0 -Ilib /usr/bin/puma", "puma", LeavesOrphans},

		// A script that may go on to another program.
		{"python3 /docker_entrypoint.py tini", "python", ReapingUnknown},
		{"python3 -u /Entrypoint", "python", ReapingUnknown},
		{"python3 -m app.entrypoint", "python", ReapingUnknown},
		{"node --env-file .env entrypoint.js", "node", ReapingUnknown},
		{"ruby -rjson docker-entrypoint.rb", "ruby", ReapingUnknown},
		{"perl -w /entrypoint.pl", "perl", ReapingUnknown},
		{"php -d a=b -f /entrypoint.php", "php", ReapingUnknown},
		{"php -r x entrypoint.php", "php", LeavesOrphans},
		{"perl -lne x entrypoint", "perl", LeavesOrphans},
		{"node -pe x entrypoint.js", "node", LeavesOrphans},
		{"python3 /app/main.py entrypoint.py", "python", LeavesOrphans},
		{"python3 /entrypoint.d/main.py", "python", LeavesOrphans},
	}
	for _, tt := range tests {
		t.Run(tt.argv, func(t *testing.T) {
			m, _ := db.Lookup(words(tt.argv))
			if m.Name != tt.name || m.Behaviour.Reaps != tt.reaps {
				t.Errorf("got %q, reaps %d (%s); want %q, %d", m.Name, m.Behaviour.Reaps, m.Behaviour.Why, tt.name, tt.reaps)
			}
		})
	}
}

// TestNamesThatSayNothing: many programs bear these names, so no row may.
func TestNamesThatSayNothing(t *testing.T) {
	db := newDB(t)
	for _, name := range []string{
		"agent", "api", "app", "application", "backend", "bot", "client", "controller", "core", "daemon", "dashboard", "docker-entrypoint",
		"entrypoint", "entrypoint.sh", "exporter", "frontend", "gateway", "handler", "hello", "job", "launch", "launcher", "main", "manager",
		"my_exporter", "operator", "proxy", "run", "run.sh", "runner", "scheduler", "serve", "server", "service", "sidecar", "speaker", "start",
		"start.sh", "updater", "web", "webhook", "worker",
	} {
		for _, argv0 := range []string{name, "/" + name, "./" + name, "/app/" + name, "/usr/local/bin/" + name} {
			if m, ok := db.Lookup([]string{argv0}); ok {
				t.Errorf("%s is taken for %s", argv0, m.Name)
			}
			if _, ok := db.Wrapper(argv0); ok {
				t.Errorf("%s is taken for a wrapper", argv0)
			}
		}
	}
}

func TestGenericWrappers(t *testing.T) {
	db := newDB(t)
	for argv0, want := range map[string]bool{
		"env": true, "/usr/bin/env": true, "/bin/nice": true, "/app/env": false, "./nice": false, "/opt/bin/gosu": true,
	} {
		if _, ok := db.Wrapper(argv0); ok != want {
			t.Errorf("%s: a wrapper: %v, want %v", argv0, ok, want)
		}
	}
}
