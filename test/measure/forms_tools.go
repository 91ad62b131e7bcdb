package main

import "time"

// shortly is time for programs that start in several steps.
const shortly = 4 * time.Second

// wrapperForms are programs that exec another one.
func wrapperForms() []form {
	util := []string{"util-linux"}
	core := []string{"coreutils"}
	return []form{
		{ID: "env", Packages: core, Argv: []string{"env", "-u", "LC_ALL", "NAME=value", "{x...}"}, Sample: true},
		{ID: "env-S", Packages: core, Argv: []string{"env", "-S", "NAME=value {x}"}},
		{ID: "env-i", Packages: core, Argv: []string{"env", "-i", "/usr/bin/sleep", "1000"}},
		{ID: "env-ignore-chld", Packages: core, Argv: []string{"env", "--ignore-signal=CHLD", "{x...}"}},
		{ID: "nice", Packages: core, Argv: []string{"nice", "-n", "5", "{x...}"}},
		{ID: "nohup", Packages: core, Argv: []string{"nohup", "{x...}"}},
		{ID: "stdbuf", Packages: core, Argv: []string{"stdbuf", "-oL", "{x...}"}},
		{ID: "chroot", Packages: core, Argv: []string{"chroot", "/", "{x...}"}},
		{ID: "chroot-userspec", Packages: core, Argv: []string{"chroot", "--userspec=nobody", "/", "{x...}"}},
		{ID: "ionice", Packages: util, Argv: []string{"ionice", "-c", "3", "{x...}"}},
		{ID: "chrt", Packages: util, Argv: []string{"chrt", "--other", "0", "{x...}"}},
		{ID: "taskset", Packages: util, Argv: []string{"taskset", "-c", "0", "{x...}"}},
		{ID: "prlimit", Packages: util, Argv: []string{"prlimit", "--nofile=512", "{x...}"}},
		{ID: "setpriv", Packages: util, Argv: []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "{x...}"}, Sample: true},
		{ID: "setarch", Packages: util, Argv: []string{"setarch", "x86_64", "-R", "{x...}"}},
		{ID: "unshare", Packages: util, Argv: []string{"unshare", "--user", "{x...}"}},
		{ID: "unshare-fork", Packages: util, Argv: []string{"unshare", "--user", "--fork", "{x...}"}, Term: true},
		{ID: "setsid-wait", Packages: util, Argv: []string{"setsid", "--wait", "{x...}"}, Term: true},
		{ID: "numactl", Packages: []string{"numactl"}, Argv: []string{"numactl", "--all", "{x...}"}},
		{ID: "gosu", Packages: []string{"gosu"}, Argv: []string{"gosu", "nobody", "{x...}"}, Sample: true},
		{ID: "chpst", Packages: []string{"runit"}, Argv: []string{"chpst", "-u", "nobody", "{x...}"}},
		{ID: "execlineb", Packages: []string{"execline"}, Argv: []string{"execlineb", "-c", "{x}"}},
		{ID: "eatmydata", Packages: []string{"eatmydata"}, Argv: []string{"eatmydata", "{x...}"}},
		{ID: "busybox-env", Packages: []string{"busybox"}, Argv: []string{"busybox", "env", "A=b", "{x...}"}},
		{ID: "busybox-chroot", Packages: []string{"busybox"}, Argv: []string{"busybox", "chroot", "/", "{x...}"}},
		{ID: "busybox-taskset", Packages: []string{"busybox"}, Argv: []string{"busybox", "taskset", "1", "{x...}"}},
	}
}

