package main

// serverForms are servers and the supervisors that images use to run them.
func serverForms() []form {
	var all []form
	for _, part := range [][]form{webForms(), dataForms(), pythonForms(), daemonForms()} {
		all = append(all, part...)
	}
	return all
}

// user is a setup script that makes a system user.
func user(name, id string) string {
	return "echo '" + name + ":x:" + id + ":" + id + "::/:/bin/sh' >>/etc/passwd; echo '" + name + ":x:" + id + ":' >>/etc/group\n"
}

func webForms() []form {
	haproxy := []string{"haproxy", "sed"}
	haproxySetup := user("haproxy", "701") + `cat >/srv/h.cfg <<'END'
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend f
  bind 127.0.0.1:8080
END
sed 's/^defaults/global\n  master-worker\ndefaults/' /srv/h.cfg >/srv/mw.cfg`
	apache := []string{"apache2-bin", "apache2"}
	apacheConfig := func(mpm string) string {
		return `mkdir -p /run/apache2 /var/log/apache2
m=/usr/lib/apache2/modules
cat >/srv/a.conf <<END
ServerName localhost
PidFile /run/apache2/a.pid
ErrorLog /dev/stderr
LoadModule mpm_` + mpm + `_module $m/mod_mpm_` + mpm + `.so
LoadModule authz_core_module $m/mod_authz_core.so
Listen 8080
User www-data
Group www-data
END`
	}
	uwsgi := []string{"uwsgi-core", "uwsgi-plugin-python3"}
	uwsgiApp := `cat >/srv/app.py <<'END'
def application(env, start_response):
    start_response('200 OK', [])
    return [b'']
END
`
	return []form{
		{ID: "nginx", Port: 80, Children: 1, Packages: []string{"nginx"}, Setup: nginxSite, Argv: []string{"nginx", "-g", "daemon off;"}, Sample: true},
		{ID: "nginx-no-master", Port: 80, Packages: []string{"nginx"}, Setup: nginxSite, Argv: []string{"nginx", "-g", "daemon off; master_process off;"}},
		{ID: "apache2-event", Port: 8080, Children: 1, Packages: apache, Argv: []string{"apache2", "-f", "/srv/a.conf", "-DFOREGROUND"}, Setup: apacheConfig("event"), Sample: true},
		{ID: "apache2-prefork", Port: 8080, Children: 2, Packages: apache, Argv: []string{"apache2", "-f", "/srv/a.conf", "-DFOREGROUND"}, Setup: apacheConfig("prefork")},
		{ID: "apache2-X", Port: 8080, Packages: apache, Argv: []string{"apache2", "-f", "/srv/a.conf", "-X"}, Setup: apacheConfig("prefork")},
		{ID: "haproxy-W", Port: 8080, Children: 1, Packages: haproxy, Argv: []string{"haproxy", "-W", "-db", "-f", "/srv/h.cfg"}, Setup: haproxySetup, Sample: true},
		{ID: "haproxy-Ws", Port: 8080, Children: 1, Packages: haproxy, Argv: []string{"haproxy", "-Ws", "-f", "/srv/h.cfg"}, Setup: haproxySetup},
		{ID: "haproxy-db", Port: 8080, Packages: haproxy, Argv: []string{"haproxy", "-db", "-f", "/srv/h.cfg"}, Setup: haproxySetup, Sample: true},
		{ID: "haproxy", Packages: haproxy, Argv: []string{"haproxy", "-f", "/srv/h.cfg"}, Setup: haproxySetup},
		{ID: "haproxy-master-worker", Port: 8080, Packages: haproxy, Argv: []string{"haproxy", "-f", "/srv/mw.cfg"}, Setup: haproxySetup},
		{ID: "haproxy-db-master-worker", Port: 8080, Packages: haproxy, Argv: []string{"haproxy", "-db", "-f", "/srv/mw.cfg"}, Setup: haproxySetup},
		{ID: "lighttpd", Port: 8080, Packages: []string{"lighttpd"}, Argv: []string{"lighttpd", "-D", "-f", "/srv/l.conf"}, Setup: lighttpd("")},
		{ID: "lighttpd-workers", Port: 8080, Children: 2, Packages: []string{"lighttpd"}, Argv: []string{"lighttpd", "-D", "-f", "/srv/l.conf"}, Setup: lighttpd("server.max-worker = 2")},
		{ID: "php-fpm", Children: 2, Packages: []string{"php8.2-fpm"}, Argv: []string{"php-fpm8.2", "-F"}, Setup: "mkdir -p /run/php", Sample: true},
		{ID: "uwsgi", Port: 8080, Packages: uwsgi, Argv: []string{"uwsgi-core", "--plugin", "python311", "--http-socket", ":8080", "--wsgi-file", "/srv/app.py"}, Setup: uwsgiApp},
		{ID: "uwsgi-workers", Port: 8080, Children: 1, Packages: uwsgi, Argv: []string{"uwsgi-core", "--plugin", "python311", "-p", "2", "--http-socket", ":8080", "--wsgi-file", "/srv/app.py"}, Setup: uwsgiApp},
		{ID: "uwsgi-master", Port: 8080, Children: 1, Packages: uwsgi, Argv: []string{"uwsgi-core", "--master", "--plugin", "python311", "--http-socket", ":8080", "--wsgi-file", "/srv/app.py"}, Setup: uwsgiApp},
		{ID: "varnishd", Port: 8080, Children: 1, Packages: []string{"varnish"}, Argv: []string{"varnishd", "-j", "none", "-F", "-b", "127.0.0.1:81", "-n", "/tmp/v", "-a", "127.0.0.1:8080"}, Setup: user("varnish", "702") + user("vcache", "703"), Settle: shortly},
		{ID: "squid", Port: 3128, Packages: []string{"squid"}, Argv: []string{"squid", "-N", "-f", "/srv/s.conf"}, Setup: squid, Settle: shortly},
		{ID: "squid-foreground", Port: 3128, Children: 1, Packages: []string{"squid"}, Argv: []string{"squid", "--foreground", "-f", "/srv/s.conf"}, Setup: squid, Settle: shortly},
		{ID: "puma", Port: 8080, Packages: []string{"puma"}, Argv: []string{"puma", "-b", "tcp://127.0.0.1:8080", "/srv/config.ru"}, Setup: rack, Settle: shortly},
		{ID: "puma-cluster", Port: 8080, Children: 2, Packages: []string{"puma"}, Argv: []string{"puma", "-w", "2", "-b", "tcp://127.0.0.1:8080", "/srv/config.ru"}, Setup: rack, Settle: shortly},
		{ID: "busybox-httpd", Port: 8080, Packages: []string{"busybox"}, Argv: []string{"busybox", "httpd", "-f", "-p", "8080"}},
		{ID: "caddy", Port: 8080, Packages: []string{"caddy"}, Argv: []string{"caddy", "file-server", "--listen", ":8080"}},
	}
}

