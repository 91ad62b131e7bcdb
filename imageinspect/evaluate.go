package imageinspect

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
)

// Evaluator follows argv to PID 1 and judges it. It is safe for concurrent use.
type Evaluator struct {
	db       *initdb.DB
	detailed bool
}

// NewEvaluator makes an evaluator over a table of programs.
func NewEvaluator(db *initdb.DB) *Evaluator { return &Evaluator{db: db} }

// Detailed gives an evaluator whose steps hold their Detail, for those who may
// see argv.
func (e *Evaluator) Detailed() *Evaluator { return &Evaluator{db: e.db, detailed: true} }

// Programs is the table of programs that the evaluator goes by.
func (e *Evaluator) Programs() *initdb.DB { return e.db }

// WithoutImage judges a container by the pod alone. It is true when the pod's
// command decides; otherwise the image has to be asked.
func (e *Evaluator) WithoutImage(ctx context.Context, o Overrides) (Result, bool) {
	if len(o.Command) == 0 {
		return Result{}, false
	}
	result := e.Evaluate(ctx, Image{}, o)
	if result.Verdict.Outcome != Unknown {
		return result, true
	}
	switch result.Verdict.Reason.Code {
	case CodeWrapper, CodeMounted:
		return result, true // the image can add nothing
	default:
		return Result{}, false
	}
}

// Evaluate judges a container on one platform of its image. Once ctx has ended
// the answer is Unknown.
func (e *Evaluator) Evaluate(ctx context.Context, image Image, o Overrides) Result {
	x := newExpander(o)
	argv := argvOf(image.Config, o, x)
	if len(argv) == 0 {
		return Result{Verdict: unknown(CodeNoCommand, "neither the pod nor the image names a command")}
	}
	w := walker{
		db: e.db, detailed: e.detailed, files: image.Files, mounts: o.Mounts,
		env: knownEnvironment(image.Config, o, x.env), workdir: image.Config.WorkingDir,
	}
	w.secrets = w.env
	if o.WorkingDir != "" {
		w.workdir = o.WorkingDir
	}
	name := w.shown(argv[0])
	first := Step{Kind: StepArgv, Program: name, Text: argvSource(image.Config, o) + ": " + name, Detail: w.detail(argv...)}
	end := w.walk(ctx, argv)
	return Result{Argv: argv, PID1: end.pid1, Verdict: end.verdict, Chain: append([]Step{first}, end.steps...)}
}

// Agree makes one answer of those for several platforms of an image. Where
// they differ the answer is Unknown, with both ends.
func Agree(platforms []string, results []Result) Result {
	if len(results) == 0 {
		return Result{Verdict: unknown(CodeNoPlatform, "the image has none of the platforms asked for")}
	}
	agreed := results[0]
	for i, r := range results[1:] {
		if r.Verdict.Outcome != agreed.Verdict.Outcome {
			return Result{Verdict: unknown(CodePlatforms, "platforms differ: %s on %s, %s on %s",
				agreed.Verdict.Outcome, platforms[0], r.Verdict.Outcome, platforms[i+1])}
		}
		if r.PID1 != agreed.PID1 {
			agreed.PID1 = ""
		}
		agreed.Verdict = agreed.Verdict.with(r.Verdict)
	}
	return agreed
}

// knownEnvironment is the process's environment as far as it is known. With
// EnvFrom the image's own values may be replaced by any.
func knownEnvironment(config Config, o Overrides, env map[string]string) map[string]string {
	if o.EnvFrom {
		return env
	}
	for _, pair := range config.Env {
		name, value, ok := strings.Cut(pair, "=")
		if _, set := env[name]; ok && !set {
			env[name] = value
		}
	}
	return env
}

// maxSteps bounds the steps of one chain, both ways of a fork counted.
const maxSteps = 32

// walker follows one argv.
type walker struct {
	db       *initdb.DB
	detailed bool
	files    Files
	mounts   []Mount
	env      map[string]string
	// secrets are values that no message may hold.
	secrets map[string]string
	workdir string
	taken   int
}

