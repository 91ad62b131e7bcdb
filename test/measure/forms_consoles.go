package main

// consoleForms are interpreters and tools that images start for want of a
// server: they wait for input.
func consoleForms() []form {
	jdk := []string{"openjdk-17-jdk-headless"}
	return []form{
		{ID: "jshell", Packages: jdk, Argv: []string{"/usr/lib/jvm/java-17-openjdk-amd64/bin/jshell"}, Settle: slowly},
		{ID: "swipl", Packages: []string{"swi-prolog-nox"}, Argv: []string{"swipl"}, Settle: shortly},
		{ID: "raku", Packages: []string{"rakudo"}, Argv: []string{"raku", "-e", "sleep 1000"}, Settle: shortly},
		{ID: "irssi", Packages: []string{"irssi", "ncurses-base"}, Argv: []string{"irssi"}, Env: []string{"TERM=linux"}, Settle: shortly},
		{ID: "spiped", Packages: []string{"spiped"}, Argv: []string{"spiped", "-F", "-d", "-s", "127.0.0.1:8025", "-t", "127.0.0.1:25", "-k", "/srv/k"}, Setup: "head -c 32 /dev/urandom >/srv/k", Port: 8025},
		{ID: "nc-traditional", Packages: []string{"netcat-traditional"}, Argv: []string{"nc.traditional", "-l", "-p", "8080"}, Port: 0, Settle: shortly},
		{ID: "ncat", Packages: []string{"ncat"}, Argv: []string{"ncat", "-lk", "8080"}, Settle: shortly},
		{ID: "ping", Packages: []string{"iputils-ping"}, Argv: []string{"ping", "127.0.0.1"}},
		{ID: "stress", Packages: []string{"stress"}, Argv: []string{"stress", "--io", "1"}, Children: 1},
		{ID: "stress-ng", Packages: []string{"stress-ng"}, Argv: []string{"stress-ng", "--io", "1"}, Children: 1, Settle: shortly},
		{ID: "redis-server-sentinel", Packages: []string{"redis-server"}, Argv: []string{"redis-server", "/srv/c", "--sentinel"}, Setup: etc("/srv/c", "port 26379"), Port: 26379},
		{ID: "puma-config-workers", Packages: []string{"puma"}, Argv: []string{"puma", "-C", "/srv/puma.rb", "/srv/config.ru"}, Setup: rack + "; echo 'workers 2' >/srv/puma.rb", Port: 9292, Children: 2, Settle: shortly},
		{ID: "varnishncsa", Packages: []string{"varnish"}, Argv: []string{"varnishncsa", "-t", "off", "-n", "/tmp/v"}, Settle: shortly},
		{ID: "tornado", Packages: []string{"python3-tornado"}, Argv: []string{"python3", "/srv/a.py"}, Setup: etc("/srv/a.py", "import asyncio, tornado.web\nasync def main():\n    tornado.web.Application([]).listen(8080)\n    await asyncio.create_subprocess_exec('sleep', '1000')\n    await asyncio.Event().wait()\nasyncio.run(main())"), Port: 8080, Children: 1, Settle: shortly},
		{ID: "eventlet", Packages: []string{"python3-eventlet"}, Argv: []string{"python3", "-c", "from eventlet.green import subprocess; subprocess.Popen(['sleep', '1000']).wait()"}, Children: 1, Settle: shortly},
		{ID: "hypnotoad", Packages: []string{"libmojolicious-perl"}, Argv: []string{"hypnotoad", "-f", "/srv/a.pl"}, Setup: etc("/srv/a.pl", "use Mojolicious::Lite;\napp->config(hypnotoad => {listen => ['http://127.0.0.1:8080'], pid_file => '/tmp/p'});\napp->start;"), Port: 8080, Children: 2, Settle: shortly},
	}
}

// accessForms are terminals, tunnels and watchers of files.
func accessForms() []form {
	return []form{
		{ID: "autossh", Packages: []string{"autossh", "openssh-client"}, Argv: []string{"autossh", "-M", "0", "-N", "127.0.0.1"}, Env: []string{"AUTOSSH_GATETIME=0"}, Settle: shortly, Churns: true},
		{ID: "lsyncd", Packages: []string{"lsyncd", "rsync"}, Argv: []string{"lsyncd", "-nodaemon", "/srv/c"}, Setup: etc("/srv/c", "sync { default.direct, source = '/srv/a', target = '/srv/b' }") + "mkdir -p /srv/a /srv/b", Settle: shortly},
		{ID: "incrond", Packages: []string{"incron"}, Argv: []string{"incrond", "-n"}, Setup: "mkdir -p /var/spool/incron /etc/incron.d", Settle: shortly},
		{ID: "websockify", Packages: []string{"websockify"}, Argv: []string{"websockify", "6080", "127.0.0.1:5900"}, Port: 6080, Settle: shortly},
		{ID: "xrdp-sesman", Packages: []string{"xrdp"}, Argv: []string{"xrdp-sesman", "--nodaemon"}, Settle: shortly, Setup: user("xrdp", "701") + "mkdir -p /run/xrdp; chmod 1777 /run/xrdp"},
		{ID: "nzbget", Packages: []string{"nzbget"}, Argv: []string{"nzbget", "-s", "-o", "OutputMode=log", "-o", "MainDir=/tmp/n", "-c", "/srv/c"}, Setup: etc("/srv/c", "MainDir=/tmp/n\nControlPort=6789"), Port: 6789, Settle: shortly},
		{ID: "rtorrent", Packages: []string{"rtorrent", "ncurses-base"}, Argv: []string{"rtorrent", "-n"}, Env: []string{"TERM=linux"}, Settle: shortly},
		{ID: "shellinaboxd", Packages: []string{"shellinabox"}, Argv: []string{"shellinaboxd", "-t", "-p", "4200", "-u", "nobody", "-g", "nogroup"}, Port: 4200, Settle: shortly},
		{ID: "ser2net", Packages: []string{"ser2net"}, Argv: []string{"ser2net", "-n", "-c", "/srv/c"}, Setup: etc("/srv/c", "%YAML 1.1\n---\nconnection: &c\n accepter: tcp,127.0.0.1,2000\n connector: echo"), Settle: shortly},
		{ID: "uwsgi-emperor", Packages: []string{"uwsgi-core"}, Argv: []string{"uwsgi-core", "--emperor", "/srv/v"}, Setup: "mkdir -p /srv/v", Settle: shortly},
		{ID: "mitmdump", Packages: []string{"mitmproxy"}, Argv: []string{"mitmdump", "--listen-port", "8080"}, Port: 8080, Settle: slowly},
	}
}
