package imageinspect

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/script"
)

// shell follows a shell that is called by its name: to what its script or
// command string execs, or to itself where it stays.
func (w *walker) shell(ctx context.Context, argv []string, match initdb.Match) end {
	called := initdb.Applet(argv)
	return w.shellCall(ctx, shellProcess{argv: argv, called: called, shown: w.shown(argv[0]), match: match, may: shellsByName(called[0])})
}

// shellFile follows a shell that its file says it is.
func (w *walker) shellFile(ctx context.Context, argv, as []string, match initdb.Match, f File) end {
	return w.shellCall(ctx, shellProcess{argv: argv, called: as, shown: w.shown(argv[0]), match: match, may: w.shellsOf(ctx, f)})
}

// shellProcess is a shell that was started.
type shellProcess struct {
	// argv as it stands, and as the table names it.
	argv, called []string
	// shown is its name as messages hold it.
	shown string
	match initdb.Match
	// may are the shells that it may be; nil for one whose habits are not
	// followed.
	may []script.Shell
}

func (p shellProcess) name() string { return p.shown }

func (w *walker) shellCall(ctx context.Context, p shellProcess) end {
	name := p.name()
	for _, options := range []string{"SHELLOPTS", "BASHOPTS"} {
		if w.env.Vars[options] != "" && slices.Contains(p.may, script.Bash) {
			return stop(unknown(CodeVariable, "what %s does depends on %s", name, options))
		}
	}
	if baseName(p.argv[0]) == "rbash" || p.called[0] == "rbash" {
		return stop(unknown(CodeShell, "what a restricted shell execs is not known"))
	}
	call, err := readShellCall(p.called[1:])
	switch {
	case err != nil:
		return stop(unknown(CodeVariable, "which script %s runs depends on %s", name, err))
	case call.file == "" && !call.isString:
		return w.onInput(ctx, p)
	case p.may == nil:
		return stop(unknown(CodeShell, "what a script of %s execs is not known", name))
	}
	// What it does while it runs a script does not hang on the script's words.
	if match, ok := w.db.Lookup([]string{p.called[0], "script"}); ok {
		p.match = match
	}
	in := script.Input{Source: call.source, Name: call.name, Params: call.params, Login: call.login}
	_, told := w.env.Vars["POSIXLY_CORRECT"]
	in.POSIX = call.posix || told || baseName(p.argv[0]) == "sh" || strings.HasSuffix(p.called[0], " sh")
	if call.file != "" {
		f, failed := w.scriptFile(ctx, name, call.file)
		if failed != nil {
			return *failed
		}
		in.Source, in.File, in.Name = f.Text, f.Path, call.file
	}
	return w.underEach(ctx, p, in)
}

// onInput is the end at a shell that reads its commands from standard input:
// some reap while they wait for one, others don't.
func (w *walker) onInput(ctx context.Context, p shellProcess) end {
	if len(p.may) > 1 && w.files != nil {
		if places, ok := w.candidates(p.argv[0]); ok {
			if f, failed := w.find(ctx, p.argv[0], places); failed == nil {
				if may := w.shellsOf(ctx, f); len(may) > 0 {
					p.may = may
				}
			}
		}
	}
	as, ok := tableName(p.may)
	if !ok {
		return stop(unknown(CodeScript, "%s reads its commands from standard input", p.name()))
	}
	match, ok := w.db.Lookup(append([]string{as}, p.called[1:]...))
	if !ok {
		return stop(unknown(CodeShell, "what %s does on standard input was not measured", p.name()))
	}
	return w.judge(p.argv, match)
}

// tableName is the name of the one shell that it may be, as the table has it.
func tableName(may []script.Shell) (string, bool) {
	if len(may) != 1 {
		return "", false
	}
	if may[0] == script.Busybox {
		return "busybox sh", true
	}
	return string(may[0]), true
}

// scriptFile reads the script that a shell is told to run.
func (w *walker) scriptFile(ctx context.Context, shell, file string) (File, *end) {
	name := w.shown(file)
	step := Step{Kind: StepShell, Program: shell, Text: shell + " runs the script " + name, Detail: w.detail(file)}
	fail := func(e end) (File, *end) { e = e.after(step); return File{}, &e }
	at, ok := w.abs(file)
	if !ok {
		return fail(stop(unknown(CodeVariable, "where %s lies depends on a value that is not known", name)))
	}
	if volume, ok := volumeOver(at, w.mounts); ok {
		return fail(stop(unknown(CodeMounted, "the script %s is mounted by volume %s", name, volume)))
	}
	if w.files == nil {
		return fail(stop(unknown(CodeScript, "%s is a script that was not read", name)))
	}
	places := []string{at}
	if !strings.Contains(file, "/") { // a shell looks into its working directory first
		more, _ := w.candidates(file)
		places = append(places, more...)
	}
	f, failed := w.find(ctx, file, places)
	switch {
	case failed != nil:
		return fail(*failed)
	case f.Text == "":
		return fail(stop(unknown(CodeScript, "%s is no script", name)))
	}
	return f, nil
}

