package initdb

// Shorthands for option tables.
func flag(short byte, long string) Option { return Option{Short: short, Long: long} }

func value(short byte, long string) Option {
	return Option{Short: short, Long: long, Value: RequiredValue}
}

func optional(short byte, long string) Option {
	return Option{Short: short, Long: long, Value: OptionalValue}
}

func (o Option) does(e Effect) Option {
	o.Does = e
	return o
}

// help are the options by which GNU and util-linux tools print a text and exit.
func help(options ...Option) []Option {
	return append(options, flag(0, "help").does(NoExec), flag(0, "version").does(NoExec))
}

func utilLinuxHelp(options ...Option) []Option {
	return append(options, flag('h', "help").does(NoExec), flag('V', "version").does(NoExec))
}

func measured(id string) Source { return Source{Kind: Measured, Ref: id} }

func code(url string) Source { return Source{Kind: Code, Ref: url} }

func documented(url string) Source { return Source{Kind: Documented, Ref: url} }

// wrappers is the built-in table of programs that exec another. Programs that
// stay as its parent (timeout, su, sudo, tini) are rows of the other table.
func wrappers() []Wrapper {
	var all []Wrapper
	for _, part := range [][]Wrapper{
		coreutils(), schedulers(), userChangers(), isolators(), serviceTools(), launchers(), applets(),
	} {
		all = append(all, part...)
	}
	return all
}

func coreutils() []Wrapper {
	return []Wrapper{
		{
			Names:   []string{"env"},
			Generic: true,
			Options: help(
				flag('i', "ignore-environment").does(ClearsEnv),
				value('u', "unset").does(UnsetsEnv),
				value('C', "chdir").does(ChangesDir),
				value('S', "split-string").does(SplitsWords),
				flag('v', "debug"),
				flag('0', "null").does(NoExec),
				// A SIGCHLD that is ignored stays so after exec, and then the
				// kernel reaps: too rare to follow, too important to skip.
				optional(0, "ignore-signal").does(NoExec),
				optional(0, "default-signal"), optional(0, "block-signal"),
				flag(0, "list-signal-handling"),
			),
			Assignments: true,
			Source:      measured("env"),
		},
		{
			Names:   []string{"nice"},
			Generic: true,
			Options: help(value('n', "adjustment")),
			Digits:  true,
			Source:  measured("nice"),
		},
		{
			Names:   []string{"nohup"},
			Options: help(),
			Source:  measured("nohup"),
		},
		{
			Names:   []string{"stdbuf"},
			Options: help(value('i', "input"), value('o', "output"), value('e', "error")),
			Source:  measured("stdbuf"),
		},
		{
			Names: []string{"chroot"},
			Options: help(
				value(0, "groups"), value(0, "userspec").does(ChangesUser), flag(0, "skip-chdir"),
			),
			Operands: []Operand{{Name: "NEWROOT", Does: ChangesRoot}},
			Source:   measured("chroot"),
		},
	}
}

func schedulers() []Wrapper {
	return []Wrapper{
		{
			Names: []string{"ionice"},
			Options: utilLinuxHelp(
				value('c', "class"), value('n', "classdata"), flag('t', "ignore"),
				value('p', "pid").does(NoExec), value('P', "pgid").does(NoExec), value('u', "uid").does(NoExec),
			),
			Source: measured("ionice"),
		},
		{
			Names: []string{"chrt"},
			Options: utilLinuxHelp(
				flag('a', "all-tasks"), flag('b', "batch"), flag('d', "deadline"), flag('f', "fifo"),
				flag('i', "idle"), flag('o', "other"), flag('r', "rr"), flag('R', "reset-on-fork"),
				flag('v', "verbose"),
				value('T', "sched-runtime"), value('P', "sched-period"), value('D', "sched-deadline"),
				flag('m', "max").does(NoExec), flag('p', "pid").does(NoExec),
			),
			Operands: []Operand{{Name: "PRIORITY", Number: true}},
			Source:   measured("chrt"),
		},
		{
			Names: []string{"taskset"},
			Options: utilLinuxHelp(
				flag('a', "all-tasks"), flag('c', "cpu-list"), flag('p', "pid").does(NoExec),
			),
			Operands: []Operand{{Name: "MASK"}},
			Source:   measured("taskset"),
		},
		{
			Names: []string{"numactl"},
			Options: []Option{
				flag('a', "all"), value('i', "interleave"), value('N', "cpunodebind"), value('c', "cpubind"),
				value('C', "physcpubind"), value('m', "membind"), flag('l', "localalloc"),
				value('P', "preferred-many"), value('p', "preferred"), flag('b', "balancing"),
				flag('s', "show").does(NoExec), flag('H', "hardware").does(NoExec),
			},
			Source: measured("numactl"),
		},
		{
			Names: []string{"prlimit"},
			Options: utilLinuxHelp(
				optional('c', "core"), optional('d', "data"), optional('e', "nice"), optional('f', "fsize"),
				optional('i', "sigpending"), optional('l', "memlock"), optional('m', "rss"),
				optional('n', "nofile"), optional('q', "msgqueue"), optional('r', "rtprio"),
				optional('s', "stack"), optional('t', "cpu"), optional('u', "nproc"), optional('v', "as"),
				optional('x', "locks"), optional('y', "rttime"),
				value('o', "output"), flag(0, "noheadings"), flag(0, "raw"), flag(0, "verbose"),
				value('p', "pid").does(NoExec),
			),
			Source: measured("prlimit"),
		},
	}
}

