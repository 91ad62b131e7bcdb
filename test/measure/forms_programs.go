package main

import "time"

// programForms are programs beyond those that the first rows needed: what
// public images end in.
func programForms() []form {
	var all []form
	for _, part := range [][]form{
		superviseForms(), languageForms(), consoleForms(), accessForms(), moreWrapperForms(), moreToolForms(), proxyForms(), storeForms(),
		mailForms(), nameForms(), mediaForms(), networkForms(), monitorForms(), goForms(),
	} {
		all = append(all, part...)
	}
	return all
}

// slowly is time for programs that start a virtual machine or many processes.
const slowly = 12 * time.Second

func superviseForms() []form {
	return []form{
		{ID: "svscan", Packages: []string{"daemontools"}, Argv: []string{"svscan", "/srv/scan"}, Setup: service(), Term: true},
		{ID: "supervise", Packages: []string{"daemontools"}, Argv: []string{"supervise", "/srv/scan/app"}, Setup: service(), Term: true},
		{ID: "s6-supervise", Packages: []string{"s6"}, Argv: []string{"s6-supervise", "/srv/scan/app"}, Setup: service(), Term: true},
		{ID: "runsv", Packages: []string{"runit"}, Argv: []string{"runsv", "/srv/scan/app"}, Setup: service(), Term: true},
		{
			ID: "runit", Packages: []string{"runit"}, Argv: []string{"runit"}, Settle: shortly,
			Setup: "mkdir -p /etc/runit; for s in 1 3; do printf '#!/bin/sh\\ntrue\\n' >/etc/runit/$s; done; printf '#!/bin/sh\\nexec {x}\\n' >/etc/runit/2; chmod 755 /etc/runit/?",
		},
		{ID: "monit-I", Packages: []string{"monit"}, Argv: []string{"monit", "-I", "-c", "/srv/monitrc"}, Setup: "echo 'set daemon 5' >/srv/monitrc; chmod 600 /srv/monitrc"},
		{ID: "monit-with-init", Packages: []string{"monit"}, Argv: []string{"monit", "-c", "/srv/monitrc"}, Setup: "printf 'set init\\nset daemon 5\\n' >/srv/monitrc; chmod 600 /srv/monitrc"},
		{ID: "foreman", Packages: []string{"ruby-foreman"}, Argv: []string{"foreman", "start", "-f", "/srv/Procfile"}, Setup: "echo 'web: exec {x}' >/srv/Procfile", Settle: shortly, Term: true},
	}
}

// blas is where Debian's alternatives would have linked a library from.
var blas = []string{"LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack"}

