package imageinspect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/script"
)

// script follows a script under one shell.
func (w *walker) script(ctx context.Context, p shellProcess, in script.Input, shell script.Shell) end {
	in.Shell, in.Env, in.UID, in.Dir, in.Parser = shell, w.env, w.uid, w.workdir, w.parser
	if w.files != nil {
		in.Text = w.textOf(ctx)
		in.Stat = w.statOf(ctx)
	}
	in.Configured = w.configured
	in.Ended = func() bool { return ctx.Err() != nil }
	in.IsProgram = func(name string) bool {
		_, program := w.db.Lookup([]string{name})
		_, wrapper := w.db.Wrapper(name)
		return program || wrapper
	}
	in.RunsOn = func(name string) bool {
		match, ok := w.db.Lookup([]string{name})
		return ok && (match.Program.Role == initdb.Server || match.Program.Role == initdb.Runtime)
	}
	w.reads(in.Source)
	ways := script.Run(in)
	if ctx.Err() != nil {
		return outOfTime()
	}
	ends := make([]end, len(ways))
	for i, way := range ways {
		ends[i] = w.way(ctx, p, in, shell, way)
	}
	if len(ends) == 1 {
		return ends[0]
	}
	return w.oneOf(p, in, ways, ends)
}

// way follows one end of a script on.
func (w *walker) way(ctx context.Context, p shellProcess, in script.Input, shell script.Shell, way script.End) end {
	where := w.where(p.name(), in.File, way.File, way.Line)
	step := Step{Kind: StepShell, Program: p.name(), Line: way.Line, Detail: w.detail(in.File)}
	if in.File == "" {
		step.Detail = w.detail(in.Source)
	}
	switch way.Kind {
	case script.Execs:
		step.Text = fmt.Sprintf("%s: %s %s", where, way.Why, w.shown(way.Argv[0]))
		below := *w
		below.process = process{env: way.Env, workdir: way.Dir, uid: w.uid}
		below.caller = shell
		return below.walk(ctx, way.Argv).after(step)
	case script.Stays:
		if p.match.Behaviour.Reaps != initdb.ReapsOrphans {
			return w.judge(p.argv, p.match)
		}
		step.Text = where + ": " + way.Why
		stays := w.judge(p.argv, p.match)
		stays.verdict.Reason.Text += "; signals do not reach the program below it"
		stays.verdict.ForwardsSignals = false
		stays.stays = &Place{Script: w.scriptName(in.File, way.File), Line: way.Line}
		return stays.after(step)
	case script.Reads:
		step.Text = where + ": " + way.Why
		as, _ := tableName([]script.Shell{shell})
		match, ok := w.db.Lookup([]string{as})
		if !ok {
			return stop(unknown(CodeShell, "what %s does in read was not measured", p.name()), step)
		}
		return w.judge(p.argv, match).after(step)
	case script.Exits:
		return stop(unknown(CodeEnds, "%s: %s", where, way.Why), step.because(where+": "+way.Why))
	default:
		return stop(unknown(CodeScript, "%s: %s", where, way.Why), step.because(where+": "+way.Why))
	}
}

func (s Step) because(text string) Step { s.Text = text; return s }

// where names a place in a script for people.
func (w *walker) where(shell, main, file string, line int) string {
	if main == "" && file == "" {
		return fmt.Sprintf("the command string of %s, line %d", shell, max(line, 1))
	}
	return fmt.Sprintf("%s, line %d", w.scriptName(main, file), max(line, 1))
}

func (w *walker) scriptName(main, file string) string {
	if file == "" {
		file = main
	}
	if file == "" {
		return ""
	}
	return w.shown(file)
}

// oneOf is the end of a script that goes one of several ways: what they have in
// common, or Unknown with the condition that decides.
func (w *walker) oneOf(p shellProcess, in script.Input, ways []script.End, ends []end) end {
	ways, ends = lasting(ways, ends)
	if e, ok := same(ends); ok {
		return e
	}
	for _, e := range ends {
		if e.verdict.Outcome == Unknown {
			return e // one way is not known: nor is the whole
		}
	}
	first, other := 0, 1
	for i := range ends {
		if ends[i].verdict.Outcome != ends[0].verdict.Outcome {
			other = i
			break
		}
	}
	name := p.name()
	v := unknown(CodeCondition, "which way %s goes is not known: to %s or to %s", name, endName(ends[first]), endName(ends[other]))
	if c, ok := decisive(ways[first].Conditions, ways[other].Conditions); ok {
		v = unknown(CodeCondition, "the condition at %s can't be known: one way leads to %s, the other to %s",
			w.where(name, in.File, c.File, c.Line), endName(ends[first]), endName(ends[other]))
	}
	return stop(v, Step{Kind: StepShell, Program: name, Text: v.Reason.Text})
}

