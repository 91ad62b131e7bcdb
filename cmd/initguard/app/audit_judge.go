package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/initguard/initguard/cmd/initguard/manifest"
	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// auditor judges what runs in a cluster as the webhook would judge it when it
// is applied anew.
type auditor struct {
	options  *AuditOptions
	config   *config.Config
	settings webhook.Settings
}

func newAuditor(o *AuditOptions, t *toolbox, seen webhook.Observations) *auditor {
	// Where initguard's image runs is not known here: wrap is taken to be possible.
	c := *t.config
	c.Injection.Wrap.RequireSeen = false
	c.Injection.Wrap.Image = cmp.Or(c.Injection.Wrap.Image, toolName)
	return &auditor{options: o, config: &c, settings: webhook.Settings{
		Config: &c, Injection: webhook.Injection{Version: Version()}, Observations: seen,
		Assessor: webhook.Assessor{Inspector: patient{t.client}, Evaluator: t.evaluator, Platforms: t.platforms},
	}}
}

// audit judges all workloads; its only error is that of ctx.
func (a *auditor) audit(ctx context.Context, found running, p *progress) (render.ClusterAudit, error) {
	report := render.ClusterAudit{Problems: append([]string{}, found.problems...)}
	namespaces := map[string]render.AuditedNamespace{}
	workloads := make([]*render.AuditedWorkload, len(found.documents))
	problems := make([]string, len(found.documents))
	p.start(len(found.documents))
	within, cancel := context.WithTimeout(ctx, a.options.Timeout)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(maxAssessments)
	for i, d := range found.documents {
		if _, ok := namespaces[d.Namespace]; !ok {
			namespaces[d.Namespace] = a.namespace(found.labels[d.Namespace])
		}
		group.Go(func() error {
			w, err := a.judge(within, d, found.labels[d.Namespace])
			if err != nil {
				problems[i] = fmt.Sprintf("%s/%s in namespace %s: the pod template can't be read: %v", d.Kind, d.Name, d.Namespace, err)
			}
			workloads[i] = w
			p.step()
			return nil
		})
	}
	_ = group.Wait() // no function of it returns an error
	p.end()
	if err := ctx.Err(); err != nil {
		return render.ClusterAudit{}, fmt.Errorf("interrupted: %w", err)
	}
	report.Workloads = []render.AuditedWorkload{}
	for i, w := range workloads {
		if problems[i] != "" {
			report.Problems = append(report.Problems, problems[i])
		}
		if w != nil {
			report.Workloads = append(report.Workloads, *w)
		}
	}
	slices.SortStableFunc(report.Workloads, func(x, y render.AuditedWorkload) int {
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name))
	})
	report.Summarize(namespaces)
	return report, nil
}

// namespace is what a namespace's labels say.
func (a *auditor) namespace(labels map[string]string) render.AuditedNamespace {
	modes, wrong := a.config.ModesFor(labels)
	n := render.AuditedNamespace{Modes: *modesReport(modes)}
	for _, w := range wrong {
		n.Problems = append(n.Problems, w.Text)
	}
	return n
}

// judge judges one workload; nil for one without a pod template.
func (a *auditor) judge(ctx context.Context, d manifest.Document, labels map[string]string) (*render.AuditedWorkload, error) {
	object, ok, err := webhook.DecodeObject(d.Raw, d.GVK(), a.config)
	if err != nil || !ok {
		return nil, err //nolint:wrapcheck // The caller says whose template it is.
	}
	w := &render.AuditedWorkload{
		APIVersion: d.APIVersion, Kind: d.Kind, Namespace: d.Namespace, Name: d.Name, Containers: []render.Container{},
	}
	if w.Exempt = object.Exempt(); w.Exempt != "" {
		return w, nil
	}
	judgement := a.settings.Judge(ctx, object, labels)
	var written render.Workload
	workloadReport{judgement}.into(&written, d)
	w.Modes, w.Containers = written.Modes, written.Containers
	a.wouldDo(w, judgement)
	return w, nil
}

// wouldDo says what modes other than those in force would do.
func (a *auditor) wouldDo(w *render.AuditedWorkload, j webhook.Judgement) {
	strict := j
	strict.Modes.Enforce = config.Possible
	for _, assessment := range j.Assessments {
		if !assessment.Finding() {
			continue
		}
		if !slices.Contains(j.Exempt, assessment.Container) {
			w.Risk = max(w.Risk, assessment.Risk)
		}
		if strict.Denies(assessment) {
			w.DenyRisk = max(w.DenyRisk, assessment.Risk)
		}
	}
	for _, risk := range render.AuditRisks() {
		if w.Risk < risk {
			continue
		}
		modes := j.Modes
		modes.Inject = levelOf(risk)
		plan := a.settings.PlanFor(j.Object, modes, j.Exempt, j.Assessments)
		if w.Injection == nil {
			w.Injection = map[string]render.Injection{}
		}
		w.Injection[risk.String()] = render.Injection{Strategy: string(plan.Strategy), Containers: plan.Containers, Refused: plan.Why()}
	}
}

// levelOf is the setting that acts on a risk or worse.
func levelOf(risk policy.Risk) config.Level {
	level, err := config.ParseLevel(risk.String())
	if err != nil {
		return config.Never // every risk but none names a level
	}
	return level
}