const nginxSite = "ln -sf /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default"

const rack = "mkdir -p /srv; echo 'run lambda { |env| [200, {}, [\"\"]] }' >/srv/config.ru"

const squid = `echo 'proxy:x:13:13::/:/bin/sh' >>/etc/passwd
mkdir -p /var/spool/squid /var/log/squid /run/squid
chmod 777 /var/spool/squid /var/log/squid /run/squid
printf 'http_port 127.0.0.1:3128\npid_filename /run/squid/s.pid\n' >/srv/s.conf`

func lighttpd(more string) string {
	return "mkdir -p /srv/www; printf 'server.document-root = \"/srv/www\"\\nserver.port = 8080\\n%s\\n' '" + more + "' >/srv/l.conf"
}

func dataForms() []form {
	pg := "/usr/lib/postgresql/15/bin/"
	return []form{
		{ID: "redis-server", Port: 6379, Packages: []string{"redis-server"}, Argv: []string{"redis-server"}, Sample: true},
		{ID: "memcached", Port: 11211, Packages: []string{"memcached"}, Argv: []string{"memcached", "-u", "root"}},
		{
			ID: "postgres", Port: 5432, Children: 4, Packages: []string{"postgresql-15"}, UID: 700,
			Argv: []string{pg + "postgres", "-D", "/srv/data", "-k", "/tmp"},
			Setup: user("postgres", "700") + "mkdir -p /srv/data; chown 700:700 /srv/data\n" +
				"setpriv --reuid=700 --regid=700 --clear-groups " + pg + "initdb -D /srv/data >/dev/null",
		},
		{
			ID: "mariadbd", Port: 3306, Packages: []string{"mariadb-server", "sed", "grep", "hostname"}, UID: 700, Settle: shortly,
			Argv: []string{"mariadbd", "--no-defaults", "--datadir=/srv/data", "--socket=/tmp/s", "--skip-grant-tables"},
			Setup: user("mysql", "700") + "mkdir -p /srv/data; chown 700:700 /srv/data\n" +
				"setpriv --reuid=700 --regid=700 --clear-groups mariadb-install-db --no-defaults --datadir=/srv/data --auth-root-authentication-method=normal >/dev/null",
		},
		{ID: "rabbitmq-server", Packages: []string{"rabbitmq-server", "sed", "grep"}, Argv: []string{"/usr/lib/rabbitmq/bin/rabbitmq-server"}, Settle: 15 * shortly / 4, Env: []string{"RABBITMQ_NODENAME=r@localhost", "LOGNAME=root"}, Setup: user("rabbitmq", "700") + "mkdir -p /var/lib/rabbitmq /var/log/rabbitmq; chown 700 /var/lib/rabbitmq /var/log/rabbitmq"},
		{ID: "mosquitto", Port: 1883, Packages: []string{"mosquitto"}, Argv: []string{"mosquitto"}, Setup: user("mosquitto", "700")},
		{ID: "etcd", Port: 2379, Packages: []string{"etcd-server"}, Argv: []string{"etcd", "--data-dir", "/tmp/etcd"}},
		{ID: "prometheus-node-exporter", Port: 9100, Packages: []string{"prometheus-node-exporter"}, Argv: []string{"prometheus-node-exporter"}},
		{ID: "pgbouncer", Port: 6432, Packages: []string{"pgbouncer"}, UID: 65534, Argv: []string{"pgbouncer", "/srv/p.ini"}, Setup: "printf '[databases]\\n[pgbouncer]\\nlisten_addr=127.0.0.1\\nauth_type=any\\n' >/srv/p.ini"},
	}
}

