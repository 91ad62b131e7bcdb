package imageinspect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/script"
)

// maxSteps bounds the steps of one chain, all ways of every fork counted.
const maxSteps = 128

// walker follows one argv.
type walker struct {
	db       *initdb.DB
	detailed bool
	files    Files
	mounts   []Mount
	// secrets are values that no message may hold.
	secrets map[string]string
	process
	// testsFiles is true when what a script tests about files is looked up.
	testsFiles bool
	// configured is true when scripts are followed as if they had been given
	// what they end without.
	configured bool
	taken      *int
	// pid1Use is how what was read of scripts means PID 1 by its number.
	pid1Use *PID1Use
	parser  *script.Parser
	// trail is what is being followed, to find a script that starts itself.
	trail []string
	// found keeps the files that were asked for.
	found map[string]found
	// caller is the shell that execs what is followed, empty for none.
	caller script.Shell
}

type found struct {
	file File
	err  error
}

// end is where a walk ends.
type end struct {
	pid1    string
	verdict Verdict
	steps   []Step
	// stays is where a shell stays, nil for none.
	stays *Place
}

func stop(v Verdict, steps ...Step) end { return end{verdict: v, steps: steps} }

// after puts a step before an end.
func (e end) after(s Step) end {
	e.steps = append([]Step{s}, e.steps...)
	return e
}

// walk follows argv until a program stays.
func (w *walker) walk(ctx context.Context, argv []string) end {
	if *w.taken++; *w.taken > maxSteps {
		return stop(unknown(CodeScript, "the chain has more than %d steps", maxSteps))
	}
	if ctx.Err() != nil {
		return outOfTime()
	}
	if w = w.entered(argv); w == nil {
		return stop(unknown(CodeEnds, "it starts itself over and over"))
	}
	if len(argv) == 0 || argv[0] == "" {
		return stop(unknown(CodeNoCommand, "the command is empty"))
	}
	if name, ok := unknownIn(argv[0]); ok && !w.knownBase(argv) {
		if e, found := w.byBase(ctx, argv); found {
			return e
		}
		return stop(unknown(CodeVariable, "which program is started depends on %s", name))
	}
	called := initdb.Applet(argv)
	if wrapper, ok := w.db.Wrapper(called[0]); ok {
		return w.wrapper(ctx, wrapper, argv, called)
	}
	match, known := w.db.Lookup(argv)
	switch {
	case !known:
		return w.unknownProgram(ctx, argv)
	case match.Program.Role == initdb.Shell:
		return w.shell(ctx, argv, match)
	}
	return w.knownProgram(ctx, argv, match)
}

// entered notes that argv is followed; nil where the same was being followed
// already, by the same user in the same environment.
func (w *walker) entered(argv []string) *walker {
	names := slices.Sorted(maps.Keys(w.env.Vars))
	var key strings.Builder
	for _, word := range argv {
		key.WriteString(word + "\n")
	}
	key.WriteString(w.uid + "\n" + w.workdir)
	for _, name := range names {
		key.WriteString("\n" + name + "=" + w.env.Vars[name])
	}
	if slices.Contains(w.trail, key.String()) {
		return nil
	}
	next := *w
	next.trail = append(slices.Clip(w.trail), key.String())
	return &next
}

// knownBase is true for a program of the table whose folder alone is not known.
func (w *walker) knownBase(argv []string) bool {
	at := strings.LastIndex(argv[0], "/")
	if at < 0 || strings.Contains(argv[0][at:], unknownMark) {
		return false
	}
	match, ok := w.db.Lookup(argv)
	_, wraps := w.db.Wrapper(argv[0])
	return ok && match.Program.Role != initdb.Shell && !wraps
}

// byBase follows a program whose folder alone is not known by the one of that
// name on PATH, where there is one.
func (w *walker) byBase(ctx context.Context, argv []string) (end, bool) {
	at := strings.LastIndex(argv[0], "/")
	if at < 0 || strings.Contains(argv[0][at:], unknownMark) || w.files == nil {
		return end{}, false
	}
	base := argv[0][at+1:]
	places, ok := w.candidates(base)
	if !ok || base == "" {
		return end{}, false
	}
	f, failed := w.find(ctx, base, places)
	if failed != nil {
		return end{}, false
	}
	step := Step{Kind: StepFile, Program: w.shown(base), Text: w.shown(base) + " is taken for the one on PATH", Detail: w.detail(f.Path)}
	return w.walk(ctx, append([]string{f.Asked}, argv[1:]...)).after(step), true
}

func outOfTime() end {
	return stop(unknown(CodeStillInspecting, "there was no time left to judge it"))
}

// wrapper follows a program that execs another.
func (w *walker) wrapper(ctx context.Context, wrapper initdb.Wrapper, argv, called []string) end {
	name := w.shown(argv[0])
	next, err := wrapper.Exec(called[1:])
	if err != nil {
		if match, ok := w.db.Lookup(argv); ok && errors.Is(err, initdb.ErrNoExec) && match.Program.Role != initdb.Shell {
			return w.judge(argv, match)
		}
		v := unknown(CodeWrapper, "the arguments of %s can't be followed to the program that it starts", name)
		v.Reason.Detail = w.detail(err.Error())
		return stop(v)
	}
	below := *w
	below.process = w.under(next)
	if next.Root != "" {
		below.files, below.mounts = nil, nil // paths mean another place from here on
	}
	step := Step{
		Kind: StepWrapper, Program: name, Text: name + " execs " + w.shown(next.Argv[0]),
		Detail: w.detailArgv(next.Argv), Evidence: w.db.Evidence(wrapper.Source),
	}
	return below.walk(ctx, next.Argv).after(step)
}

// judge makes the verdict of a row.
func (w *walker) judge(argv []string, match initdb.Match) end {
	name := w.shown(argv[0])
	b := match.Behaviour
	v := Verdict{
		ByName: true, MustBePID1: b.MustBePID1, HarmedByOrphans: b.HarmedByOrphans, ForwardsSignals: b.ForwardsSignals, ForksHelpers: b.ForksHelpers,
		Reason: Reason{Code: CodeProgram},
	}
	subject := name
	if match.Mode != "" {
		subject += " " + match.Mode
	}
	switch b.Reaps {
	case initdb.ReapsOrphans:
		v.Outcome = Reaps
		v.Reason.Text = fmt.Sprintf("%s reaps orphans: %s", subject, b.Why)
	case initdb.LeavesOrphans:
		v.Outcome = DoesNotReap
		v.Reason.Text = fmt.Sprintf("%s does not reap orphans: %s", subject, b.Why)
	default:
		v.Reason = Reason{
			Code: CodeVariable, Text: fmt.Sprintf("what %s does depends on arguments that are not known", name), Detail: Display(b.Why),
		}
	}
	step := Step{Kind: StepProgram, Program: name, Text: v.Reason.Text, Evidence: match.Evidence}
	return end{pid1: name, verdict: v, steps: []Step{step}}
}