// end is where a walk ends.
type end struct {
	pid1    string
	verdict Verdict
	steps   []Step
}

func stop(v Verdict, steps ...Step) end { return end{verdict: v, steps: steps} }

// then puts a step before an end.
func (e end) after(s Step) end {
	e.steps = append([]Step{s}, e.steps...)
	return e
}

// walk follows argv until a program stays.
func (w *walker) walk(ctx context.Context, argv []string) end {
	if w.taken++; w.taken > maxSteps {
		return stop(unknown(CodeScript, "the chain has more than %d steps", maxSteps))
	}
	if ctx.Err() != nil {
		return stop(unknown(CodeStillInspecting, "there was no time left to judge it"))
	}
	if len(argv) == 0 || argv[0] == "" {
		return stop(unknown(CodeNoCommand, "the command is empty"))
	}
	if name, ok := unknownIn(argv[0]); ok {
		return stop(unknown(CodeVariable, "which program is started depends on %s", name))
	}
	called := initdb.Applet(argv)
	if wrapper, ok := w.db.Wrapper(called[0]); ok {
		return w.wrapper(ctx, wrapper, argv, called)
	}
	match, ok := w.db.Lookup(argv)
	switch {
	case !ok:
		return w.unknownProgram(argv)
	case match.Program.Role == initdb.Shell:
		return w.shell(ctx, argv, match)
	default:
		return judge(argv, match)
	}
}

// wrapper follows a program that execs another.
func (w *walker) wrapper(ctx context.Context, wrapper initdb.Wrapper, argv, called []string) end {
	name := baseName(argv[0])
	next, err := wrapper.Exec(called[1:])
	if err != nil {
		if match, ok := w.db.Lookup(argv); ok && errors.Is(err, initdb.ErrNoExec) && match.Program.Role != initdb.Shell {
			return judge(argv, match)
		}
		v := unknown(CodeWrapper, "the arguments of %s can't be followed to the program that it starts", name)
		v.Reason.Detail = w.detail(err.Error())
		return stop(v)
	}
	w.apply(next)
	step := Step{
		Kind: StepWrapper, Program: name, Text: name + " execs " + w.shown(next.Argv[0]),
		Detail: w.detail(next.Argv...), Evidence: w.db.Evidence(wrapper.Source),
	}
	return w.walk(ctx, next.Argv).after(step)
}

// apply takes over what a wrapper changes for the program below.
func (w *walker) apply(x initdb.Exec) {
	if x.Chdir != "" {
		w.workdir = path.Join("/", w.workdir, x.Chdir)
		if path.IsAbs(x.Chdir) {
			w.workdir = x.Chdir
		}
	}
	if x.Root != "" {
		w.files, w.mounts = nil, nil // paths mean another place from here on
	}
	if len(x.Env) == 0 && len(x.Unset) == 0 && !x.ClearEnv {
		return
	}
	env := make(map[string]string, len(w.env)+len(x.Env))
	if !x.ClearEnv {
		for k, v := range w.env {
			env[k] = v
		}
	}
	for _, k := range x.Unset {
		env[k] = ""
	}
	for k, v := range x.Env {
		env[k] = v
	}
	w.env = env
}

// unknownProgram is the end at a program that no row knows.
func (w *walker) unknownProgram(argv []string) end {
	name := w.shown(argv[0])
	step := Step{Kind: StepProgram, Program: name, Text: name + " is in no table", Detail: w.detail(argv[0])}
	if volume, ok := volumeAt(argv[0], w.workdir, w.mounts); ok {
		return stop(unknown(CodeMounted, "%s is mounted by volume %s", name, volume), step)
	}
	switch path.Ext(baseName(argv[0])) {
	case ".sh", ".bash":
		return stop(unknown(CodeScript, "%s is a script that was not read", name), step)
	default:
		return stop(unknown(CodeUnknownProgram, "%s is not a program that the table knows", name), step)
	}
}

// judge makes the verdict of a row.
func judge(argv []string, match initdb.Match) end {
	name := baseName(argv[0])
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
