//go:build e2e

package e2e

import "strings"

// redisEntrypoint is written in the idiom of the official image's.
const redisEntrypoint = `#!/bin/sh
set -e

# first arg is "-f" or "--some-option", or "something.conf"
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
	set -- redis-server "$@"
fi

# allow the container to be started with a user
if [ "$1" = 'redis-server' ] && [ "$(id -u)" = '0' ]; then
	chown -R nobody .
	exec gosu nobody "$0" "$@"
fi

um="$(umask)"
if [ "$um" = '0022' ]; then
	umask 0077
fi

exec "$@"
`

// initForRoot puts an init in front for root alone.
const initForRoot = `#!/bin/sh
if [ "$(id -u)" = 0 ]; then
	exec tini -- "$@"
fi
exec "$@"
`

// startScript is where a case has its one script.
const startScript = scriptFolder + "/start.sh"

// starts is an image whose ENTRYPOINT is one script.
func starts(c reapingCase, script string) reapingCase {
	files := map[string]string{startScript: script}
	for name, content := range c.files {
		files[name] = content
	}
	c.files, c.argv = files, []string{startScript}
	return c
}

// through starts the image's script by another path.
func through(argv0 string, c reapingCase) reapingCase {
	c.argv = []string{argv0}
	return c
}

// scriptCases are containers whose ENTRYPOINT is a script in the image.
func scriptCases() []reapingCase {
	redis := []string{"redis-server", "gosu"}
	entrypoint := map[string]string{"/usr/local/bin/docker-entrypoint.sh": redisEntrypoint, "/data/.keep": ""}
	cases := []reapingCase{
		{
			name: "gosu-redis", packages: redis, files: entrypoint, workdir: "/data",
			argv: []string{"docker-entrypoint.sh"}, cmd: []string{"redis-server"}, pid1: "redis-server", exe: "redis-check-rdb",
		},
		{
			name: "gosu-redis-args", packages: redis, files: entrypoint, workdir: "/data",
			argv: []string{"docker-entrypoint.sh"}, cmd: []string{"redis-server"}, args: []string{"--save", ""}, pid1: "redis-server", exe: "redis-check-rdb",
		},
		{
			name: "gosu-redis-other", packages: redis, files: entrypoint, workdir: "/data",
			argv: []string{"docker-entrypoint.sh"}, cmd: []string{"redis-server"}, args: []string{"sh", "-c", "sleep infinity; true"}, pid1: "sh", exe: "dash", reaps: true,
		},
		starts(reapingCase{name: "uid-root", packages: []string{"tini"}, cmd: forever(), pid1: "tini", reaps: true}, initForRoot),
		starts(reapingCase{name: "uid-other", packages: []string{"tini"}, cmd: forever(), runAs: 1000, pid1: "sleep"}, initForRoot),
		starts(reapingCase{name: "uid-image", packages: []string{"tini"}, cmd: forever(), user: "nobody", pid1: "sleep"}, initForRoot),
		starts(reapingCase{name: "args", packages: []string{"tini"}, cmd: forever(), args: under("tini", "--"), pid1: "tini", reaps: true},
			"#!/bin/sh\nset -eu\nexec \"$@\"\n"),
		starts(reapingCase{
			name: "sourced", cmd: forever(), pid1: "sleep",
			files: map[string]string{scriptFolder + "/lib.sh": "run() {\n\texec \"$@\"\n}\n"},
		}, "#!/bin/bash\n. \"$(dirname \"$0\")/lib.sh\"\nrun \"$@\"\n"),
		// The image's own script would reap.
		starts(reapingCase{
			name: "mounted", packages: []string{"tini"}, mounted: map[string]string{"start.sh": service},
			exe: "sleep", open: "mounted by volume scripts",
		}, "#!/bin/sh\nexec tini -- sleep infinity\n"),
		// Mounted at a link of the image: the runtime mounts where it leads.
		starts(reapingCase{
			name: "mounted-at-link", packages: []string{"tini"}, mounted: map[string]string{"start.sh": service},
			links: map[string]string{"/app": strings.TrimPrefix(scriptFolder, "/")}, mountAt: "/app",
			exe: "sleep", open: "start.sh leads to where volume scripts is mounted",
		}, "#!/bin/sh\nexec tini -- sleep infinity\n"),
		through("/app/start.sh", starts(reapingCase{
			name: "mounted-behind-link", packages: []string{"tini"}, mounted: map[string]string{"start.sh": service},
			links: map[string]string{"/app": strings.TrimPrefix(scriptFolder, "/")},
			exe:   "sleep", open: "start.sh leads to where volume scripts is mounted",
		}, "#!/bin/sh\nexec tini -- sleep infinity\n")),
		starts(reapingCase{
			name: "condition", packages: []string{"tini", "hostname"}, cmd: forever(),
			exe: "sleep", open: "the condition at start.sh, line 2 can't be known: one way leads to tini, the other to sleep",
		}, "#!/bin/sh\nif [ \"$(hostname)\" = db-0 ]; then\n\texec tini -- \"$@\"\nfi\nexec \"$@\"\n"),
	}
	cases = append(cases, idiomCases()...)
	return append(append(cases, stayingCases()...), interpreterCases()...)
}

