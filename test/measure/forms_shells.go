package main

// shell is a shell and how it is called.
type shell struct {
	id       string
	packages []string
	x        string
	argv     []string // before -c or a script's path
	rare     bool     // measure only the main texts
	common   bool     // one that images have as /bin/sh: measured in the sample, too, and with all scripts
}

// snippet is a text for a shell to run.
type snippet struct {
	id, text string
	churns   bool
	sample   bool
	term     bool
	main     bool   // measured with every shell
	except   string // the shell that does not know it
	only     string // the shell that alone knows it
}

func shells() []shell {
	return []shell{
		{id: "bash", packages: []string{"bash"}, argv: []string{"bash"}, common: true},
		{id: "dash", packages: []string{"dash"}, argv: []string{"dash"}, common: true},
		{id: "busybox", packages: []string{"busybox"}, argv: []string{"busybox", "sh"}, common: true},
		{id: "mksh", packages: []string{"mksh"}, x: "/usr/bin/sleep 1000", argv: []string{"mksh"}},
		{id: "ksh93", packages: []string{"ksh93u+m"}, x: "/usr/bin/sleep 1000", argv: []string{"ksh93"}},
		{id: "zsh", packages: []string{"zsh"}, argv: []string{"zsh"}},
		{id: "yash", packages: []string{"yash"}, argv: []string{"yash"}, rare: true},
	}
}

// snippets are texts of which {x} is the last thing to run, or which keep the
// shell.
func snippets() []snippet {
	return []snippet{
		{id: "last", text: "{x}", sample: true, main: true, term: true},
		{id: "newline", text: "{x}\n"},
		{id: "after-list", text: "true; {x}", main: true},
		{id: "after-and", text: "true && {x}", main: true},
		{id: "after-or", text: "false || {x}"},
		{id: "then-true", text: "{x}; true", sample: true, main: true, term: true},
		{id: "or-true", text: "{x} || true"},
		{id: "background-wait", text: "{x} & wait", main: true, term: true},
		{id: "background-wait-pid", text: "{x} & wait $!"},
		{id: "pipeline", text: "{x} | cat"},
		{id: "not", text: "! {x}"},
		{id: "subshell", text: "({x})"},
		{id: "braces", text: "{ {x}; }"},
		{id: "redirect", text: "{x} >/dev/null"},
		{id: "if", text: "if true; then {x}; fi"},
		{id: "case", text: "case a in a) {x};; esac"},
		{id: "function", text: "f() { {x}; }; f"},
		{id: "eval", text: "eval '{x}'"},
		{id: "source", text: "echo true >/tmp/f; . /tmp/f; {x}"},
		{id: "assignment", text: "V=1 {x}"},
		{id: "exec", text: "exec {x}", main: true},
		{id: "exec-redirect", text: "exec {x} 2>&1"},
		{id: "exec-in-function", text: "f() { exec {x}; }; f; true"},
		{id: "command-exec", text: "command exec {x}", except: "zsh"},
		{id: "exec-words", text: "set -- exec {x}; \"$@\""},
		{id: "exec-background", text: "exec {x} & wait"},
		{id: "trap-last", text: "trap 'true' TERM; {x}", term: true},
		{id: "trap-wait", text: "trap 'kill $! 2>/dev/null' TERM; {x} & wait", term: true},
		{id: "trap-chld-exec", text: "trap '' CHLD; exec {x}"},
		{id: "read-loop", text: "while read -r line; do echo \"$line\"; done", main: true},
		{id: "while-sleep", text: "while true; do sleep 1; done", churns: true, main: true},
		{id: "until-loop", text: "until {x}; do true; done"},
	}
}

// shellForms are shells in all the ways in which images use them.
func shellForms() []form {
	var all []form
	for _, sh := range shells() {
		for _, s := range snippets() {
			if sh.rare && !s.main || s.except == sh.id {
				continue
			}
			f := form{ID: sh.id + "-c-" + s.id, Packages: sh.packages, X: sh.x, Churns: s.churns, Term: s.term}
			f.Sample = s.sample && sh.common
			f.Argv = append(append(f.Argv, sh.argv...), "-c", s.text)
			all = append(all, f)
		}
		for _, s := range scripts() {
			if s.only != "" && s.only != sh.id || !s.main && !sh.common {
				continue
			}
			f := form{ID: sh.id + "-file-" + s.id, Packages: sh.packages, X: sh.x, Churns: s.churns, Term: s.term}
			f.Setup = "mkdir -p /srv\ncat >/srv/script <<'END'\n" + s.text + "END"
			f.Argv = append(append(f.Argv, sh.argv...), "/srv/script")
			all = append(all, f)
		}
	}
	return append(all,
		form{ID: "sh-is-dash", Packages: []string{"dash"}, Argv: []string{"sh", "-c", "{x}"}},
		form{ID: "bash-as-sh", Packages: []string{"bash"}, Argv: []string{"bash", "--posix", "-c", "{x}"}},
		form{ID: "bash-interactive-stdin", Packages: []string{"bash"}, Argv: []string{"bash"}},
		form{ID: "dash-stdin", Packages: []string{"dash"}, Argv: []string{"dash"}},
		form{ID: "busybox-stdin", Packages: []string{"busybox"}, Argv: []string{"busybox", "sh"}},
		form{ID: "bash-wait-loop", Packages: []string{"bash"}, Churns: true, Term: true,
			Argv: []string{"bash", "-c", "{x} & while kill -0 $!; do sleep 1; done"}},
		form{ID: "bash-wait-n", Packages: []string{"bash"}, Argv: []string{"bash", "-c", "{x} & wait -n"}},
		form{ID: "bash-e-pipefail", Packages: []string{"bash"}, Argv: []string{"bash", "-euo", "pipefail", "-c", "{x}"}},
		form{ID: "bash-l", Packages: []string{"bash"}, Argv: []string{"bash", "-lc", "{x}"}},
		form{ID: "busybox-c-tail", Packages: []string{"busybox"}, Argv: []string{"busybox", "sh", "-c", "tail -f /dev/null"}},
	)
}
