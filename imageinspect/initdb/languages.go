package initdb

// moreRuntimes are interpreters and virtual machines whose scripts have no
// rows of their own.
func moreRuntimes() []Program {
	return []Program{
		runtime(leaves(waitsForOwn, measured("pypy3")), "pypy", "pypy3").versioned(),
		runtime(leaves(waitsForOwn, measured("R-system")), "R"),
		runtime(leaves("execs R, which waits only for its own", measured("Rscript")), "Rscript"),
		runtime(leaves(waitsForOwn, measured("mono-child")), "mono", "mono-sgen"),
		runtime(leaves(waitsForOwn, measured("sbcl")), "sbcl"),
		runtime(leaves(waitsForOwn, measured("jshell")), "jshell"),
		runtime(leaves(waitsForOwn, measured("swipl")), "swipl"),
		runtime(leaves(waitsForOwn, measured("raku")), "raku", "rakudo", "perl6"),
		runtime(reaps("execs erl: "+kernelReaps, measured("elixir")), "elixir"),
		runtime(reaps("execs erl: "+kernelReaps, measured("iex")), "iex"),
		runtime(leaves("libuv waits only for its own", code("https://github.com/libuv/libuv/blob/HEAD/src/unix/process.c")), "julia"),
		{
			Names: []string{"php-cgi"}, Versioned: true, Role: Runtime,
			Behaviour: depends("reaps only with PHP_FCGI_CHILDREN", measured("php-cgi")),
		},
		runtime(leaves("waits only for the program that it started",
			code("https://github.com/apache/commons-daemon/blob/HEAD/src/native/unix/native/jsvc-unix.c")), "jsvc"),
		runtime(depends("as PID 1 it reaps once it handles SIGCHLD, which it does when the program uses a terminal or starts another",
			code("https://github.com/dotnet/runtime/blob/HEAD/src/native/libs/System.Native/pal_signal.c")), "dotnet"),
	}
}

func runtime(b Behaviour, names ...string) Program {
	return Program{Names: names, Role: Runtime, Behaviour: b}
}

func (p Program) versioned() Program {
	p.Versioned = true
	return p
}