func languageForms() []form {
	return []form{
		{ID: "pypy3", Packages: []string{"pypy3"}, Argv: []string{"pypy3", "-c", "import subprocess; subprocess.run(['sleep', '1000'])"}, Settle: shortly},
		{ID: "R", Packages: []string{"r-base-core", "libblas3", "liblapack3", "sed", "grep", "gawk"}, Argv: []string{"R", "--no-save", "-e", "Sys.sleep(1000)"}, Settle: shortly, Env: blas},
		{ID: "R-system", Packages: []string{"r-base-core", "libblas3", "liblapack3", "sed", "grep", "gawk"}, Argv: []string{"R", "--no-save", "-e", "system('sleep 1000')"}, Settle: shortly, Env: blas},
		{ID: "Rscript", Packages: []string{"r-base-core", "libblas3", "liblapack3", "sed", "grep", "gawk"}, Argv: []string{"Rscript", "-e", "Sys.sleep(1000)"}, Settle: shortly, Env: blas},
		{ID: "mono", Packages: []string{"mono-csharp-shell"}, Settle: slowly, Argv: []string{"mono", "/usr/lib/mono/4.5/csharp.exe", "/srv/a.cs"}, Setup: "echo 'System.Threading.Thread.Sleep(1000000);' >/srv/a.cs"},
		{ID: "mono-child", Packages: []string{"mono-csharp-shell"}, Settle: slowly, Children: 1, Argv: []string{"mono", "/usr/lib/mono/4.5/csharp.exe", "/srv/a.cs"}, Setup: "echo 'System.Diagnostics.Process.Start(\"sleep\", \"1000\").WaitForExit();' >/srv/a.cs"},
		{ID: "rust-std", Packages: []string{"hyperfine"}, Argv: []string{"hyperfine", "--runs", "1", "--shell=none", "sleep 1000"}, Children: 1},
		{ID: "rust-tokio", Packages: []string{"sccache"}, Argv: []string{"sccache"}, Port: 4226, Env: []string{"SCCACHE_START_SERVER=1", "SCCACHE_NO_DAEMON=1"}},
		{ID: "haskell", Packages: []string{"hledger-web", "ncurses-base"}, Argv: []string{"hledger-web", "--serve", "--port", "5000", "-f", "/srv/j"}, Port: 5000, Setup: "touch /srv/j", Env: []string{"TERM=linux"}},
		{ID: "sbcl", Packages: []string{"sbcl"}, Argv: []string{"sbcl", "--non-interactive", "--eval", "(sb-ext:run-program \"/usr/bin/sleep\" '(\"1000\"))"}, Children: 1},
		{ID: "elixir", Packages: []string{"elixir", "sed", "grep"}, Argv: []string{"elixir", "--no-halt"}, Settle: shortly, Env: []string{"TERM=dumb"}},
		{ID: "iex", Packages: []string{"elixir", "sed", "grep"}, Argv: []string{"iex"}, Settle: shortly, Env: []string{"TERM=dumb"}},
		{ID: "php-cgi", Packages: []string{"php8.2-cgi"}, Argv: []string{"php-cgi8.2", "-b", "127.0.0.1:9000"}, Port: 9000},
		{ID: "php-cgi-children", Packages: []string{"php8.2-cgi"}, Argv: []string{"php-cgi8.2", "-b", "127.0.0.1:9000"}, Port: 9000, Children: 2, Env: []string{"PHP_FCGI_CHILDREN=2"}},
		{ID: "php-builtin-workers", Packages: []string{"php8.2-cli"}, Argv: []string{"php8.2", "-S", "127.0.0.1:8000"}, Port: 8000, Children: 2, Env: []string{"PHP_CLI_SERVER_WORKERS=2"}},
		{ID: "unicorn", Packages: []string{"unicorn"}, Argv: []string{"unicorn", "-l", "127.0.0.1:8080", "/srv/config.ru"}, Setup: rack, Port: 8080, Children: 1, Settle: shortly},
		{ID: "thin", Packages: []string{"thin"}, Argv: []string{"thin", "-a", "127.0.0.1", "-p", "8080", "-R", "/srv/config.ru", "start"}, Setup: rack, Port: 8080, Settle: shortly},
		{ID: "rackup", Packages: []string{"ruby-rack", "puma"}, Argv: []string{"rackup", "-o", "127.0.0.1", "-p", "8080", "/srv/config.ru"}, Setup: rack, Port: 8080, Settle: shortly},
		{ID: "starman", Packages: []string{"starman"}, Argv: []string{"starman", "--listen", "127.0.0.1:8080", "/srv/app.psgi"}, Setup: psgi, Port: 8080, Children: 2, Settle: shortly},
		{ID: "plackup", Packages: []string{"starman"}, Argv: []string{"plackup", "-o", "127.0.0.1", "-p", "8080", "/srv/app.psgi"}, Setup: psgi, Port: 8080, Settle: shortly},
		{ID: "daphne", Packages: []string{"daphne"}, Argv: []string{"daphne", "-b", "127.0.0.1", "-p", "8080", "asgi:app"}, Setup: "echo 'async def app(scope, receive, send): pass' >/asgi.py", Port: 8080, Settle: shortly, Env: []string{"PYTHONPATH=/"}},
		{ID: "twistd", Packages: []string{"python3-twisted"}, Argv: []string{"twistd3", "-n", "--pidfile=", "web", "--port", "tcp:8080", "--path", "/srv"}, Port: 8080, Settle: shortly},
		{ID: "flask-run", Packages: []string{"python3-flask"}, Argv: []string{"flask", "--app", "/srv/app.py", "run", "--port", "8080"}, Setup: "printf 'from flask import Flask\\napp = Flask(__name__)\\n' >/srv/app.py", Port: 8080, Settle: shortly},
		{ID: "jupyter-notebook", Packages: []string{"jupyter-notebook"}, Argv: []string{"jupyter-notebook", "--allow-root", "--no-browser", "--port=8080"}, Port: 8080, Settle: shortly},
	}
}

