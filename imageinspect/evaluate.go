package imageinspect

import (
	"context"
	"maps"
	"slices"

	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/imageinspect/script"
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
		db: e.db, detailed: e.detailed, files: image.Files, mounts: o.Mounts, taken: new(int), pid1Use: new(PID1Use), parser: &script.Parser{}, found: map[string]found{},
		process: newProcess(image.Config, o, x.env),
	}
	w.secrets = maps.Clone(w.env.Vars)
	delete(w.secrets, "PATH") // folders, never a secret
	name := w.shown(argv[0])
	first := Step{Kind: StepArgv, Program: name, Text: argvSource(image.Config, o) + ": " + name, Detail: w.detailArgv(argv)}
	end := w.walk(ctx, argv)
	undecided := end.verdict.Outcome == Unknown || e.detailed && end.pid1 == ""
	if undecided && image.Files != nil && ctx.Err() == nil {
		// Tests on files are asked of the image only where they matter: each
		// may cost a download.
		w.testsFiles, w.taken = true, new(int)
		end = w.walk(ctx, argv)
	}
	if end.verdict.Reason.Code == CodeEnds && ctx.Err() == nil {
		// A script that ends without some setting is not what anyone means to
		// run: what it becomes with it is the answer, if there is one.
		w.configured, w.taken = true, new(int)
		if given := w.walk(ctx, argv); given.verdict.Reason.Code != CodeEnds {
			end = given
		}
	}
	return Result{
		Entrypoint: entrypointWords(image.Config, o), Init: heldInit(image.Files, end),
		Argv: argv, PID1: end.pid1, Verdict: end.verdict, Chain: append([]Step{first}, end.steps...), Stays: end.stays, Distribution: distribution(image.Files),
		PID1Use: *w.pid1Use,
	}
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
		agreed.ArgvDiffers = agreed.ArgvDiffers || !slices.Equal(r.Argv, agreed.Argv)
		agreed.PID1Use = max(agreed.PID1Use, r.PID1Use)
	}
	return agreed
}
