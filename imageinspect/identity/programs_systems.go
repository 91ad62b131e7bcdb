package identity

// systemInits are made to be the first process of a whole system, or lead to
// one that is.
func systemInits() []program {
	return []program{
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
			// sysvinit 2.88 to 3.06, src/init.c. Debian's sysvinit-core 3.06-4.
			name: "sysvinit",
			all: []string{
				"PANIC: segmentation violation! sleeping for 30 seconds.",
				"No inittab file found",
				"Trying to re-exec init",
				"got bogus initrequest",
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
	}
}

// supervisors start and restart other programs.
func supervisors() []program {
	return []program{
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
		{
			// jlesage/docker-baseimage, src/cinit/cinit.c, v3.0.0 to v3.11.10.
			name: "cinit",
			all: []string{
				"service '%s' exited, shutting down...",
				"could not wait for termination of service '%s'",
				"not ready after %d msec, giving up",
				"sending SIGTERM to all processes...",
			},
			most: 2 * mib,
		},
	}
}