// idiomCases are scripts that exec in other words than `exec "$@"`.
func idiomCases() []reapingCase {
	dash := func(name, script string) reapingCase {
		return starts(reapingCase{name: name, cmd: forever(), pid1: "sleep"}, "#!/bin/sh -e\n"+script)
	}
	bash := func(name, script string) reapingCase {
		return starts(reapingCase{name: name, cmd: forever(), pid1: "sleep"}, "#!/bin/bash\n"+script)
	}
	linked := dash("linked", "here=$(dirname \"$(readlink -f \"$0\")\")\n. \"$here/lib.sh\"\nexec $launcher \"$@\"\n")
	linked.files[scriptFolder+"/lib.sh"] = "launcher='env A=b nice'\n"
	linked.links, linked.argv = map[string]string{"/start": startScript}, []string{"/start"}
	plain := dash("no-shebang", "exec "+scriptFolder+"/plain \"$@\"\n")
	plain.files[scriptFolder+"/plain"] = "shift 0\nexec \"$@\"\n"
	// The kernel reaps for a program that inherits an ignored SIGCHLD.
	ignored := bash("ignores-sigchld", "trap '' CHLD\nexec \"$@\"\n")
	ignored.pid1, ignored.exe, ignored.reaps, ignored.open = "", "sleep", true, "it execs a program with SIGCHLD ignored"
	return []reapingCase{
		linked, plain, ignored,
		bash("exec-a", "main() { exec -a renamed \"$@\"; }\nmain \"$@\"\n"),
		bash("log", "exec > >(tee /tmp/log) 2>&1\nexec \"$@\"\n"),
		bash("array", "command=(\"$@\")\n[[ ${command[0]} == -* ]] && command=(sleep \"${command[@]}\")\nexec \"${command[@]}\"\n"),
		dash("eval", "eval exec \"$@\"\n"),
		dash("command-exec", "case $1 in\n-*) set -- sleep \"$@\" ;;\nesac\ncommand exec \"$@\"\n"),
		dash("chroot", "exec chroot --userspec=65534 / \"$@\"\n"),
	}
}

// stayingCases are scripts whose shell stays.
func stayingCases() []reapingCase {
	const trap = "trap 'kill \"$pid\"' TERM\nsleep infinity &\npid=$!\nwait \"$pid\"\n"
	return []reapingCase{
		starts(reapingCase{name: "stays", cmd: forever(), pid1: "sh", exe: "dash", reaps: true}, "#!/bin/sh\necho starting\n\"$@\"\n"),
		starts(reapingCase{name: "stays-bash", cmd: forever(), pid1: "bash", reaps: true}, "#!/bin/bash\necho starting\n\"$@\"\n"),
		starts(reapingCase{name: "trap", pid1: "sh", exe: "dash", reaps: true}, "#!/bin/sh\n"+trap),
		starts(reapingCase{name: "trap-bash", pid1: "bash", reaps: true}, "#!/bin/bash\n"+trap),
		starts(reapingCase{name: "pipe", cmd: forever(), pid1: "sh", exe: "dash", reaps: true}, "#!/bin/sh\n\"$@\" | cat\n"),
		starts(reapingCase{name: "restarts", cmd: forever(), pid1: "sh", exe: "dash", reaps: true}, "#!/bin/sh\nwhile true; do\n\t\"$@\"\n\tsleep 1\ndone\n"),
		starts(reapingCase{name: "wait-any", cmd: forever(), pid1: "bash", reaps: true}, "#!/bin/bash\n\"$@\" &\nsleep infinity &\nwait -n\n"),
		starts(reapingCase{name: "poll", pid1: "sh", exe: "dash", reaps: true}, "#!/bin/sh\nwhile :; do\n\tsleep 5\ndone\n"),
		starts(reapingCase{name: "read", pid1: "sh", exe: "dash"}, "#!/bin/sh\nmkfifo /tmp/fifo\nexec 3<>/tmp/fifo\nwhile read -r line <&3; do\n\techo \"$line\"\ndone\n"),
	}
}

// interpreterCases are scripts of other programs than a shell.
func interpreterCases() []reapingCase {
	return []reapingCase{
		starts(reapingCase{name: "shebang-dumb-init", packages: []string{"dumb-init"}, pid1: "dumb-init", reaps: true},
			"#!/usr/bin/dumb-init /bin/sh\nexec sleep infinity\n"),
		starts(reapingCase{name: "shebang-env", packages: []string{"dumb-init"}, cmd: forever(), pid1: "dumb-init", reaps: true},
			"#!/usr/bin/env -S dumb-init bash -e\nexec \"$@\"\n"),
		starts(reapingCase{name: "python-script", packages: []string{"python3-minimal"}, pid1: "python3", exe: "python3.11"},
			"#!/usr/bin/env python3\nimport time\ntime.sleep(1e6)\n"),
		starts(reapingCase{name: "python-execs", packages: []string{"python3-minimal"}, exe: "sleep", open: "start.sh may exec another program"},
			"#!/usr/bin/python3\nimport os\nos.execvp('sleep', ['sleep', 'infinity'])\n"),
		starts(reapingCase{name: "node-script", packages: []string{"nodejs"}, pid1: "node"},
			"#!/usr/bin/env node\nsetInterval(() => {}, 1e6)\n"),
	}
}