func userChangers() []Wrapper {
	return []Wrapper{
		{
			Names:    []string{"gosu"},
			Options:  help(flag('h', "").does(NoExec), flag('v', "").does(NoExec)),
			Operands: []Operand{{Name: "USER", Does: ChangesUser}},
			Source:   measured("gosu"),
		},
		{
			Names:    []string{"su-exec"},
			Operands: []Operand{{Name: "USER", Does: ChangesUser}},
			Source:   code("https://github.com/ncopa/su-exec/blob/master/su-exec.c"),
		},
		{
			Names: []string{"setpriv"},
			Options: utilLinuxHelp(
				flag(0, "clear-groups"), flag(0, "keep-groups"), flag(0, "init-groups"), value(0, "groups"),
				value(0, "ambient-caps"), value(0, "inh-caps"), value(0, "bounding-set"),
				value(0, "ruid"), value(0, "euid").does(ChangesUser), value(0, "rgid"), value(0, "egid"),
				value(0, "reuid").does(ChangesUser), value(0, "regid"),
				value(0, "securebits"), value(0, "pdeathsig"), value(0, "selinux-label"),
				value(0, "apparmor-profile"), flag(0, "nnp"), flag(0, "no-new-privs"), flag(0, "reset-env"),
				flag('d', "dump").does(NoExec), flag(0, "list-caps").does(NoExec),
			),
			Source: measured("setpriv"),
		},
		{
			Names: []string{"chpst"},
			Options: []Option{
				value('u', "").does(ChangesUser), value('U', ""), value('b', ""), value('e', ""),
				value('/', "").does(ChangesRoot), value('C', "").does(ChangesDir), value('n', ""),
				value('l', ""), value('L', ""), value('m', ""), value('d', ""), value('o', ""),
				value('p', ""), value('f', ""), value('c', ""), value('t', ""), value('r', ""),
				flag('v', ""), flag('P', ""), flag('0', ""), flag('1', ""), flag('2', ""),
				flag('V', "").does(NoExec),
			},
			Source: measured("chpst"),
		},
	}
}

func isolators() []Wrapper {
	return []Wrapper{
		{
			Names: []string{"unshare"},
			Options: utilLinuxHelp(
				optional('m', "mount"), optional('u', "uts"), optional('i', "ipc"), optional('n', "net"),
				optional('U', "user"), optional('C', "cgroup"), optional('T', "time"),
				flag('r', "map-root-user"), flag('c', "map-current-user"), value(0, "propagation"),
				value('w', "wd").does(ChangesDir), value('R', "root").does(ChangesRoot), value('S', "setuid"),
				value('G', "setgid"), flag(0, "keep-caps"),
				flag('f', "fork").does(NoExec), optional('p', "pid").does(NoExec),
				optional(0, "kill-child").does(NoExec), optional(0, "mount-proc").does(NoExec),
			),
			Source: measured("unshare"),
		},
	}
}

// applets are busybox's own versions, which know fewer options.
func applets() []Wrapper {
	return []Wrapper{
		{
			Names: []string{busyboxApplet + "env"},
			Options: []Option{
				flag('i', "").does(ClearsEnv), value('u', "").does(UnsetsEnv), flag('0', "").does(NoExec),
			},
			Assignments: true,
			Source:      measured("busybox-env"),
		},
		{
			Names:   []string{busyboxApplet + "nice"},
			Options: []Option{value('n', "")},
			Digits:  true,
			Source:  code("https://github.com/mirror/busybox/blob/master/coreutils/nice.c"),
		},
		{
			Names:  []string{busyboxApplet + "nohup"},
			Source: code("https://github.com/mirror/busybox/blob/master/coreutils/nohup.c"),
		},
		{
			// Unlike the real timeout: its child watches, the parent execs.
			Names:    []string{busyboxApplet + "timeout"},
			Options:  []Option{value('s', ""), value('k', "")},
			Operands: []Operand{{Name: "SECS"}},
			Source:   measured("busybox-timeout"),
		},
		{
			Names:    []string{busyboxApplet + "chroot"},
			Operands: []Operand{{Name: "NEWROOT", Does: ChangesRoot}},
			Source:   measured("busybox-chroot"),
		},
		{
			Names:    []string{busyboxApplet + "taskset"},
			Options:  []Option{flag('c', ""), flag('p', "").does(NoExec)},
			Operands: []Operand{{Name: "MASK"}},
			Source:   measured("busybox-taskset"),
		},
	}
}
