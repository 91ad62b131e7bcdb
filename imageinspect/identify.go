package imageinspect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/identity"
	"github.com/initguard/initguard/imageinspect/initdb"
)

// knownProgram judges a program whose name the table knows. The name of an
// init is a claim, which its file has to bear out; any other name is believed,
// unless the file is known already to be something else.
func (w *walker) knownProgram(ctx context.Context, argv []string, match initdb.Match) end {
	places, ok := w.candidates(argv[0])
	if w.files == nil || !ok {
		return w.judge(argv, match)
	}
	if e, decided := w.runtimeScript(ctx, argv, match); decided {
		return e
	}
	if w.differsInBusybox(argv, match) || match.Program.Role == initdb.Init || match.Behaviour.Reaps == initdb.ReapingUnknown && match.Program.Interpreter == "" {
		return w.checkClaim(ctx, argv, match, places)
	}
	for i, at := range places {
		f, known := w.files.Known(at)
		if !known || f.Dir {
			continue
		}
		if _, mounted := f.Way.mounted(w.mounts, append(slices.Clone(places[:i+1]), f.Path)...); mounted {
			break
		}
		if isScript(f) && match.Program.Interpreter == "" {
			return w.file(ctx, argv, f)
		}
		break
	}
	return w.judge(argv, match)
}

// differsInBusybox is true for a program that busybox has too, where it does
// something else.
func (w *walker) differsInBusybox(argv []string, match initdb.Match) bool {
	as := []string{"busybox " + baseName(argv[0])}
	if match.Program.Role != initdb.Tool {
		return false
	}
	if _, wraps := w.db.Wrapper(as[0]); wraps {
		return true
	}
	applet, ok := w.db.Lookup(as)
	return ok && applet.Behaviour.Reaps != match.Behaviour.Reaps
}

// runtimeScript follows a runtime by the script that it runs, where its name
// says that it may exec another program, or its text is known already.
func (w *walker) runtimeScript(ctx context.Context, argv []string, match initdb.Match) (end, bool) {
	file, ok := w.db.ScriptFile(argv)
	at, known := w.abs(file)
	if !ok || !known || match.Program.Role != initdb.Runtime {
		return end{}, false
	}
	if _, mounted := volumeOver(at, w.mounts); mounted {
		return end{}, false
	}
	f, there := w.files.Known(at)
	asked := match.Behaviour.Reaps == initdb.ReapingUnknown
	if !there && asked {
		var failed *end
		if f, failed = w.find(ctx, file, []string{at}); failed != nil {
			return end{}, false
		}
		there = true
	}
	if !there || !isScript(f) {
		return end{}, false
	}
	if _, mounted := f.Way.mounted(w.mounts, at, f.Path); mounted {
		return end{}, false
	}
	if e, decided := w.interpreted(w.shown(file), argv[0], f); decided {
		return e, true
	}
	if plain, ok := w.db.Lookup(argv[:1]); ok && asked {
		return w.judge(argv, plain), true
	}
	return end{}, false
}

// checkClaim looks at the file of a program whose name says that it is an init,
// or whose name alone says nothing.
func (w *walker) checkClaim(ctx context.Context, argv []string, match initdb.Match, places []string) end {
	f, failed := w.find(ctx, argv[0], places)
	if failed != nil {
		if failed.verdict.Reason.Code == CodeStillInspecting {
			return *failed
		}
		return w.judge(argv, match) // by name
	}
	switch {
	case isScript(f):
		return w.file(ctx, argv, f)
	case f.Program == nil || f.Program.Program == "" && !f.Program.Whole:
		return w.judge(argv, match) // nothing speaks for or against it
	case f.Program.Program == "":
		if match.Program.Role != initdb.Init || !slices.Contains(identity.Names(), match.Name) {
			return w.judge(argv, match)
		}
		return w.noClaim(argv, match)
	default:
		return w.identified(ctx, argv, f)
	}
}

