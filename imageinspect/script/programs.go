package script

import "path"

// isBrief is true for programs that end by themselves whatever they are told:
// a shell that ran them last does not stay for them.
func isBrief(name string) bool {
	switch name {
	case "mkdir", "chown", "chmod", "chgrp", "cp", "mv", "rm", "rmdir", "ln", "touch", "install", "mktemp", "mkfifo", "mknod", "stat", "ls",
		"sed", "grep", "egrep", "fgrep", "cut", "tr", "sort", "uniq", "head", "wc", "printf", "echo", "expr", "seq", "date", "id",
		"whoami", "hostname", "uname", "dirname", "basename", "readlink", "realpath", "which", "getent", "env", "printenv", "nproc", "getconf",
		"envsubst", "usermod", "groupmod", "useradd", "adduser", "addgroup", "groupadd", "deluser", "delgroup", "passwd", "chpasswd", "sysctl", "ldconfig",
		"sha256sum", "sha1sum", "md5sum", "base64", "openssl", "jq", "yq", "tar", "gzip", "gunzip", "unzip", "find", "df", "du", "free", "ps",
		"pgrep", "pkill", "killall", "setcap", "getcap", "locale", "locale-gen", "iptables", "ip6tables", "ip", "ifconfig", "route", "mount", "umount", "sync",
		"true", "false", "test", "[", "arch", "tput", "clear", "dpkg", "apk", "rpm", "pwd", "update-ca-certificates", "a2enmod", "a2dismod", "a2ensite":
		return true
	}
	return false
}

// onlyReads is true for programs that leave the files that they are told of as
// they are.
func onlyReads(name string) bool {
	switch name {
	case "dirname", "basename", "readlink", "realpath", "stat", "ls", "cat", "grep", "egrep", "fgrep", "head", "tail", "wc", "cut", "tr", "du", "df",
		"id", "which", "echo", "printf", "test", "[", "sha256sum", "md5sum", "printenv", "getent", "expr", "seq", "sleep", "date", "uname", "hostname":
		return true
	}
	return false
}

// neverEnds is true for commands whose arguments say that they run for ever.
func neverEnds(argv []string) bool {
	switch path.Base(argv[0]) {
	case "sleep":
		return len(argv) == 2 && (argv[1] == "infinity" || argv[1] == "inf")
	case "tail":
		for _, a := range argv[1:] {
			if a == "-f" || a == "-F" || a == "--follow" || a == "--retry" || len(a) > 2 && a[0] == '-' && a[1] != '-' && (a[len(a)-1] == 'f' || a[len(a)-1] == 'F') {
				return true
			}
		}
	}
	return false
}

// isBuiltin is true for the shells' own commands that are followed.
func isBuiltin(name string) bool {
	switch name {
	case ":", "true", "false", "cd", "echo", "printf", "umask", "ulimit", "test", "[", "pwd", "hash", "type", "times", "kill", "command",
		"builtin", "exec", "trap", "export", "readonly", "exit", "set", "unset", "shift", "wait", ".", "source", "eval", "read", "alias", "unalias",
		"return", "break", "continue", "getopts", "jobs", "fg", "bg", "disown", "local", "declare", "typeset", "shopt", "enable", "mapfile",
		"readarray", "let", "suspend", "logout", "caller", "pushd", "popd", "dirs", "bind", "history", "help", "complete":
		return true
	}
	return false
}
