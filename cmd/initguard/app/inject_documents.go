package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	kyaml "sigs.k8s.io/yaml"

	"github.com/initguard/initguard/cmd/initguard/manifest"
	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/inject"
	"github.com/initguard/initguard/webhook/policy"
)

// injector makes the pods of manifests safe as the webhook would.
type injector struct {
	options  *InjectOptions
	settings webhook.Settings
	strategy config.Strategy
}

func newInjector(o *InjectOptions, t *toolbox, images webhook.Inspector) *injector {
	c := *t.config
	c.Injection.Wrap.RequireSeen = false // it can't be seen from here
	c.Injection.Wrap.TrustTags = c.Injection.Wrap.TrustTags || o.TrustTags
	if o.InjectImage != "" {
		c.Injection.Wrap.Image = o.InjectImage
	}
	strategy, err := config.ParseStrategy(o.Strategy)
	if err != nil {
		strategy = config.StrategyAuto // Validate has read it before
	}
	return &injector{options: o, strategy: strategy, settings: webhook.Settings{
		Config: &c, Injection: webhook.Injection{Version: Version()},
		Assessor: webhook.Assessor{Inspector: images, Evaluator: t.evaluator, Platforms: t.platforms},
	}}
}

// injected is what came of one object.
type injected struct {
	document manifest.Document
	// fields lead from the object to its pod template.
	fields []string
	plan   inject.Plan
	// said is one line about it; empty for what runs nothing.
	said string
	code int
}

// injectAll plans for documents side by side; the answers are in their order.
func (i *injector) injectAll(ctx context.Context, documents []manifest.Document, p *progress) []injected {
	ctx, cancel := context.WithTimeout(ctx, i.options.Timeout)
	defer cancel()
	out := make([]injected, len(documents))
	p.start(len(documents))
	defer p.end()
	var group errgroup.Group
	group.SetLimit(maxAssessments)
	for n, d := range documents {
		group.Go(func() error {
			out[n] = i.inject(ctx, d)
			p.step()
			return nil
		})
	}
	_ = group.Wait() // no function of it returns an error
	return out
}

func (i *injector) inject(ctx context.Context, d manifest.Document) injected {
	out := injected{document: d}
	say := func(code int, format string, args ...any) injected {
		out.code = code
		out.said = fmt.Sprintf("%s:%d: %s/%s: ", d.File, d.Line, d.Kind, d.Name) + fmt.Sprintf(format, args...)
		return out
	}
	c := i.settings.Config
	object, ok, err := webhook.DecodeObject(d.Raw, d.GVK(), c)
	switch {
	case err != nil:
		return say(ExitUnanswered, "the pod template can't be read: %v", err)
	case !ok:
		return out
	}
	if object.Namespace == "" {
		object.Namespace = i.options.Namespace
	}
	if why := object.Exempt(); why != "" || c.ExemptsNamespace(object.Namespace) {
		return say(ExitOK, "left alone, as in the cluster")
	}
	if c.KillSwitch {
		return say(ExitOK, "left alone: killSwitch of the configuration turns injection off")
	}
	modes, options, wrong := c.ForTemplate(config.Modes{Inject: config.Possible, Strategy: i.strategy}, object.Annotations)
	if len(wrong) > 0 {
		return say(ExitUnanswered, "%s", wrong[0].Text)
	}
	if modes.Inject == config.Never {
		return say(ExitOK, "left alone: its annotation %s says never", config.AnnotationInject)
	}
	var assessments []policy.Assessment
	out.plan, assessments = i.settings.Inject(ctx, object, modes, options.ExemptContainers)
	out.fields = object.TemplatePath()
	code, text := i.outcome(out.plan, assessments)
	return say(code, "%s", text)
}

// outcome says what becomes of a workload.
func (i *injector) outcome(plan inject.Plan, assessments []policy.Assessment) (int, string) {
	code, parts := ExitOK, []string(nil)
	if plan.Undone {
		parts = append(parts, "share-pid taken back")
	}
	if plan.Strategy != inject.None {
		parts = append(parts, fmt.Sprintf("%s: %s", plan.Strategy, strings.Join(plan.Containers, ", ")))
	}
	if why := plan.Why(); why != "" {
		code = ExitFindings
		parts = append(parts, "not injected: "+why)
	}
	for _, a := range assessments {
		if a.Problem == policy.Undecided && plan.Strategy != inject.SharePID {
			if !i.options.IgnoreUnknown {
				code = ExitUnanswered
			}
			parts = append(parts, fmt.Sprintf("container %q: who PID 1 will be is not known: %s", a.Container, a.Result.Verdict.Reason.Text))
		}
	}
	if len(parts) == 0 {
		return code, "nothing to do: every PID 1 reaps"
	}
	return code, strings.Join(parts, "; ")
}

// writeDocument is what is printed of one document and the objects in it.
func writeDocument(objects []injected, o *InjectOptions, color bool) (string, error) {
	d := objects[0].document
	if o.Output == "patch" {
		return patches(objects)
	}
	changed := false
	for _, obj := range objects {
		changed = changed || len(obj.plan.Operations) > 0
	}
	if !changed && (d.Text != nil || o.Diff) && o.Output == "yaml" {
		if o.Diff {
			return "", nil
		}
		return asItIs(d.Text), nil
	}
	editor, err := manifest.Edit(d)
	if err != nil {
		return "", fmt.Errorf("%s: %w", d.File, err)
	}
	before, err := editor.YAML()
	if err != nil {
		return "", fmt.Errorf("%s: %w", d.File, err)
	}
	for _, obj := range objects {
		if err := editor.Apply(obj.document, obj.plan.Operations, obj.fields...); err != nil {
			return "", fmt.Errorf("%s:%d: %w", d.File, obj.document.Line, err)
		}
	}
	after, err := editor.YAML()
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", d.File, err)
	case o.Diff:
		var out strings.Builder
		err := render.Diff(&out, render.Printable(d.File), string(before), string(after), color)
		return out.String(), err //nolint:wrapcheck // A Builder has none.
	case o.Output == "json":
		return asJSON(after)
	default:
		return string(after), nil
	}
}

// asItIs is a document's text without the line that separates it.
func asItIs(text []byte) string {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	if bytes.HasPrefix(line, []byte("---")) {
		text = rest
	}
	return strings.TrimRight(string(text), "\n") + "\n"
}

func asJSON(text []byte) (string, error) {
	raw, err := kyaml.YAMLToJSON(text)
	if err != nil {
		return "", fmt.Errorf("to JSON: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return "", fmt.Errorf("to JSON: %w", err)
	}
	return out.String() + "\n", nil
}

// patches are the JSON patches of the objects that are changed, as kubectl patch
// --type=json takes them.
func patches(objects []injected) (string, error) {
	var out strings.Builder
	for _, obj := range objects {
		if len(obj.plan.Operations) == 0 {
			continue
		}
		patch, err := inject.Patch(obj.plan.Operations, obj.fields...)
		if err != nil {
			return "", fmt.Errorf("patch: %w", err)
		}
		fmt.Fprintf(&out, "%s\n", patch)
	}
	return out.String(), nil
}
