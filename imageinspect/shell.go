package imageinspect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/script"
)

// shell follows a shell: to what its command string execs, or to itself where
// it stays.
func (w *walker) shell(ctx context.Context, argv []string, match initdb.Match) end {
	call, err := readShellCall(initdb.Applet(argv)[1:])
	name := baseName(argv[0])
	switch {
	case err != nil:
		return stop(unknown(CodeVariable, "which script %s runs depends on %s", name, err))
	case call.file != "":
		return w.scriptFile(name, call.file)
	case !call.isString:
		return stop(unknown(CodeScript, "%s reads its commands from standard input", name))
	}
	candidates := w.shells(ctx, argv)
	if len(candidates) == 0 {
		return stop(unknown(CodeShell, "what a command string of %s execs is not known", name))
	}
	ends := make([]end, len(candidates))
	for i, shell := range candidates {
		branch := *w
		ends[i] = branch.commandString(ctx, call, shell, argv, match)
		w.taken = branch.taken
	}
	return sameEnd(name, candidates, ends)
}

// scriptFile is the end at a script: its text is not read here.
func (w *walker) scriptFile(shell, file string) end {
	name := w.shown(file)
	step := Step{Kind: StepShell, Program: shell, Text: shell + " runs the script " + name, Detail: w.detail(file)}
	if !strings.Contains(file, "/") {
		file = "./" + file // a shell looks into its working directory first
	}
	if volume, ok := volumeAt(file, w.workdir, w.mounts); ok {
		return stop(unknown(CodeMounted, "the script %s is mounted by volume %s", name, volume), step)
	}
	return stop(unknown(CodeScript, "%s is a script that was not read", name), step)
}

// commandString follows `sh -c STRING` under one shell.
func (w *walker) commandString(ctx context.Context, call shellCall, shell script.Shell, argv []string, match initdb.Match) end {
	name := baseName(argv[0])
	result := script.Command(script.Input{
		Source: call.source, Shell: shell, Name: call.name, Params: call.params, Env: w.env, UnknownPart: UnknownPart,
	})
	step := Step{Kind: StepShell, Program: name, Detail: w.detail(call.source)}
	switch result.Kind {
	case script.Execs:
		step.Text = fmt.Sprintf("%s -c, line %d: %s %s", name, result.Line, result.Why, w.shown(result.Argv[0]))
		w.forget(result.Changed)
		return w.walk(ctx, result.Argv).after(step)
	case script.Stays:
		if match.Behaviour.Reaps != initdb.ReapsOrphans {
			return judge(argv, match)
		}
		step.Text = fmt.Sprintf("%s -c, line %d: %s", name, result.Line, result.Why)
		stays := judge(argv, match)
		stays.verdict.Reason.Text += "; signals do not reach the program below it"
		stays.verdict.ForwardsSignals = false
		return stays.after(step)
	default:
		v := unknown(CodeScript, "the command string of %s, line %d: %s", name, max(result.Line, 1), result.Why)
		return stop(v, step)
	}
}

// forget makes unknown what a command string may have changed.
func (w *walker) forget(names []string) {
	if len(names) == 0 {
		return
	}
	w.env = maps.Clone(w.env)
	for _, name := range names {
		w.env[name] = UnknownPart(name)
	}
}

// sameEnd is the common end of several ways, or Unknown with each of them.
func sameEnd(name string, shells []script.Shell, ends []end) end {
	for _, e := range ends[1:] {
		if e.verdict.Outcome != ends[0].verdict.Outcome {
			return differ(name, shells, ends)
		}
	}
	common := ends[0]
	for _, e := range ends[1:] {
		if e.pid1 != common.pid1 {
			common.pid1 = ""
		}
		common.verdict = common.verdict.with(e.verdict)
	}
	return common
}