// underEach follows a script under each of the shells that may run it. Only
// where they lead to different ends the image is asked which shell it is; for
// those who see details also where only the program differs.
func (w *walker) underEach(ctx context.Context, p shellProcess, in script.Input) end {
	ends := make([]end, len(p.may))
	for i, shell := range p.may {
		ends[i] = w.script(ctx, p, in, shell)
	}
	agreed, ok := same(ends)
	if ok && (agreed.pid1 != "" || !w.detailed) {
		return agreed
	}
	if w.files != nil {
		if places, ok := w.candidates(p.argv[0]); ok {
			if f, failed := w.find(ctx, p.argv[0], places); failed == nil {
				if may := w.shellsOf(ctx, f); may != nil && len(may) < len(p.may) {
					p.may = may
					step := Step{Kind: StepFile, Program: p.name(), Text: p.name() + " is " + string(may[0]), Detail: w.detail(f.Path)}
					return w.underEach(ctx, p, in).after(step)
				}
			}
		}
	}
	if ok {
		return agreed
	}
	return differ(p.name(), p.may, ends)
}

// same is the common end of several, where they have one.
func same(ends []end) (end, bool) {
	common := ends[0]
	for _, e := range ends[1:] {
		if e.verdict.Outcome != common.verdict.Outcome {
			return end{}, false
		}
		if e.pid1 != common.pid1 {
			common.pid1 = ""
		}
		common.verdict = common.verdict.with(e.verdict)
	}
	return common, true
}

// differ is the end where it depends on the shell: each outcome with the shells
// that lead to it.
func differ(name string, shells []script.Shell, ends []end) end {
	var outcomes []string
	with := make(map[string][]string)
	for i, e := range ends {
		what := endName(e)
		if e.pid1 != "" && e.verdict.Outcome == Unknown {
			what += ", of which nothing is known,"
		} else if e.pid1 != "" && sameNames(ends) {
			what += " (" + e.verdict.Outcome.String() + ")"
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

// sameNames is true for ends that differ in what is known of one program.
func sameNames(ends []end) bool {
	for _, e := range ends {
		if endName(e) != endName(ends[0]) {
			return false
		}
	}
	return true
}

func endName(e end) string {
	if e.pid1 != "" {
		return e.pid1
	}
	return e.verdict.Outcome.String()
}

func anyShell() []script.Shell { return []script.Shell{script.Bash, script.Dash, script.Busybox} }

// shellsByName are the shells that a program of a name may be; nil for one
// whose habits are not followed.
func shellsByName(name string) []script.Shell {
	switch baseName(name) {
	case "bash":
		return []script.Shell{script.Bash}
	case "dash", "sh":
		return anyShell()
	case "ash", "busybox", "busybox sh", "busybox ash":
		return []script.Shell{script.Busybox}
	default:
		return nil
	}
}

// shellsOf are the shells that a file may be. Debian's and Ubuntu's dash never
// execs a last command, an upstream dash may: its habits are those of any.
func (w *walker) shellsOf(ctx context.Context, f File) []script.Shell {
	name := path.Base(f.Path)
	if f.Program != nil && f.Program.Program != "" {
		name = f.Program.Program
	}
	if name == "dash" && w.isDebians(ctx, f) {
		return []script.Shell{script.Dash}
	}
	if name == "sh" {
		return nil
	}
	return shellsByName(name)
}

// isDebians is true for a dash that is known to behave as Debian's: it is one
// that was measured, or the image is one of Debian's family.
func (w *walker) isDebians(ctx context.Context, f File) bool {
	if f.Program != nil && f.Program.BuildID != "" && w.db.MeasuredBuild(f.Program.BuildID) == "dash" {
		return true
	}
	id := distribution(w.files)
	if id == "" {
		if release, err := w.ask(ctx, []string{"/etc/os-release"}); err == nil {
			id = osReleaseID(release.Text)
		}
	}
	return id == "debian" || id == "ubuntu"
}