// lasting leaves out the ways on which the container ends by itself, or a
// script starts itself for ever, where there are others.
func lasting(ways []script.End, ends []end) ([]script.End, []end) {
	var keptWays []script.End
	var kept []end
	for i, e := range ends {
		if e.verdict.Reason.Code != CodeEnds {
			keptWays, kept = append(keptWays, ways[i]), append(kept, e)
		}
	}
	if len(kept) == 0 {
		return ways, ends
	}
	return keptWays, kept
}

// decisive is the condition by which two ways part.
func decisive(a, b []script.Condition) (script.Condition, bool) {
	for i, c := range a {
		if i >= len(b) || b[i] != c {
			return c, true
		}
	}
	if len(b) > len(a) {
		return b[len(a)], true
	}
	return script.Condition{}, false
}

// maxScripts bounds the scripts that one script reads.
const maxScripts = 64

// textOf gives the text of scripts that a script reads.
func (w *walker) textOf(ctx context.Context) func(string) (string, error) {
	read := 0
	return func(at string) (string, error) {
		if volume, ok := volumeOver(at, w.mounts); ok {
			return "", fmt.Errorf("it is mounted by volume %s", volume)
		}
		if _, again := w.found[at]; !again {
			if read++; read > maxScripts {
				return "", fmt.Errorf("more than %d of them", maxScripts)
			}
		}
		f, err := w.ask(ctx, []string{at})
		_, over := w.onVolume([]string{at}, f, err)
		switch {
		case over:
			return "", errors.New("it leads to a volume")
		case errors.Is(err, ErrNoFile):
			return "", script.ErrAbsent
		case errors.Is(err, ErrNotRead):
			return "", errors.New(strings.TrimSuffix(err.Error(), ": "+ErrNotRead.Error()))
		case err != nil:
			return "", errors.New("it could not be read")
		case f.Dir, f.Program != nil:
			return "", script.ErrNoScript
		}
		w.reads(f.Text)
		return f.Text, nil
	}
}

// statOf answers a script's tests on files: at first from what is known, and
// where that leads to no verdict from the image.
func (w *walker) statOf(ctx context.Context) func(string) (script.Stat, bool) {
	return func(at string) (script.Stat, bool) {
		if _, over := volumeOver(at, w.mounts); over {
			return script.Stat{}, false
		}
		if w.madeByRuntime(at) {
			return script.Stat{Exists: true, Dir: true, Executable: true, Path: at}, true
		}
		f, known := w.files.Known(at)
		if was, asked := w.found[at]; asked && !known {
			f, known = was.file, was.err == nil
		}
		if !known && w.testsFiles {
			var err error
			f, err = w.ask(ctx, []string{at})
			if errors.Is(err, ErrNoFile) {
				return w.statAbsent(at, f.Way)
			}
			known = err == nil
		}
		if _, over := f.Way.mounted(w.mounts, at, f.Path); over && known {
			return script.Stat{}, false
		}
		return script.Stat{Exists: known, Dir: f.Dir, Executable: f.Executable, Size: f.Size, Plain: f.Path == at, Path: f.Path}, known
	}
}

// statAbsent is the answer about what the image lacks: a volume, or the folders
// that a runtime makes on the way to one, may be there all the same.
func (w *walker) statAbsent(at string, way Way) (script.Stat, bool) {
	if _, over := way.mounted(w.mounts, at); over {
		return script.Stat{}, false
	}
	for _, m := range w.mounts {
		mounted, _ := way.mountedAt(m.Path)
		for _, place := range append(slices.Clone(way.Over), at) {
			if slices.ContainsFunc(mounted, func(m string) bool { return within(m, place) }) {
				return script.Stat{}, false
			}
		}
	}
	return script.Stat{}, true
}

// madeByRuntime is true for a folder that a runtime makes where the image lacks
// it: one on the way to a volume.
func (w *walker) madeByRuntime(at string) bool {
	for _, m := range w.mounts {
		if at == "/" || strings.HasPrefix(path.Clean("/"+m.Path), at+"/") {
			return true
		}
	}
	return false
}

