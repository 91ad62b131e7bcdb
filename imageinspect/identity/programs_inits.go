package identity

// inits are programs whose job it is to reap and to forward signals. Texts are
// fatal errors where possible, which stay in a program that was built without
// usage texts or logging.
func inits() []program {
	return []program{
		{
			// krallin/tini, src/tini.c, v0.5.0 to v0.19.0 and -DMINIMAL=ON;
			// docker-init is tini. Observed in Debian's tini 0.19.0-1:
			//   Unexpected error in sigtimedwait: '%s'
			//   tini version 0.19.0
			name: "tini",
			all: []string{
				"Unexpected error in sigtimedwait: '%s'",
				"Unexpected error when forwarding signal: '%s'",
				"Error while waiting for pids: '%s'",
				"Failed to allocate memory for child args: '%s'",
				"sigprocmask failed: '%s'",
			},
			most:    2 * mib, // 706 KiB for Debian's tini-static
			version: []string{"tini version "},
		},
		{
			// Yelp/dumb-init, dumb-init.c, v1.0.0 to v1.2.5. Debian's
			// dumb-init 1.2.5-2. The version stands apart, as "1.2.5".
			name: "dumb-init",
			all: []string{
				"dumb-init is a simple process supervisor that forwards signals to children.",
				"[dumb-init] Child exited with status %d. Goodbye.",
				"[dumb-init] Unable to setsid (errno=%d %s). Exiting.",
				"[dumb-init] Child spawned with PID %d.",
				"DUMB_INIT_SETSID",
			},
			most:    2 * mib,
			version: []string{"dumb-init v"}, // up to v1.1.3
		},
		{
			// openSUSE/catatonit, catatonit.c, v0.1.0 to v0.2.1. Debian's
			// catatonit 0.1.7-1. It calls itself a tini: "tini version %s_%s".
			name: "catatonit",
			all: []string{
				"failed to set child-reaper as non-pid1: %m",
				"self-check that pid1 (%d) was spawned failed: %m",
				"problem occurred while reaping zombies: %m",
				"forwarding of signal %d to pid1 (%d) failed: %m",
				"CATATONIT_LOG is reserved for future use",
			},
			most: 4 * mib, // 699 KiB for Debian's, static
		},
		{
			// systemd/systemd, src/core/main.c. Debian's systemd 252. Only the
			// manager itself reads these switches.
			name: "systemd",
			all: []string{
				"systemd.crash_chvt",
				"systemd.confirm_spawn",
				"Freezing execution",
				"rescue.target",
				"WATCHDOG_USEC",
			},
			most: 8 * mib, // 90 KiB in Debian 12, all in one file before v231
		},
		{
			// kubernetes/kubernetes, build/pause/linux/pause.c, 3.1 to 3.10.
			// 3.0 did not reap and has neither of the last two.
			name: "pause",
			all: []string{
				"Shutting down, got signal",
				"Warning: pause should be the first process",
				"pause.c %s",
			},
			most: 2 * mib,
		},
	}
}

// supervisors start and restart other programs, or lead to one that does.
func supervisors() []program {
	return []program{
		{
			// just-containers/s6-overlay-helpers,
			// src/s6-overlay-suexec/s6-overlay-suexec.c, v0.0.1 to v0.1.
			name: "s6-overlay-suexec",
			all: []string{
				"s6-overlay-suexec { root_block... } normal_init...",
				"can only run as pid 1",
				"unterminated block",
			},
			most: 2 * mib,
		},
		{
			// runit 2.1.2, src/runit.c. Debian's runit 2.1.2-54, /sbin/runit.
			name: "runit",
			all: []string{
				"must be run as process no 1.",
				"skipping stage 2...",
				"signals only work in stage 2.",
				"killing all processes in stage 2...",
			},
			most: 2 * mib,
		},
		{
			// skarnet/s6, src/supervision/s6-svscan.c, 2.0.0.0 to 2.14.0.1;
			// static in s6-overlay 3. Debian's s6 2.11.3.2-1. It doesn't say
			// its version.
			name: "s6-svscan",
			all: []string{
				"s6-svscan",
				"s6-supervise",
				"received unknown control command: ",
				"start supervisor for ",
				"executing into ",
				"check internal pipes",
			},
			most: 2 * mib,
		},
		{
			// runit 2.1.2, src/runsvdir.c. Debian's runit 2.1.2-54. Busybox has
			// an applet of that name with texts of its own.
			name: "runsvdir",
			all: []string{
				"unable to start runsv ",
				"log must have at least seven characters.",
				"unable to change directory, pausing",
				"time warp: resetting time stamp.",
			},
			most: 2 * mib,
		},
	}
}