// differ is the end where it depends on the shell: each outcome with the shells
// that lead to it.
func differ(name string, shells []script.Shell, ends []end) end {
	var outcomes []string
	with := make(map[string][]string)
	for i, e := range ends {
		what := e.verdict.Outcome.String()
		if e.pid1 != "" {
			what = e.pid1
		}
		if with[what] == nil {
			outcomes = append(outcomes, what)
		}
		with[what] = append(with[what], string(shells[i]))
	}
	for i, what := range outcomes {
		outcomes[i] = what + " with " + strings.Join(with[what], " or ")
	}
	v := unknown(CodeShell, "PID 1 depends on which shell %s is: %s", name, strings.Join(outcomes, ", "))
	return stop(v, Step{Kind: StepShell, Program: name, Text: v.Reason.Text})
}

// shells are the shells that argv[0] may be.
func (w *walker) shells(ctx context.Context, argv []string) []script.Shell {
	name := initdb.Applet(argv)[0]
	if shells := shellsByName(name); shells != nil {
		return shells
	}
	if baseName(name) != "sh" {
		return nil
	}
	if w.files != nil {
		at := argv[0]
		if !path.IsAbs(at) {
			at = "/bin/sh"
		}
		if file, err := w.files.File(ctx, path.Clean(at)); err == nil {
			if shells := shellsByName(file.Path); shells != nil {
				return shells
			}
		}
	}
	return anyShell()
}

func anyShell() []script.Shell { return []script.Shell{script.Bash, script.Dash, script.Busybox} }

// shellsByName are the shells that a file of a name may be; nil for a name that
// says nothing. Debian's and Ubuntu's dash never execs a last command, an
// upstream dash may: its habits are those of any.
func shellsByName(name string) []script.Shell {
	switch baseName(name) {
	case "bash":
		return []script.Shell{script.Bash}
	case "dash":
		return anyShell()
	case "ash", "busybox", "busybox sh", "busybox ash":
		return []script.Shell{script.Busybox}
	default:
		return nil
	}
}

// shellCall is how a shell was called.
type shellCall struct {
	isString bool // -c
	source   string
	name     string // $0
	params   []string
	file     string // the script file, where one is named
}

// bareLong are bash's long options without a value, valued those with one.
var (
	bareLong = []string{
		"--login", "--norc", "--noprofile", "--posix", "--noediting", "--verbose", "--restricted", "--debugger",
	}
	valuedLong = []string{"--rcfile", "--init-file"}
)

// readShellCall reads a shell's arguments, without its own name. The error
// names what can't be known; it holds no argument.
func readShellCall(args []string) (shellCall, error) {
	var call shellCall
	for len(args) > 0 {
		a := args[0]
		option := strings.HasPrefix(a, "-") || strings.HasPrefix(a, "+")
		if name, ok := unknownIn(a); ok && (option || !call.isString) {
			return call, errors.New(name)
		}
		if a == "--" || a == "-" {
			args = args[1:]
			break
		}
		if !option {
			break
		}
		used := 1
		switch {
		case slices.Contains(valuedLong, a):
			used = 2
		case slices.Contains(bareLong, a):
		case strings.HasPrefix(a, "--"):
			return call, errors.New("a long option that is not known")
		default:
			if strings.HasPrefix(a, "+") || strings.Contains(a, "n") {
				return call, errors.New("an option that is not followed")
			}
			call.isString = call.isString || strings.Contains(a, "c")
			if strings.ContainsAny(a, "oO") {
				used = 2
			}
			if strings.ContainsAny(a, "is") {
				return call, errors.New("what an interactive shell is told")
			}
		}
		args = args[min(used, len(args)):]
	}
	if !call.isString {
		if len(args) > 0 {
			call.file, call.params = args[0], args[1:]
		}
		return call, nil
	}
	if len(args) == 0 {
		return call, errors.New("a command string that is missing")
	}
	call.source, call.name = args[0], "sh"
	if len(args) > 1 {
		call.name, call.params = args[1], args[2:]
	}
	return call, nil
}
