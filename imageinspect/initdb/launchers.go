package initdb

// serviceTools are the small programs of daemontools, s6 and execline that
// change one thing and exec the rest of their arguments.
func serviceTools() []Wrapper {
	user := []Operand{{Name: "ACCOUNT", Does: ChangesUser}}
	account := []Operand{{Name: "ACCOUNT"}}
	limits := []Option{
		value('a', ""), value('c', ""), value('d', ""), value('f', ""), value('l', ""), value('m', ""),
		value('o', ""), value('p', ""), value('r', ""), value('s', ""), value('t', ""),
	}
	lock := []Option{flag('n', ""), flag('N', ""), flag('x', ""), flag('X', "")}
	return []Wrapper{
		{Names: []string{"setuidgid"}, Operands: user, Source: measured("setuidgid")},
		{Names: []string{"envuidgid"}, Operands: account, Source: measured("envuidgid")},
		{Names: []string{"envdir"}, Operands: []Operand{{Name: "DIR"}}, Source: measured("envdir")},
		{Names: []string{"softlimit"}, Options: limits, Source: measured("softlimit")},
		{Names: []string{"setlock"}, Options: lock, Operands: []Operand{{Name: "FILE"}}, Source: measured("setlock")},
		{Names: []string{"s6-setuidgid"}, Operands: user, Source: measured("s6-setuidgid")},
		{Names: []string{"s6-envuidgid"}, Options: []Option{
			flag('i', ""), flag('D', ""), flag('u', ""), flag('g', ""), flag('B', ""), flag('n', ""), value('t', ""),
		}, Operands: account, Source: measured("s6-envuidgid")},
		{Names: []string{"s6-applyuidgid"}, Options: []Option{
			flag('z', ""), value('u', "").does(ChangesUser), value('g', ""), value('G', ""), flag('U', ""),
		}, Source: measured("s6-applyuidgid")},
		{Names: []string{"s6-envdir"}, Options: []Option{
			flag('I', ""), flag('i', ""), flag('f', ""), flag('F', ""), flag('n', ""), flag('N', ""), flag('c', ""),
			flag('C', ""), flag('L', ""),
		}, Operands: []Operand{{Name: "DIR"}}, Source: measured("s6-envdir")},
		{Names: []string{"s6-softlimit"}, Options: append([]Option{flag('H', ""), flag('h', "")}, limits...), Source: measured("s6-softlimit")},
		{Names: []string{"s6-setsid"}, Options: []Option{
			flag('s', ""), flag('b', ""), flag('f', ""), flag('g', ""), flag('i', ""), flag('I', ""), flag('q', ""), value('d', ""),
		}, Source: measured("s6-setsid")},
		{Names: []string{"execline-cd"}, Operands: []Operand{{Name: "DIR", Does: ChangesDir}}, Source: measured("execline-cd")},
		{Names: []string{"execline-umask"}, Operands: []Operand{{Name: "MASK"}}, Source: measured("execline-umask")},
	}
}

// launchers set something up for the program that they exec.
func launchers() []Wrapper {
	arch := utilLinuxHelp( // setarch's own stand behind the name of an architecture
		flag('B', "32bit"), flag('F', "fdpic-funcptrs"), flag('I', "short-inode"), flag('L', "addr-compat-layout"),
		flag('R', "addr-no-randomize"), flag('S', "whole-seconds"), flag('T', "sticky-timeouts"), flag('X', "read-implies-exec"),
		flag('Z', "mmap-page-zero"), flag('3', "3gb"), flag(0, "4gb"), flag(0, "uname-2.6"), flag('v', "verbose"),
		flag(0, "list").does(NoExec),
	)
	return []Wrapper{
		{Names: []string{"linux64", "linux32"}, Options: arch, Source: measured("linux64")},
		{Names: []string{"authbind"}, Options: []Option{flag(0, "deep"), value(0, "depth")}, Source: measured("authbind")},
		{Names: []string{"proxychains4", "proxychains"}, Options: []Option{flag('q', ""), value('f', "")}, Source: measured("proxychains4")},
		{
			// The agent is the child here, the parent execs the command.
			Names: []string{"ssh-agent"},
			Options: []Option{
				value('a', ""), value('E', ""), value('O', ""), value('P', ""), value('t', ""),
				flag('c', "").does(NoExec), flag('s', "").does(NoExec), flag('k', "").does(NoExec), flag('d', "").does(NoExec), flag('D', "").does(NoExec),
			},
			Source: measured("ssh-agent"),
		},
		{
			// A Ruby program may be loaded instead, which comes to the same.
			Names: []string{"bundle", "bundler"},
			Options: []Option{
				flag(0, "keep-file-descriptors"), flag(0, "no-color"), flag('V', "verbose"), value('r', "retry"),
				flag('v', "version").does(NoExec), flag('h', "help").does(NoExec),
			},
			Operands: []Operand{{Name: "exec", Word: "exec"}},
			Source:   measured("bundle-exec"),
		},
		{
			Names: []string{"fixuid"}, Options: []Option{flag('q', "")},
			Source: code("https://github.com/boxboat/fixuid/blob/HEAD/fixuid.go"),
		},
		{
			Names:    []string{"newrelic-admin"},
			Operands: []Operand{{Name: "run-program", Word: "run-program"}},
			Source:   code("https://github.com/newrelic/newrelic-python-agent/blob/HEAD/newrelic/admin/run_program.py"),
		},
		{
			Names: []string{"ddtrace-run"},
			Options: []Option{
				flag('d', "debug"), flag('p', "profiling"), flag('i', "info").does(NoExec), flag('v', "version").does(NoExec),
				flag('h', "help").does(NoExec),
			},
			Source: code("https://github.com/DataDog/dd-trace-py/blob/HEAD/ddtrace/commands/ddtrace_run.py"),
		},
		{
			// Each variable OTEL_... is an option, too; these are those that people set.
			Names: []string{"opentelemetry-instrument"},
			Options: help(
				value(0, "traces_exporter"), value(0, "metrics_exporter"), value(0, "logs_exporter"), value(0, "service_name"),
				value(0, "resource_attributes"), value(0, "propagators"), value(0, "traces_sampler"), value(0, "log_level"),
				value(0, "exporter_otlp_endpoint"), value(0, "exporter_otlp_protocol"), value(0, "exporter_otlp_headers"),
				value(0, "exporter_otlp_traces_endpoint"), value(0, "exporter_otlp_metrics_endpoint"),
			),
			Source: code("https://github.com/open-telemetry/opentelemetry-python-contrib/blob/HEAD/" +
				"opentelemetry-instrumentation/src/opentelemetry/instrumentation/auto_instrumentation/__init__.py"),
		},
		{
			Names:    []string{"poetry"},
			Operands: []Operand{{Name: "run", Word: "run"}},
			Source:   code("https://github.com/python-poetry/poetry/blob/HEAD/src/poetry/utils/env/base_env.py"),
		},
		{Names: []string{"pipenv"}, Operands: []Operand{{Name: "run", Word: "run"}}, Source: measured("pipenv-run")},
	}
}
