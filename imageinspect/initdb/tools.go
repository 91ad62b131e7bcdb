package initdb

// tools are small programs that stay PID 1 while they work, among them those
// that run another program as their child.
func tools() []Program {
	return append(waiters(), []Program{
		tool("sleep", leaves(neverWaits, measured("sleep"))),
		tool("cat", leaves(neverWaits, measured("cat"))),
		tool("tail", leaves(neverWaits, measured("tail-f"))),
		tool("tee", leaves(neverWaits, measured("tee"))),
		tool("inotifywait", leaves(neverWaits, measured("inotifywait"))),
		tool(busyboxApplet+"sleep", leaves(neverWaits, measured("busybox-sleep"))),
		tool(busyboxApplet+"tail", leaves(neverWaits, measured("busybox-tail-f"))),
	}...)
}

func tool(name string, b Behaviour) Program {
	return Program{Names: []string{name}, Role: Tool, Behaviour: b}
}

// orBusybox is why a program that reaps can't be told by its name: busybox has
// an applet of that name, written anew, which was not measured.
const orBusybox = "waits for any child, but busybox's may not"

// waiters start a program and stay until it ends.
func waiters() []Program {
	return []Program{
		tool("timeout", leaves(waitsForOwn, measured("timeout")).forwards()),
		tool("su", leaves(waitsForOwn, measured("su-c")).forwards()),
		tool("runuser", leaves(waitsForOwn, measured("runuser")).forwards()),
		tool("sudo", reaps(waitsForAny, measured("sudo")).forwards()),
		tool("xargs", depends(orBusybox, measured("xargs"))),
		tool("find", leaves(waitsForOwn, measured("find-exec"))),
		tool("script", depends(orBusybox, measured("script"))),
		tool("make", reaps(waitsForAny, measured("make")).forwards()),
		tool("watch", leaves(waitsForOwn, measured("watch"))),
		tool("time", depends(orBusybox, measured("time"))),
		tool("flock", leaves(waitsForOwn, measured("flock"))),
		tool("strace", reaps(waitsForAny, measured("strace"))),
		tool("parallel", leaves("waits for one child where several have exited", measured("parallel"))),
		tool("screen", reaps(waitsForAny, measured("screen"))),
		tool("faketime", leaves(waitsForOwn, measured("faketime"))),
		{
			// As PID 1 it leads a process group, so that it has to fork.
			Names:     []string{"setsid"},
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
