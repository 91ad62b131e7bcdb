package main

// scripts are texts for a script file, as images have them for an entrypoint.
// No shell is known to exec the last command of a file but ksh93.
func scripts() []snippet {
	return []snippet{
		{id: "last", text: "true\n{x}\n", main: true, term: true},
		{id: "exec", text: "true\nexec {x}\n", main: true},
		{id: "background-wait", text: "{x} &\nwait\n", main: true, term: true},
		{id: "exit", text: "{x}\nexit $?\n", main: true},
		{id: "args-last", text: "set -- {x}\n\"$@\"\n"},
		{id: "args-exec", text: "set -- {x}\nif [ \"$#\" -gt 0 ]; then\n\texec \"$@\"\nfi\n"},
		{id: "or-exit", text: "{x} || exit 1\n"},
		{id: "after-or", text: "false || {x}\n"},
		{id: "pipeline", text: "{x} | cat\n"},
		{id: "redirect", text: "{x} >/dev/null 2>&1\n"},
		{id: "trap-exit-last", text: "trap 'true' EXIT\n{x}\n", term: true},
		{id: "trap-wait", text: "trap 'kill -TERM $pid' TERM\n{x} &\npid=$!\nwait $pid\n", term: true},
		{id: "trap-wait-twice", text: "trap 'kill -TERM $pid' TERM INT\n{x} &\npid=$!\nwait $pid\ntrap - TERM INT\nwait $pid\n", term: true},
		{id: "while-sleep", text: "{x} &\nwhile true; do\n\tsleep 1\ndone\n", churns: true, term: true},
		{id: "until-ready", text: "until {x}; do\n\tsleep 1\ndone\n"},
		{id: "background-tail", text: "{x} &\ntail -f /dev/null\n", term: true},
		{id: "background-tail-exec", text: "{x} &\nexec tail -f /dev/null\n", term: true},
		{id: "read", text: "read -r line\n"},
		{id: "read-loop", text: "while read -r line; do\n\techo \"$line\"\ndone\n"},
		{id: "read-pipe", text: "tail -f /dev/null | while read -r line; do\n\techo \"$line\"\ndone\n"},
		{id: "read-fifo", text: "mkfifo /tmp/fifo\nexec 3<>/tmp/fifo\nread -r line <&3\n"},
		{id: "wait-n", only: "bash", text: "sleep 2000 &\n{x} &\nwait -n\n", term: true},
		{id: "exec-log", only: "bash", text: "exec > >(tee /tmp/log) 2>&1\nexec {x}\n"},
		{id: "monitor", only: "bash", text: "set -m\n{x} &\nfg %1\n"},
	}
}
