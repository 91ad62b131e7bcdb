package render

import (
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect"
)

func TestChain(t *testing.T) {
	argv := imageinspect.Step{Kind: imageinspect.StepArgv, Program: "start.sh", Text: "ENTRYPOINT of the image: start.sh", Detail: `["start.sh"]`}
	file := imageinspect.Step{Kind: imageinspect.StepFile, Program: "start.sh", Text: "start.sh is a script of sh", Detail: "/start.sh: #!/bin/sh"}
	line := func(n int, text, detail string) imageinspect.Step {
		return imageinspect.Step{Kind: imageinspect.StepShell, Program: "sh", Line: n, Text: text, Detail: detail}
	}
	tests := []struct {
		name  string
		steps []imageinspect.Step
		want  string
	}{
		{"nothing", nil, ""},
		{"a line, its script said once", []imageinspect.Step{argv, file, line(3, "start.sh, line 3: exec node", "/start.sh")}, `
ENTRYPOINT  ["start.sh"]
start.sh    is a script of sh  /start.sh: #!/bin/sh
line 3      exec node
`},
		{"what a line says", []imageinspect.Step{file, line(3, "start.sh, line 3: exec node", `exec "$@"`)}, `
start.sh  is a script of sh  /start.sh: #!/bin/sh
line 3    exec "$@"  -> node
`},
		{"a line of a script that was read", []imageinspect.Step{file, line(9, "lib.sh, line 9: exec node", "/start.sh"), line(3, "start.sh, line 3: sh stays", "/start.sh")}, `
start.sh          is a script of sh  /start.sh: #!/bin/sh
lib.sh, line 9    exec node
start.sh, line 3  sh stays
`},
		{"a command string", []imageinspect.Step{line(1, "the command string of sh, line 1: exec node", "exec node a.js"), line(2, "the command string of sh, line 2: sh stays", "a\nb")}, `
sh -c          exec node a.js  -> node
sh -c, line 2  sh stays  a\nb
`},
		{"the same evidence of two", []imageinspect.Step{
			{Kind: imageinspect.StepWrapper, Program: "env", Text: "env execs nice", Detail: "[...]", Evidence: "measured: coreutils"},
			{Kind: imageinspect.StepWrapper, Program: "nice", Text: "nice execs node", Evidence: "measured: coreutils"},
			{Kind: imageinspect.StepShell, Program: "nice", Text: "the condition at x, line 2 can't be known"},
		}, `
env   execs nice  [...]  [measured: coreutils]
nice  execs node  [measured: coreutils]
the condition at x, line 2 can't be known
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			chain(&out, Style{}, test.steps, "")
			if got, want := out.String(), strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