func pythonForms() []form {
	app := `mkdir -p /srv/app; cat >/srv/app/app.py <<'END'
def app(env, start_response):
    start_response('200 OK', [])
    return [b'']
END
`
	return []form{
		{
			ID: "supervisord", Children: 1, Packages: []string{"supervisor"}, Term: true,
			Argv:  []string{"supervisord", "-n", "-c", "/srv/s.conf"},
			Setup: "printf '[supervisord]\\nuser=root\\nlogfile=/dev/null\\nlogfile_maxbytes=0\\npidfile=/tmp/p\\n[program:x]\\ncommand={x}\\n' >/srv/s.conf",
		},
		{ID: "gunicorn", Port: 8080, Children: 1, Packages: []string{"gunicorn"}, Argv: []string{"gunicorn", "--chdir", "/srv/app", "-b", "127.0.0.1:8080", "app:app"}, Setup: app, Settle: shortly},
		{ID: "python-m-gunicorn", Port: 8080, Children: 1, Packages: []string{"gunicorn"}, Argv: []string{"python3", "-m", "gunicorn", "--chdir", "/srv/app", "-b", "127.0.0.1:8080", "app:app"}, Setup: app, Settle: shortly},
		{ID: "uvicorn", Port: 8000, Packages: []string{"uvicorn"}, Argv: []string{"uvicorn", "--app-dir", "/srv/app", "--interface", "wsgi", "app:app"}, Setup: app, Settle: shortly},
		{ID: "uvicorn-workers", Port: 8000, Children: 2, Packages: []string{"uvicorn"}, Argv: []string{"uvicorn", "--app-dir", "/srv/app", "--interface", "wsgi", "--workers", "2", "app:app"}, Setup: app, Settle: shortly},
		{ID: "celery-worker", Packages: []string{"python3-celery"}, Argv: []string{"python3", "-m", "celery", "-b", "memory://", "worker"}, Settle: 2 * shortly, Env: []string{"C_FORCE_ROOT=1"}},
		{ID: "waitress", Port: 8080, Packages: []string{"python3-waitress"}, Argv: []string{"waitress-serve", "--listen=127.0.0.1:8080", "app:app"}, Setup: app + "cp /srv/app/app.py /app.py"},
	}
}

