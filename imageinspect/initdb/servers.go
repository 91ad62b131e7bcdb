package initdb

import (
	"slices"
	"strings"
)

// servers are long-running programs that serve something.
func servers() []Program {
	var all []Program
	for _, part := range [][]Program{
		webServers(), proxies(), appServers(), dataServers(), moreStores(), daemons(), networkDaemons(), mailDaemons(),
		mediaDaemons(), watchDaemons(), busyboxServers(),
	} {
		all = append(all, part...)
	}
	return all
}

func server(b Behaviour, names ...string) Program {
	return Program{Names: names, Role: Server, Behaviour: b}
}

// with gives a row modes.
func (p Program) with(modes ...Mode) Program {
	p.Modes = append(p.Modes, modes...)
	return p
}

func webServers() []Program {
	return []Program{
		server(reaps(waitsForAny, measured("nginx")), "nginx", "nginx-debug", "openresty"),
		{
			Names:     []string{"apache2", "httpd"},
			Role:      Server,
			Behaviour: reaps(waitsForAny, measured("apache2-event")).harmed("dies when an orphan exits 15"),
			Modes: []Mode{{
				When:      "with -X",
				Match:     apacheOneProcess,
				Behaviour: leaves("as a single process it does not wait", measured("apache2-X")),
			}},
		},
		{
			Names:     []string{"haproxy"},
			Role:      Server,
			Behaviour: depends("reaps only as master-worker, which its configuration may ask for", measured("haproxy-db")),
			Modes: []Mode{{
				When:      "with -W",
				Match:     hasAny("-W", "-Ws"),
				Behaviour: reaps("its master waits for any child", measured("haproxy-W")),
			}},
		},
		{
			Names:     []string{"lighttpd"},
			Role:      Server,
			Behaviour: reaps(waitsForAny, measured("lighttpd")),
		},
		server(leaves(waitsForOwn, measured("varnishd")), "varnishd"),
		server(reaps(waitsForAny, measured("squid")).forksHelpers(), "squid"),
		server(reaps(waitsForAny, code("https://github.com/nginx/unit/blob/master/src/nxt_main_process.c")), "unitd", "unitd-debug"),
	}
}

func appServers() []Program {
	return []Program{
		{
			Names:     []string{"php-fpm"},
			Versioned: true,
			Role:      Server,
			Behaviour: reaps(waitsForAny, measured("php-fpm")),
		},
		{
			Names:     []string{"uwsgi", "uwsgi-core"},
			Role:      Server,
			Behaviour: depends("reaps only with a master, which a file or UWSGI_MASTER may ask for", measured("uwsgi")),
			Modes: []Mode{{
				When: "with --master",
				Match: func(args []string) bool {
					return slices.Contains(args, "--master") || slices.Contains(args, "-M")
				},
				Behaviour: reaps("its master waits for any child", measured("uwsgi-master")),
			}},
		},
		{
			Names:       []string{"gunicorn", "gunicorn3"},
			Role:        Server,
			Interpreter: "python",
			Modules:     []string{"gunicorn", "gunicorn.app.wsgiapp"},
			Behaviour: reaps("its arbiter waits for any child", measured("gunicorn")).
				harmed("dies when an orphan exits 3 or 4"),
		},
		{
			Names:       []string{"uvicorn"},
			Role:        Server,
			Interpreter: "python",
			Modules:     []string{"uvicorn"},
			Behaviour:   leaves(waitsForOwn, measured("uvicorn")),
		},
		{
			Names:       []string{"waitress-serve"},
			Role:        Server,
			Interpreter: "python",
			Modules:     []string{"waitress"},
			Behaviour:   leaves(neverWaits, measured("waitress")),
		},
		{
			Names:       []string{"celery"},
			Role:        Server,
			Interpreter: "python",
			Modules:     []string{"celery"},
			Behaviour:   leaves(waitsForOwn, measured("celery-worker")),
		},
		{
			Names:       []string{"puma"},
			Role:        Server,
			Interpreter: "ruby",
			Behaviour:   leaves(waitsForOwn, measured("puma")),
			Modes: []Mode{{
				When:      "with -w",
				Match:     pumaCluster,
				Behaviour: depends("in a cluster newer versions wait for any child", code("https://github.com/puma/puma/blob/HEAD/lib/puma/cluster.rb")),
				Stated:    true,
			}},
		},
	}
}