// noClaim is the end at a file that is called as an init and is none.
func (w *walker) noClaim(argv []string, match initdb.Match) end {
	name := w.shown(argv[0])
	v := unknown(CodeUnknownProgram, "%s has the name of an init, but its file has no mark of %s", name, match.Name)
	return stop(v, Step{Kind: StepFile, Program: name, Text: v.Reason.Text})
}

// unknownProgram follows a program that no row knows by name: its file tells.
func (w *walker) unknownProgram(ctx context.Context, argv []string) end {
	name := w.shown(argv[0])
	step := Step{Kind: StepProgram, Program: name, Text: name + " is in no table", Detail: w.detail(argv[0])}
	places, ok := w.candidates(argv[0])
	if !ok {
		return stop(unknown(CodeVariable, "where %s lies depends on a value that is not known", name), step)
	}
	if len(places) == 1 || w.files == nil {
		if volume, ok := volumeOver(places[0], w.mounts); ok {
			return stop(unknown(CodeMounted, "%s is mounted by volume %s", name, volume), step)
		}
	}
	if w.files == nil {
		return stop(w.notLookedAt(name, argv[0]), step)
	}
	f, failed := w.find(ctx, argv[0], places)
	if failed != nil {
		return failed.after(step)
	}
	return w.file(ctx, argv, f)
}

// notLookedAt is the verdict where nobody looks inside.
func (w *walker) notLookedAt(name, argv0 string) Verdict {
	switch path.Ext(baseName(argv0)) {
	case ".sh", ".bash":
		return unknown(CodeScript, "%s is a script that was not read", name)
	default:
		return unknown(CodeUnknownProgram, "%s is not a program that the table knows", name)
	}
}

// find asks the image for a program's file.
func (w *walker) find(ctx context.Context, argv0 string, places []string) (File, *end) {
	name := w.shown(argv0)
	for _, at := range places {
		if volume, ok := volumeOver(at, w.mounts); ok {
			e := stop(unknown(CodeMounted, "%s may be mounted by volume %s", name, volume))
			return File{}, &e
		}
	}
	f, err := w.ask(ctx, places)
	if volume, ok := w.onVolume(places, f, err); ok {
		e := stop(unknown(CodeMounted, "%s leads to where volume %s is mounted", name, volume))
		return File{}, &e
	}
	switch {
	case err == nil && f.Dir:
		e := stop(unknown(CodeNoFile, "%s is a directory of the image", name))
		return File{}, &e
	case err == nil:
		return f, nil
	}
	e := w.unread(ctx, name, err)
	return File{}, &e
}

// onVolume returns the volume that may put another file in place of what was
// found under one of the paths, or put one where there is none.
func (w *walker) onVolume(places []string, f File, err error) (string, bool) {
	switch {
	case err == nil:
		return f.Way.mounted(w.mounts, append(slices.Clone(places), f.Path)...)
	case errors.Is(err, ErrNoFile):
		return f.Way.mounted(w.mounts, places...)
	default:
		return "", false
	}
}

// ask asks the image for a file, once.
func (w *walker) ask(ctx context.Context, places []string) (File, error) {
	key := strings.Join(places, "\x00")
	if known, ok := w.found[key]; ok {
		return known.file, known.err
	}
	var f File
	var err error
	if len(places) == 1 {
		f, err = w.files.File(ctx, places[0])
	} else {
		f, err = w.files.First(ctx, places)
	}
	if ctx.Err() == nil {
		w.found[key] = found{f, err}
		if err == nil && len(places) > 1 && f.Asked != "" {
			w.found[f.Asked] = found{f, nil}
		}
	}
	return f, err //nolint:wrapcheck // Says all that there is to say.
}

// unread is the end at a file that could not be had.
func (w *walker) unread(ctx context.Context, name string, err error) end {
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return outOfTime()
	case errors.Is(err, ErrNoFile):
		return stop(unknown(CodeNoFile, "%s is not in the image", name))
	case errors.Is(err, ErrNotRead):
		v := unknown(CodeNotRead, "%s could not be read: %s", name, strings.TrimSuffix(err.Error(), ": "+ErrNotRead.Error()))
		if told := (interface{ Detail() string })(nil); errors.As(err, &told) {
			v.Reason.Detail = told.Detail() // about registries: none of it is the pod's
		}
		return stop(v)
	default:
		v := unknown(CodeNotRead, "%s could not be read", name)
		v.Reason.Detail = w.detail(err.Error())
		return stop(v)
	}
}