const psgi = "mkdir -p /srv; echo 'sub { [200, [], [\"\"]] }' >/srv/app.psgi"

func moreWrapperForms() []form {
	dt := []string{"daemontools"}
	s6 := []string{"s6"}
	exl := []string{"execline"}
	return []form{
		{ID: "envdir", Packages: dt, Argv: []string{"envdir", "/srv/env", "{x...}"}, Setup: "mkdir -p /srv/env; echo b >/srv/env/A"},
		{ID: "envuidgid", Packages: dt, Argv: []string{"envuidgid", "nobody", "{x...}"}},
		{ID: "setuidgid", Packages: dt, Argv: []string{"setuidgid", "nobody", "{x...}"}},
		{ID: "softlimit", Packages: dt, Argv: []string{"softlimit", "-o", "100", "{x...}"}},
		{ID: "setlock", Packages: dt, Argv: []string{"setlock", "-nX", "/srv/lock", "{x...}"}},
		{ID: "s6-envdir", Packages: s6, Argv: []string{"s6-envdir", "/srv/env", "{x...}"}, Setup: "mkdir -p /srv/env; echo b >/srv/env/A"},
		{ID: "s6-applyuidgid", Packages: s6, Argv: []string{"s6-applyuidgid", "-u", "65534", "-g", "65534", "-G", "", "{x...}"}},
		{ID: "s6-setuidgid", Packages: s6, Argv: []string{"s6-setuidgid", "app", "{x...}"}, Setup: user("app", "700") + "echo 'group: files' >/etc/nsswitch.conf"},
		{ID: "s6-envuidgid", Packages: s6, Argv: []string{"s6-envuidgid", "app", "{x...}"}, Setup: user("app", "700") + "echo 'group: files' >/etc/nsswitch.conf"},
		{ID: "s6-softlimit", Packages: s6, Argv: []string{"s6-softlimit", "-o", "100", "{x...}"}},
		{ID: "s6-setlock", Packages: s6, Argv: []string{"s6-setlock", "/srv/lock", "{x...}"}},
		{ID: "s6-setsid", Packages: s6, Argv: []string{"s6-setsid", "{x...}"}},
		{ID: "s6-ipcserver", Packages: s6, Argv: []string{"s6-ipcserver", "/srv/s", "cat"}},
		{ID: "s6-log", Packages: s6, Argv: []string{"s6-log", "/srv/log"}},
		{ID: "execline-exec", Packages: exl, Argv: []string{"/usr/lib/execline/bin/exec", "{x...}"}},
		{ID: "execline-cd", Packages: exl, Argv: []string{"/usr/lib/execline/bin/execline-cd", "/srv", "{x...}"}},
		{ID: "execline-umask", Packages: exl, Argv: []string{"/usr/lib/execline/bin/execline-umask", "022", "{x...}"}},
		{ID: "execlineb-foreground", Packages: exl, Argv: []string{"execlineb", "-P", "-c", "foreground { {x} } true"}},
		{ID: "linux64", Packages: []string{"util-linux"}, Argv: []string{"linux64", "-R", "{x...}"}},
		{ID: "authbind", Packages: []string{"authbind"}, Argv: []string{"authbind", "--deep", "{x...}"}},
		{ID: "proxychains4", Packages: []string{"proxychains4"}, Argv: []string{"proxychains4", "-q", "{x...}"}},
		{ID: "ssh-agent", Packages: []string{"openssh-client"}, Argv: []string{"ssh-agent", "{x...}"}, Setup: "chmod 1777 /tmp"},
		{ID: "dbus-run-session", Packages: []string{"dbus"}, Argv: []string{"dbus-run-session", "--", "{x...}"}, Children: 2, Term: true},
		{ID: "dbus-launch", Packages: []string{"dbus-x11"}, Argv: []string{"dbus-launch", "--exit-with-session", "{x...}"}, Setup: "echo 0123456789abcdef0123456789abcdef >/etc/machine-id", Settle: shortly},
		{ID: "doas", Packages: []string{"opendoas", "libpam-modules"}, Argv: []string{"doas", "-u", "root", "{x...}"}, Setup: pamOpen + "cp /etc/pam.d/su /etc/pam.d/doas; echo 'permit nopass root' >/etc/doas.conf; chmod 600 /etc/doas.conf", Term: true},
		{ID: "sg", Packages: []string{"login"}, Argv: []string{"sg", "nogroup", "-c", "{x}"}, Settle: shortly, Term: true},
		{ID: "capsh", Packages: []string{"libcap2-bin"}, Argv: []string{"capsh", "--", "-c", "{x}"}},
		{ID: "nsenter", Packages: []string{"util-linux"}, Argv: []string{"nsenter", "--root=/", "{x...}"}},
		{ID: "ld-linux", Packages: []string{"libc6"}, Argv: []string{"/lib64/ld-linux-x86-64.so.2", "/usr/bin/sleep", "1000"}},
		{ID: "bundle-exec", Packages: []string{"bundler", "ruby-rack"}, Argv: []string{"bundle", "exec", "{x...}"}, Setup: "printf '' >/Gemfile; printf 'GEM\\n  specs:\\n\\nPLATFORMS\\n  ruby\\n\\nDEPENDENCIES\\n' >/Gemfile.lock", Settle: slowly},
		{ID: "pipenv-run", Packages: []string{"pipenv"}, Argv: []string{"pipenv", "run", "{x...}"}, Setup: "mkdir -p /srv; printf '[packages]\\n' >/Pipfile", Settle: slowly, Env: []string{"PIPENV_IGNORE_VIRTUALENVS=1", "VIRTUAL_ENV=/usr"}},
	}
}