// toolForms are programs that stay while another one runs, or that just stay.
func toolForms() []form {
	util := []string{"util-linux"}
	pam := []string{"util-linux", "libpam-modules"}
	core := []string{"coreutils"}
	return []form{
		{ID: "sleep", Packages: core, Argv: []string{"sleep", "infinity"}, Sample: true},
		{ID: "cat", Packages: core, Argv: []string{"cat"}},
		{ID: "tail-f", Packages: core, Argv: []string{"tail", "-f", "/dev/null"}},
		{ID: "tee", Packages: core, Argv: []string{"tee", "/dev/null"}},
		{ID: "timeout", Packages: core, Argv: []string{"timeout", "999", "{x...}"}, Term: true},
		{ID: "timeout-foreground", Packages: core, Argv: []string{"timeout", "--foreground", "999", "{x...}"}, Term: true},
		{ID: "su-c", Packages: pam, Argv: []string{"su", "-c", "exec {x}", "root"}, Setup: pamOpen, Term: true},
		{ID: "runuser", Packages: pam, Argv: []string{"runuser", "-u", "nobody", "--", "{x...}"}, Setup: pamOpen, Term: true},
		{ID: "runuser-c", Packages: pam, Argv: []string{"runuser", "-s", "/bin/sh", "nobody", "-c", "exec {x}"}, Setup: pamOpen, Term: true},
		{ID: "sudo", Packages: []string{"sudo"}, Argv: []string{"sudo", "-u", "root", "{x...}"}, Setup: pamOpen + sudoers, Term: true},
		{ID: "xargs", Packages: []string{"findutils"}, Argv: []string{"sh", "-c", "exec xargs -a /srv/in sleep"}, Setup: "mkdir -p /srv; echo 1000 >/srv/in"},
		{ID: "find-exec", Packages: []string{"findutils"}, Argv: []string{"find", "/srv", "-maxdepth", "0", "-exec", "sleep", "1000", ";"}},
		{ID: "script", Packages: []string{"bsdutils"}, Argv: []string{"script", "-q", "-c", "{x}", "/dev/null"}, Term: true},
		{ID: "make", Packages: []string{"make"}, Argv: []string{"make", "-f", "/srv/Makefile"}, Setup: "mkdir -p /srv; printf 'all:\\n\\t{x}\\n' >/srv/Makefile", Term: true},
		{ID: "watch", Packages: []string{"procps", "ncurses-base"}, Argv: []string{"watch", "{x...}"}, Env: []string{"TERM=linux"}},
		{ID: "faketime", Packages: []string{"faketime"}, Argv: []string{"faketime", "-f", "+1d", "{x...}"}},
		{ID: "time", Packages: []string{"time"}, Argv: []string{"time", "{x...}"}},
		{ID: "flock", Packages: util, Argv: []string{"flock", "/tmp/lock", "{x...}"}, Term: true},
		{ID: "start-stop-daemon", Packages: []string{"dpkg"}, Argv: []string{"start-stop-daemon", "--start", "--exec", "/usr/bin/sleep", "--", "1000"}},
		{ID: "strace", Packages: []string{"strace"}, Argv: []string{"strace", "-o", "/dev/null", "{x...}"}},
		{ID: "parallel", Packages: []string{"parallel"}, Argv: []string{"parallel", "sleep", ":::", "1000"}, Settle: shortly},
		{ID: "inotifywait", Packages: []string{"inotify-tools"}, Argv: []string{"inotifywait", "-m", "/tmp"}},
		{ID: "nc-listen", Packages: []string{"netcat-openbsd"}, Argv: []string{"nc.openbsd", "-lk", "8080"}},
		{ID: "screen", Packages: []string{"screen"}, Argv: []string{"screen", "-D", "-m", "{x...}"}, Env: []string{"TERM=vt100"}, Setup: "mkdir -p /run/screen; chmod 777 /run/screen"},
		{ID: "gdbserver", Packages: []string{"gdbserver"}, Argv: []string{"gdbserver", ":1234", "/usr/bin/sleep", "1000"}},
		{ID: "busybox-timeout", Packages: []string{"busybox"}, Argv: []string{"busybox", "timeout", "999", "{x...}"}, Settle: shortly},
		{ID: "busybox-xargs", Packages: []string{"busybox"}, Argv: []string{"sh", "-c", "exec busybox xargs sleep </srv/in"}, Setup: "mkdir -p /srv; echo 1000 >/srv/in"},
		{ID: "busybox-time", Packages: []string{"busybox"}, Argv: []string{"busybox", "time", "{x...}"}},
		{ID: "busybox-sleep", Packages: []string{"busybox"}, Argv: []string{"busybox", "sleep", "1000"}},
		{ID: "busybox-tail-f", Packages: []string{"busybox"}, Argv: []string{"busybox", "tail", "-f", "/dev/null"}},
		{ID: "busybox-nc", Packages: []string{"busybox"}, Argv: []string{"busybox", "nc", "-l", "-p", "8080"}},
		{ID: "busybox-static-sleep", Packages: []string{"busybox-static"}, Argv: []string{"busybox", "sh", "-c", "sleep 1000"}},
	}
}

// pamOpen lets everybody in, as the packages' own scripts would have set PAM
// up for root.
const pamOpen = `mkdir -p /etc/pam.d
for s in su su-l runuser runuser-l sudo other; do
printf 'auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n' >/etc/pam.d/$s
done
`

const sudoers = "echo 'root ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers; chmod 440 /etc/sudoers; mkdir -p /run/sudo"
