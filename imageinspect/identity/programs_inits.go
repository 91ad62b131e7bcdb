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