func moreToolForms() []form {
	return []form{
		{ID: "unshare-pid", Packages: []string{"util-linux"}, Argv: []string{"unshare", "--user", "--pid", "--fork", "{x...}"}, Term: true},
		{ID: "valgrind", Packages: []string{"valgrind"}, Argv: []string{"valgrind", "{x...}"}, Settle: shortly},
		{ID: "proot", Packages: []string{"proot"}, Argv: []string{"proot", "{x...}"}, Children: 1},
		{ID: "tmux", Packages: []string{"tmux", "ncurses-base"}, Argv: []string{"tmux", "-D"}, Env: []string{"TERM=linux"}, Settle: shortly},
		{ID: "ssh-agent-D", Packages: []string{"openssh-client"}, Argv: []string{"ssh-agent", "-D"}, Setup: "chmod 1777 /tmp"},
		{ID: "entr", Packages: []string{"entr"}, Argv: []string{"sh", "-c", "exec entr -n -r sleep 1000 </srv/in"}, Setup: "echo /srv/in >/srv/in"},
		{ID: "git-daemon", Packages: []string{"git"}, Argv: []string{"git", "daemon", "--reuseaddr", "--base-path=/srv"}, Port: 9418},
		{ID: "iperf3", Packages: []string{"iperf3"}, Argv: []string{"iperf3", "-s"}, Port: 5201},
		{ID: "multilog", Packages: []string{"daemontools"}, Argv: []string{"multilog", "/srv/log"}},
		{ID: "ffmpeg", Packages: []string{"ffmpeg", "libblas3", "liblapack3"}, Argv: []string{"ffmpeg", "-re", "-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"}, Env: blas, Settle: shortly},
		{ID: "chromium-headless", Packages: []string{"chromium", "sed", "grep"}, Argv: []string{"/usr/lib/chromium/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=9222"}, Settle: shortly, Port: 9222},
		{ID: "chromedriver", Packages: []string{"chromium-driver", "chromium"}, Argv: []string{"chromedriver", "--port=9515"}, Port: 9515},
		{ID: "firefox-headless", Packages: []string{"firefox-esr"}, Argv: []string{"/usr/lib/firefox-esr/firefox-esr", "--headless", "--no-remote"}, Settle: slowly},
		{ID: "x11vnc", Packages: []string{"x11vnc"}, Argv: []string{"x11vnc", "-rawfb", "null", "-forever", "-rfbport", "5900"}, Settle: shortly},
		{ID: "Xtigervnc", Packages: []string{"tigervnc-standalone-server"}, Argv: []string{"Xtigervnc", ":1", "-SecurityTypes", "None"}, Settle: shortly},
		{ID: "pulseaudio", Packages: []string{"pulseaudio"}, Argv: []string{"pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--load=module-null-sink"}, Settle: shortly},
	}
}
