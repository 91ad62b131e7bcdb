package app

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/initguard/initguard/cmd/initguard/manifest"
	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// maxAssessments bounds the workloads that are assessed at a time.
const maxAssessments = 8

// checker judges manifests as the webhook would.
type checker struct {
	options  *CheckOptions
	config   *config.Config
	settings webhook.Settings
}

func newChecker(o *CheckOptions, t *toolbox, images webhook.Inspector) *checker {
	return &checker{
		options: o, config: t.config,
		settings: offline(t, images),
	}
}

// offline are the settings where no cluster can be asked: that the nodes run
// initguard's image is taken for granted.
func offline(t *toolbox, images webhook.Inspector) webhook.Settings {
	c := *t.config
	c.Injection.Wrap.RequireSeen = false
	return webhook.Settings{
		Config: &c, Injection: webhook.Injection{Version: Version()},
		Assessor: webhook.Assessor{Inspector: images, Evaluator: t.evaluator, Platforms: t.platforms},
	}
}

// outcome is what became of one document.
type outcome struct {
	workload *render.Workload // nil when the object runs nothing
	problems []render.Problem
}

// check judges all documents; its only error is that of ctx.
func (c *checker) check(ctx context.Context, input manifest.Input, p *progress) (render.Check, error) {
	result := render.Check{Workloads: []render.Workload{}, Problems: []render.Problem{}}
	for _, problem := range input.Problems {
		result.Problems = append(result.Problems, render.Problem{
			Place: render.Place{File: problem.File, Line: problem.Line, Document: problem.Index}, Text: problem.Text,
		})
	}
	if len(input.Documents) == 0 && len(input.Problems) == 0 {
		result.Problems = append(result.Problems, render.Problem{Text: "nothing to check: no Kubernetes objects were found"})
	}
	namespaces, problems := c.namespaces(input.Documents)
	result.Problems = append(result.Problems, problems...)

	p.start(len(input.Documents))
	outcomes := c.judgeAll(ctx, input.Documents, namespaces, p)
	p.end()
	if err := ctx.Err(); err != nil {
		return render.Check{}, fmt.Errorf("interrupted: %w", err)
	}
	ignored := input.Skipped
	for _, o := range outcomes {
		result.Problems = append(result.Problems, o.problems...)
		if o.workload != nil {
			result.Workloads = append(result.Workloads, *o.workload)
		} else if len(o.problems) == 0 {
			ignored++
		}
	}
	result.Summarize(c.options.failing, ignored)
	return result, nil
}

// judgeAll judges documents side by side; the outcomes are in their order.
func (c *checker) judgeAll(ctx context.Context, documents []manifest.Document, namespaces map[string]map[string]string, p *progress) []outcome {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	outcomes := make([]outcome, len(documents))
	var group errgroup.Group
	group.SetLimit(maxAssessments)
	for i, d := range documents {
		group.Go(func() error {
			outcomes[i] = c.judge(ctx, d, namespaces)
			p.step()
			return nil
		})
	}
	_ = group.Wait() // no function of it returns an error
	return outcomes
}

// namespaces are the labels of the namespaces among the documents, by name,
// and what is wrong with them.
func (c *checker) namespaces(documents []manifest.Document) (map[string]map[string]string, []render.Problem) {
	labels := make(map[string]map[string]string)
	var problems []render.Problem
	for _, d := range documents {
		if d.APIVersion != "v1" || d.Kind != "Namespace" {
			continue
		}
		labels[d.Name] = d.Labels
		_, wrong := c.config.ModesFor(d.Labels)
		for _, w := range wrong {
			problems = append(problems, render.Problem{Place: placeOf(d), Text: "Namespace/" + d.Name + ": " + w.Text})
		}
	}
	return labels, problems
}

func placeOf(d manifest.Document) render.Place {
	return render.Place{File: d.File, Line: d.Line, Document: d.Index}
}

// judge judges one document.
func (c *checker) judge(ctx context.Context, d manifest.Document, namespaces map[string]map[string]string) outcome {
	title := d.Kind + "/" + d.Name + ": "
	problem := func(line int, format string, args ...any) render.Problem {
		place := placeOf(d)
		place.Line = line
		return render.Problem{Place: place, Text: title + fmt.Sprintf(format, args...)}
	}
	object, ok, err := webhook.DecodeObject(d.Raw, d.GVK(), c.config)
	switch {
	case err != nil:
		return outcome{problems: []render.Problem{problem(d.Line, "the pod template can't be read: %v", err)}}
	case !ok && c.needsTemplate(d):
		return outcome{problems: []render.Problem{problem(d.Line, "holds no pod template")}}
	case !ok:
		return outcome{}
	}
	if object.Namespace == "" {
		object.Namespace = c.options.Namespace
	}
	out := outcome{workload: &render.Workload{
		Place: placeOf(d), APIVersion: d.APIVersion, Kind: d.Kind, Namespace: object.Namespace, Name: object.Name,
		Containers: []render.Container{},
	}}
	if out.workload.Exempt = c.exempt(object); out.workload.Exempt != "" {
		return out
	}
	for _, w := range wrongFields(object) {
		out.problems = append(out.problems, problem(d.LineOf(w.container), "%s: %s", w.path, w.text))
	}
	modes, _ := c.config.ModesFor(namespaces[object.Namespace])
	modes, asked, wrong := c.config.ForTemplate(modes, object.Annotations)
	for _, w := range wrong {
		out.problems = append(out.problems, problem(d.Line, "%s", w.Text))
	}
	assessments := c.settings.Assess(ctx, object, &object.Spec)
	r := workloadReport{webhook.Judgement{
		Config: c.config, Modes: modes, Object: object, Exempt: asked.ExemptContainers, Owned: object.ClaimsOwner(c.config),
		Assessments: assessments, Plan: c.settings.PlanFor(object, modes, asked.ExemptContainers, assessments),
	}}
	r.into(out.workload, d)
	return out
}

// needsTemplate is true for kinds that are judged and can't do without a pod
// template; a DeploymentConfig can.
func (c *checker) needsTemplate(d manifest.Document) bool {
	return d.Kind != "DeploymentConfig" && webhook.Judges(d.GVK(), c.config)
}

// exempt says why the webhook would not judge an object.
func (c *checker) exempt(o webhook.Object) string {
	if c.config.ExemptsNamespace(o.Namespace) {
		return "namespace " + o.Namespace
	}
	return o.Exempt()
}

// wrongField is a field that the API server would not take.
type wrongField struct {
	// container is the path of the container that holds the field, path that of
	// the field.
	container, path, text string
}

// wrongFields finds what a container can't be judged without.
func wrongFields(o webhook.Object) []wrongField {
	var out []wrongField
	names := map[string]bool{}
	containers := policy.Containers(&o.Spec)
	if len(o.Spec.Containers) == 0 {
		at := o.SpecPath + ".containers"
		out = append(out, wrongField{at, at, "is missing: a pod needs a container"})
	}
	for _, c := range containers {
		at := o.SpecPath + "." + c.Path
		switch {
		case c.Name == "":
			out = append(out, wrongField{at, at + ".name", "is missing"})
		case names[c.Name]:
			out = append(out, wrongField{at, at + ".name", fmt.Sprintf("%q names another container too", c.Name)})
		}
		names[c.Name] = true
		if c.Image == "" {
			out = append(out, wrongField{at, at + ".image", "is missing"})
		}
	}
	return out
}
