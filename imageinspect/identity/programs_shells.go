package identity

// shells are shells and busybox, which is one of them by name.
func shells() []program {
	return []program{
		{
			// bash 3.2 to 5.2, version.c and variables.c. Debian's bash
			// 5.2.15-2, also bash-static:
			//   @(#)Bash version 5.2.15(1) release GNU
			name: "bash",
			all: []string{
				"@(#)Bash version ",
				"GNU bash, version %s-(%s)",
				"BASH_VERSINFO",
				"BASH_EXECUTION_STRING",
			},
			most:    8 * mib, // 2 MiB for Debian's bash-static
			version: []string{"@(#)Bash version "},
		},
		{
			// dash 0.5.5 to 0.5.12, which has no version. Debian's dash
			// 0.5.12-2. Busybox's ash and klibc's sh have the same ancestor.
			name: "dash",
			all: []string{
				"arithmetic expression: %s: \"%s\"",
				" is a %sshell builtin",
				" a tracked alias for",
				"getcwd() failed: %s",
				"sh: turning off NDELAY mode",
				"Current option settings",
			},
			none:    []string{" multi-call binary."},
			most:    2 * mib, // 122 KiB for Debian's
			foreign: "/lib/klibc-",
		},
		{
			// busybox 1.2 to 1.36, libbb/appletlib.c. Debian's busybox and
			// busybox-static 1.35.0-4:
			//   BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)
			name: "busybox",
			all: []string{
				"BusyBox v",
				": applet not found",
				" multi-call binary.",
			},
			most:    8 * mib, // 2 MiB for Debian's busybox-static
			version: []string{"BusyBox v"},
		},
		{
			// mksh R40 to R59, sh.h. Debian's mksh 59c-28, four builds:
			//   KSH_VERSION=@(#)MIRBSD KSH R59 2023/04/29 +Debian
			name:    "mksh",
			all:     []string{"KSH_VERSION=@(#)MIRBSD KSH ", "KSH_MATCH", "BASHPID\x00"},
			most:    4 * mib,
			version: []string{"KSH_VERSION=@(#)MIRBSD KSH "},
		},
		{
			// ksh 93u+ and 93u+m. Debian's ksh93u+m 1.0.4-3:
			//   @(#)$Id: Version AJM 93u+m/1.0.4 2022-10-22 $
			// Its compiler, shcomp, holds the whole shell.
			name:    "ksh93",
			all:     []string{".sh.version", ".sh.subscript", "KSH_VERSION", "$Id: Version "},
			none:    []string{"shcomp - compile a shell script"},
			most:    8 * mib,
			version: []string{"$Id: Version AJM ", "$Id: Version JM "},
		},
		{
			// zsh 4.3 to 5.9. Debian's zsh and zsh-static 5.9-4.
			name: "zsh",
			all:  []string{"ZSH_VERSION", "ZSH_PATCHLEVEL", "ZSH_SUBSHELL", "ZSH_EVAL_CONTEXT"},
			most: 8 * mib,
		},
		{
			// yash 2.x. Debian's yash 2.52-2.
			name: "yash",
			all:  []string{"Yet another shell, version %s", "too many files are opened for yash to handle"},
			most: 4 * mib,
		},
	}
}