// pumaCluster is true when puma is told to start workers.
func pumaCluster(args []string) bool {
	for i, arg := range args {
		switch {
		case arg == "-w" || arg == "--workers":
			return i+1 < len(args) && args[i+1] != "0"
		case strings.HasPrefix(arg, "-w"):
			return arg != "-w0"
		case strings.HasPrefix(arg, "--workers="):
			return arg != "--workers=0"
		}
	}
	return false
}

// apacheOneProcess is true when httpd is told to run as a single process: -X
// stands for -D DEBUG.
//
// Source: https://github.com/apache/httpd/blob/2.4.x/server/mpm/prefork/prefork.c
func apacheOneProcess(args []string) bool {
	for _, o := range shortOptions(args, "CcDdEefk") {
		if o.letter == 'X' || o.letter == 'D' && (o.value == "DEBUG" || o.value == "ONE_PROCESS") {
			return true
		}
	}
	return false
}

func dataServers() []Program {
	return []Program{
		server(leaves("waits only while a background save runs", measured("redis-server")), "redis-server", "valkey-server").with(
			sentinelMode(measured("redis-sentinel"))),
		server(leaves(neverWaits, measured("memcached")), "memcached"),
		server(reaps(waitsForAny, measured("postgres")).
			harmed("restarts all its processes when an orphan fails"), "postgres", "postmaster"),
		server(leaves(neverWaits, measured("mariadbd")), "mariadbd"),
		server(leaves("handles no SIGCHLD and never waits", code("https://github.com/mysql/mysql-server/blob/8.0/sql/mysqld.cc")), "mysqld"),
		server(leaves("handles no SIGCHLD and never waits",
			code("https://github.com/mongodb/mongo/blob/master/src/mongo/util/signal_handlers.cpp")), "mongod", "mongos"),
		server(leaves(neverWaits, measured("mosquitto")), "mosquitto"),
		server(leaves(neverWaits, measured("pgbouncer")), "pgbouncer"),
	}
}

func daemons() []Program {
	return []Program{
		server(reaps(waitsForAny, measured("cron")).forksHelpers(), "cron").generic(),
		server(reaps(waitsForAny, measured("sshd")).forksHelpers(), "sshd"),
		server(reaps(waitsForAny, measured("vsftpd")).harmed("dies when any orphan exits"), "vsftpd"),
		server(reaps(waitsForAny, measured("dnsmasq")), "dnsmasq"),
		server(reaps(waitsForAny, measured("rsyslogd")), "rsyslogd"),
		{
			Names:     []string{"socat"},
			Role:      Server,
			Behaviour: leaves(waitsForOwn, measured("socat")),
			Modes: []Mode{{
				When:      "with fork",
				Match:     holds(",fork"),
				Behaviour: reaps("waits for any child", measured("socat-fork")).forksHelpers(),
			}},
		},
		server(leaves(waitsForOwn, measured("openvpn")), "openvpn"),
		server(reaps(waitsForAny, measured("stunnel")), "stunnel", "stunnel4"),
		server(leaves(neverWaits, measured("clamd")), "clamd"),
		server(leaves(neverWaits, measured("named")), "named"),
		server(leaves(neverWaits, measured("unbound")), "unbound"),
		server(reaps(waitsForAny, measured("dovecot")), "dovecot"),
		server(reaps(waitsForAny, measured("exim4")), "exim4", "exim"),
		server(reaps(waitsForAny, measured("xinetd")), "xinetd"),
		server(reaps(waitsForAny, measured("proftpd")), "proftpd"),
		server(leaves(neverWaits, measured("dbus-daemon")), "dbus-daemon"),
		server(reaps(waitsForAny, measured("atd")), "atd").generic(),
		server(leaves(neverWaits, measured("snmpd")), "snmpd"),
		server(reaps(kernelReaps, measured("collectd")), "collectd"),
		server(leaves(waitsForOwn, measured("avahi")), "avahi-daemon"),
		server(leaves(waitsForOwn, measured("xvfb")), "Xvfb"),
	}
}

func busyboxServers() []Program {
	return []Program{
		server(reaps(kernelReaps, measured("busybox-httpd")), busyboxApplet+"httpd"),
		server(leaves(waitsForOwn, code("https://github.com/mirror/busybox/blob/master/miscutils/crond.c")).forksHelpers(), busyboxApplet+"crond"),
		server(leaves(neverWaits, measured("busybox-syslogd")), busyboxApplet+"syslogd"),
		server(leaves(neverWaits, measured("busybox-nc")), busyboxApplet+"nc"),
	}
}