// isScript is true for a text that may be run.
func isScript(f File) bool { return f.Text != "" && !f.Dir && f.Program == nil }

// maxShebang is what Linux reads of a #! line, in bytes.
//
// Source: https://man7.org/linux/man-pages/man2/execve.2.html
const maxShebang = 255

// scriptProgram follows a script that is started as a program: its interpreter
// gets it.
func (w *walker) scriptProgram(ctx context.Context, argv []string, f File) end {
	name := w.shown(argv[0])
	file := argv[0]
	if !strings.Contains(file, "/") && f.Asked != "" {
		file = f.Asked
	}
	w.found[path.Clean(file)] = found{f, nil} // as scripts ask for it
	line, ok := strings.CutPrefix(f.Text, "#!")
	if !ok {
		return w.bareScript(ctx, argv, file, f)
	}
	line, _, _ = strings.Cut(line, "\n")
	if len(line) > maxShebang {
		return stop(unknown(CodeScript, "the #! line of %s is too long", name))
	}
	interpreter, option := strings.Trim(line, " \t"), ""
	if at := strings.IndexAny(interpreter, " \t"); at >= 0 {
		interpreter, option = interpreter[:at], interpreter[at:]
	}
	option = strings.Trim(option, " \t")
	if strings.HasSuffix(line, "\r") || interpreter == "" {
		return stop(unknown(CodeScript, "the #! line of %s names no interpreter that can be started", name))
	}
	next := []string{interpreter}
	if option != "" {
		next = append(next, option)
	}
	next = append(append(next, file), argv[1:]...)
	step := Step{Kind: StepFile, Program: name, Text: name + " is a script of " + w.shown(interpreter), Detail: w.detail(f.Path + ": #!" + line)}
	if e, decided := w.interpreted(name, interpreter, f); decided {
		return e.after(step)
	}
	return w.walk(ctx, next).after(step)
}

// bareScript is a script without a #! line: the kernel refuses it, a shell that
// execs it takes it for one of its own.
func (w *walker) bareScript(ctx context.Context, argv []string, file string, f File) end {
	name := w.shown(argv[0])
	if w.caller == "" {
		return stop(unknown(CodeScript, "%s has no #! line: the runtime can't start it", name))
	}
	as, _ := tableName([]script.Shell{w.caller})
	match, ok := w.db.Lookup([]string{as, file})
	if !ok {
		return stop(unknown(CodeScript, "%s has no #! line", name))
	}
	p := shellProcess{argv: []string{as}, shown: as, called: []string{as}, match: match, may: []script.Shell{w.caller}}
	return w.underEach(ctx, p, script.Input{Source: f.Text, File: f.Path, Name: file, Params: argv[1:]})
}

// interpreted decides scripts of interpreters that are no shells and may exec:
// only their text can tell.
func (w *walker) interpreted(name, interpreter string, f File) (end, bool) {
	if baseName(interpreter) == "execlineb" {
		return w.execline(name), true
	}
	for _, sign := range execSigns(baseName(interpreter)) {
		if strings.Contains(f.Text, sign) {
			return stop(unknown(CodeScript, "%s may exec another program", name)), true
		}
	}
	return end{}, false
}

// execSigns are what a script that execs holds.
func execSigns(interpreter string) []string {
	switch strings.TrimRight(interpreter, "0123456789.") {
	case "python":
		return []string{"os.exec", "execv", "execl"}
	case "perl", "ruby":
		return []string{"exec ", "exec(", "exec\t", "exec{", "exec\"", "exec'", "exec@", "exec$"}
	case "php":
		return []string{"pcntl_exec"}
	}
	return nil
}

// execline is a script of execline. Of those, /init is s6-overlay's, which goes
// on to s6-svscan; any other was not followed.
//
// Source: https://github.com/just-containers/s6-overlay/blob/v2.2.0.3/builder/overlay-rootfs/init
func (w *walker) execline(name string) end {
	match, ok := w.db.Lookup([]string{"s6-svscan"})
	if name != "init" || !ok {
		return stop(unknown(CodeScript, "%s is a script of execline, which is not followed", name))
	}
	e := w.judge([]string{"s6-svscan"}, match)
	e.verdict.MustBePID1 = true
	return e
}