func daemonForms() []form {
	return []form{
		{ID: "cron", Packages: []string{"cron"}, Argv: []string{"cron", "-f"}},
		{ID: "busybox-init", Packages: []string{"busybox"}, Argv: []string{"busybox", "init"}, Setup: "printf '::respawn:{x}\\n' >/etc/inittab", Term: true},
		{ID: "busybox-syslogd", Packages: []string{"busybox"}, Argv: []string{"busybox", "syslogd", "-n"}},
		{ID: "sysvinit", Packages: []string{"sysvinit-core"}, Argv: []string{"/sbin/init", "3"}, Setup: "printf 'id:3:initdefault:\\nx:3:respawn:{x}\\n' >/etc/inittab", Settle: shortly},
		{ID: "sshd", Port: 22, Packages: []string{"openssh-server"}, Argv: []string{"/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", "/srv/key"}, Setup: user("sshd", "701") + "mkdir -p /run/sshd; ssh-keygen -q -N '' -t ed25519 -f /srv/key", Sample: true},
		{ID: "vsftpd", Port: 21, Packages: []string{"vsftpd"}, Argv: []string{"vsftpd", "/srv/v.conf"}, Setup: user("ftp", "701") + "mkdir -p /var/run/vsftpd/empty; printf 'listen=YES\\nbackground=NO\\nanonymous_enable=YES\\n' >/srv/v.conf"},
		{ID: "dnsmasq", Port: 53, Packages: []string{"dnsmasq-base"}, Argv: []string{"dnsmasq", "-k", "-u", "root"}},
		{ID: "rsyslogd", Packages: []string{"rsyslog"}, Argv: []string{"rsyslogd", "-n", "-f", "/srv/r.conf"}, Setup: "printf 'module(load=\"imuxsock\")\\n*.* /tmp/log\\n' >/srv/r.conf"},
		{ID: "socat", Port: 8080, Packages: []string{"socat"}, Argv: []string{"socat", "TCP-LISTEN:8080", "EXEC:cat"}},
		{ID: "socat-fork", Port: 8080, Packages: []string{"socat"}, Argv: []string{"socat", "TCP-LISTEN:8080,fork,reuseaddr", "EXEC:cat"}},
		{ID: "stunnel", Port: 8080, Packages: []string{"stunnel4"}, Argv: []string{"stunnel4", "/srv/s.conf"}, Setup: "printf 'foreground = yes\\n[x]\\nclient = yes\\naccept = 127.0.0.1:8080\\nconnect = 127.0.0.1:8081\\n' >/srv/s.conf"},
		{ID: "openvpn", Packages: []string{"openvpn"}, Argv: []string{"openvpn", "--dev", "null", "--port", "1194", "--ping", "10"}},
		{ID: "named", Port: 5353, Packages: []string{"bind9"}, Argv: []string{"named", "-f", "-c", "/srv/n.conf"}, Setup: "mkdir -p /var/cache/bind /run/named; printf 'options { directory \"/tmp\"; listen-on port 5353 { 127.0.0.1; }; };\\n' >/srv/n.conf"},
		{ID: "unbound", Port: 53, Packages: []string{"unbound"}, Argv: []string{"unbound", "-d", "-c", "/srv/u.conf"}, Setup: "printf 'server:\\n username: \"\"\\n chroot: \"\"\\n directory: /tmp\\n use-syslog: no\\n' >/srv/u.conf"},
		{ID: "postfix", Port: 25, Packages: []string{"postfix", "sed", "grep", "findutils"}, Argv: []string{"/usr/lib/postfix/sbin/master", "-d", "-c", "/etc/postfix"}, Setup: postfix},
		{ID: "dovecot", Children: 1, Packages: []string{"dovecot-core"}, Argv: []string{"dovecot", "-F", "-c", "/srv/d.conf"}, Setup: user("dovecot", "701") + user("dovenull", "702") + "printf 'protocols =\\nssl = no\\nlog_path = /dev/stderr\\n' >/srv/d.conf"},
		{ID: "exim4", Port: 25, Packages: []string{"exim4-daemon-light"}, Argv: []string{"exim4", "-bdf", "-q30m", "-C", "/srv/e.conf"}, Setup: user("Debian-exim", "701") + "mkdir -p /var/spool/exim4 /var/log/exim4; chown 701:701 /var/spool/exim4 /var/log/exim4; printf 'local_interfaces = 127.0.0.1\\n' >/srv/e.conf"},
		{ID: "xinetd", Port: 7000, Packages: []string{"xinetd"}, Argv: []string{"xinetd", "-dontfork", "-f", "/srv/x.conf"}, Setup: "printf 'service echo\\n{\\n type = INTERNAL UNLISTED\\n port = 7000\\n socket_type = stream\\n protocol = tcp\\n wait = no\\n user = root\\n}\\n' >/srv/x.conf"},
		{ID: "proftpd", Port: 2121, Packages: []string{"proftpd-core"}, Argv: []string{"proftpd", "-n", "-c", "/srv/p.conf"}, Setup: "mkdir -p /run/proftpd; printf 'ServerType standalone\\nPort 2121\\nUser nobody\\nGroup nogroup\\nModulePath /usr/lib/proftpd\\n' >/srv/p.conf"},
		{ID: "clamd", Packages: []string{"clamav-daemon", "sed"}, Argv: []string{"clamd", "--foreground", "-c", "/srv/c.conf"}, Setup: "mkdir -p /srv/db; echo 'aa:44d88612fea8a8f36de82e1278abb02f:x' | sed 's/^aa://; s/:x/:68:x/' >/srv/db/x.hdb; printf 'DatabaseDirectory /srv/db\\nLocalSocket /tmp/c\\nUser root\\n' >/srv/c.conf"},
		{ID: "dbus-daemon", Packages: []string{"dbus"}, Argv: []string{"dbus-daemon", "--session", "--nofork", "--address=unix:path=/tmp/bus"}},
		{ID: "atd", Packages: []string{"at"}, Argv: []string{"atd", "-f"}, Setup: user("daemon2", "705") + "mkdir -p /var/spool/cron/atjobs /var/spool/cron/atspool; chown 1:1 /var/spool/cron/atjobs /var/spool/cron/atspool"},
		{ID: "snmpd", Packages: []string{"snmpd"}, Argv: []string{"snmpd", "-f", "-Lo", "udp:127.0.0.1:1161"}},
		{ID: "collectd", Packages: []string{"collectd-core"}, Argv: []string{"collectd", "-f", "-C", "/srv/c.conf"}, Setup: "printf 'BaseDir \"/tmp\"\\nPIDFile \"/tmp/p\"\\n' >/srv/c.conf"},
		{ID: "avahi", Packages: []string{"avahi-daemon", "sed"}, Argv: []string{"avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits"}, Setup: user("avahi", "701") + "sed -i 's/.*enable-dbus.*/enable-dbus=no/' /etc/avahi/avahi-daemon.conf; mkdir -p /run/avahi-daemon"},
		{ID: "xvfb", Packages: []string{"xvfb"}, Argv: []string{"Xvfb", ":1"}, Settle: shortly},
	}
}

const postfix = `cat >>/etc/passwd <<'END'
postfix:x:701:701::/:/bin/sh
END
cat >>/etc/group <<'END'
postfix:x:701:
postdrop:x:702:
END
mkdir -p /etc/postfix /var/lib/postfix /var/spool/postfix
cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
printf 'compatibility_level = 3.6\ninet_interfaces = loopback-only\nqueue_directory = /var/spool/postfix\ncommand_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\ndata_directory = /var/lib/postfix\nmydestination =\nmaillog_file = /dev/stdout\n' >/etc/postfix/main.cf
postfix set-permissions >/dev/null 2>&1 || true
postfix check || true
`