// file follows a program by its file.
func (w *walker) file(ctx context.Context, argv []string, f File) end {
	name := w.shown(argv[0])
	switch {
	case isScript(f):
		return w.scriptProgram(ctx, argv, f)
	case f.Program != nil && f.Program.Program != "":
		return w.identified(ctx, argv, f)
	case f.Program != nil && f.Program.Go != nil:
		return w.goProgram(argv, f)
	case f.Program != nil:
		v := unknown(CodeUnknownProgram, "%s is not a program that the table knows", name)
		return stop(v, Step{Kind: StepProgram, Program: name, Text: name + " is in no table", Detail: w.detail(f.Path)})
	default:
		v := unknown(CodeUnknownProgram, "%s is neither a program nor a script", name)
		return stop(v, Step{Kind: StepFile, Program: name, Text: v.Reason.Text, Detail: w.detail(f.Path)})
	}
}

// identified follows a program whose file says what it is.
func (w *walker) identified(ctx context.Context, argv []string, f File) end {
	is := f.Program.Program
	as := append([]string{is}, argv[1:]...)
	if is == "busybox" {
		as = initdb.Applet(append([]string{is, baseName(argv[0])}, argv[1:]...))
		if base := baseName(argv[0]); strings.HasPrefix(base, "busybox") {
			as = initdb.Applet(append([]string{is}, argv[1:]...))
		}
	}
	step := Step{
		Kind: StepFile, Program: w.shown(argv[0]), Text: w.shown(argv[0]) + " is " + identityText(is, f.Program.Version) + ", by its file",
		Detail: w.detail(f.Path),
	}
	if wrapper, ok := w.db.Wrapper(as[0]); ok {
		return w.wrapper(ctx, wrapper, argv, as).after(step)
	}
	match, ok := w.db.Lookup(as)
	if !ok {
		v := unknown(CodeUnknownProgram, "%s is %s, which was not measured so", w.shown(argv[0]), is)
		return stop(v, step)
	}
	if match.Program.Role == initdb.Shell {
		return w.shellFile(ctx, argv, as, match, f).after(step)
	}
	e := w.judge(argv, match)
	e.verdict.ByName = false
	return e.after(step)
}

func identityText(name, version string) string {
	if version == "" {
		return name
	}
	return name + " " + version
}

// goProgram judges a program that Go built.
func (w *walker) goProgram(argv []string, f File) end {
	name := w.shown(argv[0])
	build := f.Program.Go
	step := Step{Kind: StepFile, Program: name, Text: strings.TrimSpace(name + " was built by Go " + strings.TrimPrefix(build.Version, "go")), Detail: w.detail(f.Path + " " + build.Module)}
	if build.Reaper != "" {
		v := unknown(CodeUnknownProgram, "%s is a Go program that links a reaper (%s); whether it starts it is not known", name, build.Reaper)
		return stop(v, step)
	}
	return end{pid1: name, steps: []Step{step}, verdict: Verdict{
		Outcome: DoesNotReap,
		Reason: Reason{Code: CodeProgram, Text: fmt.Sprintf(
			"%s does not reap orphans: a Go program waits only for children that it started, and it links no known reaper", name)},
	}}
}

// distribution is the ID in the image's os-release, where that is known.
func distribution(files Files) string {
	if files == nil {
		return ""
	}
	for _, at := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		f, ok := files.Known(at)
		if !ok {
			continue
		}
		if id := osReleaseID(f.Text); id != "" {
			return id
		}
	}
	return ""
}

// osReleaseID reads ID= of an os-release file.
//
// Source: https://www.freedesktop.org/software/systemd/man/latest/os-release.html
func osReleaseID(text string) string {
	for line := range strings.Lines(text) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "ID="); ok {
			if id = strings.Trim(id, `"'`); plainName.MatchString(id) {
				return strings.ToLower(id)
			}
		}
	}
	return ""
}
