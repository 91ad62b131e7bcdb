//go:build e2e

package e2e

import "github.com/initguard/initguard/test/images"

const (
	service = "#!/bin/sh\nexec sleep infinity\n"
	pgBin   = "/usr/lib/postgresql/15/bin/"
	pgData  = "/tmp/data"
)

// forever is a program that stays and doesn't reap.
func forever() []string { return []string{"sleep", "infinity"} }

// under is forever behind an init or a wrapper.
func under(argv ...string) []string { return append(argv, forever()...) }

// programCases are containers whose argv names the program or a shell's command
// string.
func programCases() []reapingCase {
	cases := []reapingCase{
		{name: "sleep", argv: forever(), pid1: "sleep"},
		{name: "shared", argv: forever(), share: true, pid1: "pause", reaps: true},
		{name: "python", packages: []string{"python3-minimal"}, argv: []string{"python3", "-c", "import time; time.sleep(1e6)"}, pid1: "python3", exe: "python3.11"},
		{name: "node", packages: []string{"nodejs"}, argv: []string{"node", "-e", "setInterval(() => {}, 1e6)"}, pid1: "node"},
		{name: "redis", packages: []string{"redis-server"}, argv: []string{"redis-server"}, pid1: "redis-server", exe: "redis-check-rdb"},
		{name: "nginx", packages: []string{"nginx-light"}, argv: []string{"nginx", "-g", "daemon off;"}, pid1: "nginx", reaps: true},
		{
			name: "postgres", packages: []string{"postgresql-15"}, user: "65534", status: 3, pid1: "postgres", reaps: true,
			argv: []string{"bash", "-c", pgBin + "initdb -D " + pgData + " >/dev/null && exec " + pgBin + "postgres -D " + pgData + " -k /tmp"},
		},
		// No table knows it: Go's build info tells.
		{name: "go-program", programs: []string{"unwaited"}, argv: []string{images.ProgramFolder + "/unwaited", "-children", "0"}, pid1: "unwaited"},
		// It waits for its own child alone.
		{name: "timeout", argv: under("timeout", "1d"), pid1: "timeout"},
		{name: "setpriv", argv: under("env", "A=b", "setpriv", "--reuid=65534", "--clear-groups"), pid1: "sleep"},
	}
	return append(append(cases, initCases()...), shellCases()...)
}

// initCases are inits, under their own and under other names.
func initCases() []reapingCase {
	return []reapingCase{
		{name: "tini", packages: []string{"tini"}, argv: under("tini", "--"), pid1: "tini", reaps: true},
		{name: "dumb-init", packages: []string{"dumb-init"}, argv: under("dumb-init"), pid1: "dumb-init", reaps: true},
		{name: "catatonit", packages: []string{"catatonit"}, argv: under("catatonit", "--"), pid1: "catatonit", reaps: true},
		{
			name: "s6-svscan", packages: []string{"s6"}, argv: []string{"s6-svscan", "/srv/scan"},
			files: map[string]string{"/srv/scan/app/run": service}, pid1: "s6-svscan", reaps: true,
		},
		{
			name: "tini-renamed", packages: []string{"tini"}, copies: map[string]string{"/usr/local/bin/start": "/usr/bin/tini"},
			argv: under("start", "--"), pid1: "start", reaps: true,
		},
		{
			name: "tini-linked", packages: []string{"tini"}, links: map[string]string{"/sbin-init": "/usr/bin/tini"},
			argv: under("/sbin-init", "-g", "--"), pid1: "sbin-init", exe: "tini", reaps: true,
		},
		{
			name: "not-tini", copies: map[string]string{"/usr/bin/tini": "/usr/bin/sleep"}, argv: []string{"/usr/bin/tini", "infinity"},
			exe: "tini", open: "tini has the name of an init, but its file has no mark of tini",
		},
		{
			name: "script-tini", files: map[string]string{"/usr/bin/tini": "#!/bin/sh\nshift\nexec \"$@\"\n"},
			argv: under("tini", "--"), pid1: "sleep",
		},
	}
}

// shellCases are command strings, whose end hangs on the shell.
func shellCases() []reapingCase {
	sh := func(command string) []string { return []string{"/bin/sh", "-c", command} }
	is := func(shell string) map[string]string { return map[string]string{"/usr/bin/sh": shell} }
	return []reapingCase{
		{name: "bash-stays", argv: []string{"bash", "-c", "sleep infinity; true"}, pid1: "bash", reaps: true},
		{name: "bash-execs", argv: []string{"bash", "-c", "sleep infinity"}, pid1: "sleep"},
		// Debian's dash stays, others may exec a last command: the file tells.
		{name: "dash", argv: []string{"dash", "-c", "sleep infinity"}, pid1: "dash", reaps: true},
		{name: "dash-stays", argv: []string{"dash", "-c", "sleep infinity; true"}, pid1: "dash", reaps: true},
		{name: "dash-exec", argv: []string{"dash", "-c", "exec sleep infinity"}, pid1: "sleep"},
		{name: "busybox", packages: []string{"busybox"}, argv: []string{"busybox", "sh", "-c", "/bin/sleep infinity"}, pid1: "sleep"},
		{name: "sh-dash", argv: sh("sleep infinity"), pid1: "sh", exe: "dash", reaps: true},
		{name: "sh-bash", links: is("bash"), argv: sh("sleep infinity"), pid1: "sleep"},
		{name: "sh-bash-and", links: is("bash"), argv: sh("true && sleep infinity"), pid1: "sleep"},
		{name: "sh-busybox", packages: []string{"busybox"}, links: is("busybox"), argv: sh("true; /bin/sleep infinity"), pid1: "sleep"},
		{name: "sh-busybox-stays", packages: []string{"busybox"}, links: is("busybox"), argv: sh("sleep infinity; true"), pid1: "sh", exe: "busybox", reaps: true},
	}
}
