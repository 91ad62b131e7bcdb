package initdb

// tools are small programs that stay PID 1 while they work, among them those
// that run another program as their child.
func tools() []Program {
	return append(waiters(), []Program{
		tool("sleep", leaves(neverWaits, measured("sleep"))),
		tool("cat", leaves(neverWaits, measured("cat"))),
		tool("tail", leaves(neverWaits, measured("tail-f"))),
		tool("tee", leaves(neverWaits, measured("tee"))),
		tool("ping", leaves(neverWaits, measured("ping"))),
		tool("ffmpeg", leaves(neverWaits, measured("ffmpeg"))),
		tool("multilog", leaves(neverWaits, measured("multilog"))),
		tool("s6-log", reaps(waitsForAny, measured("s6-log"))),
		tool("irssi", leaves(waitsForOwn, measured("irssi"))),
		tool("stress", reaps("waits for any child and ends with it", measured("stress")).harmed(diesOfAny)),
		tool("stress-ng", leaves(waitsForOwn, measured("stress-ng"))),
		tool("ncat", reaps("waits for any child and ends with it", measured("ncat")).harmed(diesOfAny)),
		tool("nc", depends("Debian's never wait, nmap's waits for any child", measured("nc-listen"))),
		tool("inotifywait", leaves(neverWaits, measured("inotifywait"))),
		tool(busyboxApplet+"sleep", leaves(neverWaits, measured("busybox-sleep"))),
		tool(busyboxApplet+"xargs", leaves(waitsForOwn, measured("busybox-xargs"))),
		tool(busyboxApplet+"time", reaps(waitsForAny, measured("busybox-time"))),
		tool(busyboxApplet+"tail", leaves(neverWaits, measured("busybox-tail-f"))),
	}...)
}

// tool is a program that systems bring along; its name is a common word.
func tool(name string, b Behaviour, modes ...Mode) Program {
	return Program{Names: []string{name}, Generic: true, Role: Tool, Behaviour: b, Modes: modes}
}

// waiters start a program and stay until it ends.
func waiters() []Program {
	return []Program{
		tool("timeout", leaves(waitsForOwn, measured("timeout")).forwards()),
		tool(busyboxApplet+"su", depends("execs the user's shell, which gets the command",
			code("https://github.com/mirror/busybox/blob/master/loginutils/su.c"))),
		tool("su", leaves(waitsForOwn, measured("su-c")).forwards()),
		tool("runuser", leaves(waitsForOwn, measured("runuser")).forwards()),
		// https://www.sudo.ws/docs/man/sudo.man/, "Process model".
		tool("sudo", depends("waits for any child, but where it was built without PAM it execs", measured("sudo")).forwards()),
		tool("doas", leaves(waitsForOwn, measured("doas")).forwards()),
		tool("sg", leaves(waitsForOwn, measured("sg"))),
		tool("dbus-run-session", reaps(waitsForAny, measured("dbus-run-session"))),
		tool("tmux", reaps(waitsForAny, measured("tmux"))),
		tool("proot", reaps(waitsForAny, measured("proot"))),
		tool("valgrind", leaves(waitsForOwn, measured("valgrind"))),
		tool("entr", leaves("waits once where several have exited", measured("entr"))),
		tool("xargs", depends("GNU's waits for any child, busybox's only for its own", measured("xargs"))),
		tool("find", leaves(waitsForOwn, measured("find-exec"))),
		tool("script", depends("util-linux's waits for any child, busybox's was not measured", measured("script"))),
		tool("make", reaps(waitsForAny, measured("make")).forwards()),
		tool("watch", leaves(waitsForOwn, measured("watch"))),
		tool("time", reaps(waitsForAny, measured("time"))),
		tool("flock", leaves(waitsForOwn, measured("flock")), Mode{
			When:      "with --no-fork",
			Match:     mayHave('F', "--no-f"),
			Behaviour: depends("execs the program that it is given", code("https://github.com/util-linux/util-linux/blob/master/sys-utils/flock.c")),
		}),
		tool("strace", reaps(waitsForAny, measured("strace")), Mode{
			When:      "with --daemonize",
			Match:     mayHave('D', "--da"),
			Behaviour: depends("makes the program that it is given PID 1", code("https://github.com/strace/strace/blob/master/src/strace.c")),
		}),
		tool("parallel", leaves("waits for one child where several have exited", measured("parallel"))),
		tool("screen", reaps(waitsForAny, measured("screen"))),
		tool("faketime", leaves(waitsForOwn, measured("faketime"))),
		{
			// As PID 1 it leads a process group, so that it has to fork.
			Names:     []string{"setsid"},
			Generic:   true,
			Role:      Tool,
			Behaviour: depends("forks as a process group's leader and exits, which ends the container", measured("setsid-wait")),
			Modes: []Mode{{
				When:  "with --wait",
				Match: hasAny("-w", "--wait"),
				Behaviour: reaps("waits once, for any child", measured("setsid-wait")).
					harmed("ends when any orphan exits"),
			}},
		},
	}
}
