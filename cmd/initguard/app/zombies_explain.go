package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/policy"
)

// explainZombies explains one pod or workload.
func explainZombies(ctx context.Context, o *ZombiesOptions, c *callersCluster, name string, s Streams) error {
	unanswered := func(err error) error { return exitError{code: ExitUnanswered, message: err.Error()} }
	t, err := parseTarget(name)
	if err != nil {
		return usageError{err}
	}
	list, err := c.reports(ctx, c.namespace)
	if err != nil {
		return unanswered(err)
	}
	report, pod := t.find(list.Items)
	if report == nil {
		if err := c.exists(ctx, t); err != nil {
			return unanswered(err)
		}
		fmt.Fprintf(s.ErrOut, "No zombies are reported of %s in namespace %s.\n", render.Printable(name), render.Printable(c.namespace))
		return nil
	}
	tools, err := o.open()
	if err != nil {
		return unanswered(err)
	}
	defer tools.client.Close()
	e := render.NewExplanation(*report, pod)
	x := explainer{options: o, cluster: c, tools: tools}
	x.fix(ctx, &e)
	style := render.Style{Color: s.Color, Width: s.Width}
	if o.Output == "json" || o.Output == "yaml" {
		err = render.Encode(s.Out, o.Output, e)
	} else {
		err = e.Write(s.Out, style, time.Now())
	}
	if err != nil {
		return written(err)
	}
	if len(e.Problems) > 0 {
		for _, p := range e.Problems {
			fmt.Fprintln(s.ErrOut, "Error:", render.Printable(p))
		}
		return exitError{code: ExitUnanswered}
	}
	return nil
}

// exists says what is wrong with a name of which there is no report.
func (c *callersCluster) exists(ctx context.Context, t target) error {
	kind := t.kind
	if kind == "" {
		kind = "pod"
	}
	gvk, err := c.client.RESTMapper().KindFor(schema.GroupVersionResource{Resource: kind + "s"})
	if err != nil {
		return fmt.Errorf("no zombies are reported of %s/%s, and this cluster knows no kind %q", kind, t.name, kind)
	}
	_, _, err = c.object(ctx, c.namespace, gvk.GroupKind(), t.name)
	switch {
	case apierrors.IsNotFound(err) && t.kind == "":
		return fmt.Errorf("in namespace %s there is no pod %s, nor a report of a workload of that name", c.namespace, t.name)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("in namespace %s there is no %s %s", c.namespace, kind, t.name)
	case err != nil && !apierrors.IsForbidden(err): // who may read the reports knows that there is none
		return fmt.Errorf("read %s %s: %w", kind, t.name, err)
	}
	return nil
}

// explainer finds out what mends a workload.
type explainer struct {
	options *ZombiesOptions
	cluster *callersCluster
	tools   *toolbox
}

// unasked is the source of images with --no-images.
type unasked struct{}

// Inspect knows nothing.
func (unasked) Inspect(context.Context, imageinspect.Query) ([]imageinspect.Image, error) {
	return nil, &imageinspect.Failure{Reason: imageinspect.Reason{Code: imageinspect.CodeUnreachable, Text: "the image was not asked: --no-images"}}
}

// fix adds the fixes of each container with zombies.
func (x explainer) fix(ctx context.Context, e *render.Explanation) {
	object, err := x.template(ctx, *e)
	if err != nil {
		e.Problems = append(e.Problems, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, x.options.Timeout)
	defer cancel()
	assessor := webhook.Assessor{Inspector: patient{x.tools.client}, Evaluator: x.tools.evaluator, Platforms: x.tools.platforms}
	if x.options.NoImages {
		assessor.Inspector = unasked{}
	}
	var said []policy.Assessment
	if err == nil {
		said = assessor.Assess(ctx, e.Namespace, &object.Spec)
	}
	seen := proved(&object, said, e.Containers)
	for i := range e.Containers {
		c := &e.Containers[i]
		at := slices.IndexFunc(said, func(a policy.Assessment) bool { return a.Container == c.Name })
		var a policy.Assessment
		if at >= 0 {
			answer := render.NewAnswer(said[at].Result)
			c.Expected, c.Image, a = &answer, said[at].Image, seen[at]
			a.Situation.ContainerPath = a.Path // also where nothing was wrong with PID 1
			if answer.Verdict == imageinspect.Unknown && !x.options.NoImages {
				e.Notes = append(e.Notes, fmt.Sprintf("container %s: the fixes know nothing of the image: %s", c.Name, answer.Reason))
			}
		}
		c.Mend = x.mend(*c, a.Situation, object.SpecPath)
	}
}

// proved are the assessments with what the zombies prove: that PID 1 of these
// containers does not reap, whatever was known of it.
func proved(object *webhook.Object, said []policy.Assessment, containers []render.ZombieContainer) []policy.Assessment {
	results := make(map[string]imageinspect.Result)
	for _, a := range said {
		results[a.Container] = a.Result
	}
	for _, c := range containers {
		if r, ok := results[c.Name]; ok && c.Causes.Orphans() {
			r.Verdict.Outcome = imageinspect.DoesNotReap
			results[c.Name] = r
		}
	}
	return policy.Assess(&object.Spec, results)
}

// mend is the fix for the causes of a container, and the others that fit.
func (x explainer) mend(c render.ZombieContainer, s advice.Situation, specPath string) render.Mend {
	var fixes []render.Fix
	for _, one := range c.Causes.Situations(s) {
		if m := render.NewMend(one, specPath, x.tools.config.FixURL); m.Fix != nil {
			fixes = append(append(fixes, *m.Fix), m.OtherFixes...)
		}
	}
	if len(fixes) == 0 {
		return render.Mend{}
	}
	return render.Mend{Fix: &fixes[0], OtherFixes: fixes[1:]}
}

// template reads the workload, or one of its pods where the workload is of a
// kind that holds no pod template, or can't be read.
func (x explainer) template(ctx context.Context, e render.Explanation) (webhook.Object, error) {
	w := e.Report.Workload
	var errs []error
	try := func(kind schema.GroupKind, name string) (webhook.Object, bool) {
		raw, gvk, err := x.cluster.object(ctx, e.Namespace, kind, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s/%s, which the exact fix depends on: %w", kind.Kind, name, err))
			return webhook.Object{}, false
		}
		object, ok, err := webhook.DecodeObject(raw, gvk, x.tools.config)
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s/%s: %w", kind.Kind, name, err))
		}
		return object, ok && err == nil
	}
	if w.Kind != "Pod" {
		if object, ok := try(schema.GroupKind{Group: w.Group, Kind: w.Kind}, w.Name); ok {
			return object, nil
		}
	}
	for _, p := range e.Report.Pods {
		if object, ok := try(schema.GroupKind{Kind: "Pod"}, p.Name); ok {
			return object, nil
		}
	}
	return webhook.Object{}, errors.Join(errs...)
}
