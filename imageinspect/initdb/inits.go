package initdb

// inits are programs whose job it is to reap and to forward signals.
func inits() []Program {
	return []Program{
		{
			// docker-init, which docker run --init uses, is tini.
			Names:     []string{"tini", "tini-static", "docker-init", "tini-amd64", "tini-arm64", "tini-static-amd64", "tini-static-arm64"},
			Role:      Init,
			Behaviour: reaps(waitsForAny, measured("tini")).forwards(),
			Modes:     textModes("hl", "pe", "https://github.com/krallin/tini/blob/master/src/tini.c"),
		},
		{
			Names:     []string{"dumb-init"},
			Role:      Init,
			Behaviour: reaps(waitsForAny, measured("dumb-init")).forwards(),
			Modes:     textModes("hV", "r", "https://github.com/Yelp/dumb-init/blob/master/dumb-init.c"),
		},
		{
			Names:     []string{"catatonit"},
			Role:      Init,
			Behaviour: reaps(waitsForAny, measured("catatonit")).forwards(),
			Modes:     textModes("hVL", "", "https://github.com/openSUSE/catatonit/blob/main/catatonit.c"),
		},
		{
			Names: []string{"systemd"},
			Role:  Init,
			Behaviour: reaps(waitsForAny, code("https://github.com/systemd/systemd/blob/main/src/core/manager.c")).
				mustBePID1(),
		},
		{
			// The last step of s6-overlay's /init, which goes on to s6-svscan.
			Names: []string{"s6-overlay-suexec"},
			Role:  Init,
			Behaviour: reaps("becomes s6-svscan, which waits for any child",
				code("https://github.com/just-containers/s6-overlay/blob/master/layout/rootfs-overlay/package/admin/s6-overlay-@VERSION@/libexec/stage0")).
				mustBePID1().forwards(),
		},
		{
			// The name says nothing: s6-overlay, systemd, sysvinit, busybox and
			// many a script are called so.
			Names: []string{"init"},
			Role:  Init,
			Behaviour: depends("may be s6-overlay, systemd or a script: its file decides",
				documented("https://github.com/just-containers/s6-overlay/blob/master/README.md")).mustBePID1(),
		},
		{
			Names:     []string{busyboxApplet + "init"},
			Role:      Init,
			Behaviour: reaps(waitsForAny, measured("busybox-init")).mustBePID1().forwards(),
		},
		{
			Names:       []string{"my_init"},
			Generic:     true,
			Role:        Init,
			Interpreter: "python",
			Behaviour: reaps(waitsForAny,
				code("https://github.com/phusion/baseimage-docker/blob/master/image/bin/my_init")).forwards(),
		},
		{
			Names:   []string{"pause"},
			Generic: true,
			Paths:   []string{"/pause"},
			Role:    Init,
			Behaviour: reaps(waitsForAny,
				code("https://github.com/kubernetes/kubernetes/blob/master/build/pause/linux/pause.c")),
		},
	}
}

func supervisor(b Behaviour, names ...string) Program {
	return Program{Names: names, Role: Supervisor, Behaviour: b}
}

// supervisors start and restart other programs.
func supervisors() []Program {
	return []Program{
		{
			Names:       []string{"supervisord"},
			Role:        Supervisor,
			Interpreter: "python",
			Modules:     []string{"supervisor.supervisord"},
			Behaviour:   reaps("waits for any child every second", measured("supervisord")).forwards(),
		},
		{
			Names:     []string{"s6-svscan"},
			Role:      Supervisor,
			Behaviour: reaps(waitsForAny, measured("s6-svscan")).forwards(),
		},
		{
			Names:     []string{"runsvdir"},
			Role:      Supervisor,
			Behaviour: reaps(waitsForAny, measured("runsvdir")),
		},
		supervisor(reaps(waitsForAny, measured("runsv")).forwards(), "runsv"),
		supervisor(reaps(waitsForAny, measured("runit")), "runit"),
		supervisor(reaps(waitsForAny, measured("s6-supervise")).forwards(), "s6-supervise"),
		supervisor(reaps("waits for any child every five seconds", measured("svscan")), "svscan"),
		supervisor(reaps(waitsForAny, measured("supervise")), "supervise"),
		supervisor(leaves("waits only for what it started", measured("monit-I")), "monit"),
		{
			Names:       []string{"pm2-runtime", "pm2-docker", "pm2"},
			Role:        Supervisor,
			Interpreter: "node",
			Behaviour: leaves("a Node.js program: waits only for children that it started",
				measured("node-child")),
		},
	}
}
