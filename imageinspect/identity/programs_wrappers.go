package identity

// wrappers exec the program that they are given, often as another user.
func wrappers() []program {
	return []program{
		{
			// ncopa/su-exec, su-exec.c, v0.1 to v0.3. The first is gosu's, too.
			name: "su-exec",
			all: []string{
				"Usage: %s user-spec command [args]",
				"setgid(%i)",
				"setuid(%i)",
			},
			most: 2 * mib,
		},
		{
			// util-linux, sys-utils/setpriv.c. Debian's util-linux 2.38.1-5.
			name: "setpriv",
			all: []string{
				"failed to parse reuid",
				"duplicate --securebits option",
				"unrecognized securebit",
				"unsupported capability type",
			},
			most:    2 * mib,
			version: []string{"util-linux "},
		},
		{
			// runit 2.1.2, src/chpst.c. Debian's runit 2.1.2-54.
			name: "chpst",
			all: []string{
				"chpst: fatal: ",
				"[-u user[:group]] [-U user[:group]]",
				"unable to setgroups",
			},
			most: 2 * mib,
		},
	}
}
