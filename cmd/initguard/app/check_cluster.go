package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/cmd/initguard/manifest"
	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// workloadReport puts a judgement into a workload of the report.
type workloadReport struct{ webhook.Judgement }

// into fills in a workload.
func (r workloadReport) into(w *render.Workload, d manifest.Document) {
	w.Modes = modesReport(r.Modes)
	for _, a := range r.Assessments {
		w.Containers = append(w.Containers, r.container(a, d))
	}
	if line := r.Warning(); line != "" {
		w.Warnings = append(w.Warnings, line)
	}
}

func modesReport(m config.Modes) *render.Modes {
	return &render.Modes{Warn: m.Warn.String(), Audit: m.Audit.String(), Enforce: m.Enforce.String(), Inject: m.Inject.String()}
}

// container is the answer about one container.
func (r workloadReport) container(a policy.Assessment, d manifest.Document) render.Container {
	at := r.Object.SpecPath + "." + a.Path
	c := render.Container{
		Name: a.Container, Path: at, Line: d.LineOf(at), Image: a.Image,
		Answer: render.NewAnswer(a.Result), Way: render.NewWay(a.Result),
		Finding: finding(a.Problem), Risk: a.Risk,
		Exempt: slices.Contains(r.Exempt, a.Container), Cluster: r.action(a),
	}
	for _, e := range a.Exposures {
		if e.Path != "" {
			e.Path = r.Object.SpecPath + "." + e.Path
		}
		c.Exposures = append(c.Exposures, e)
	}
	if a.Observed != nil {
		c.Observed = &render.Observed{
			Zombies: a.Observed.Zombies, Parent: a.Observed.Parent, FirstSeen: a.Observed.First.UTC(), LastSeen: a.Observed.Last.UTC(),
		}
	}
	c.Message = r.message(a, c)
	c.Mend = render.NewMend(a.Situation, r.Object.SpecPath, r.Config.FixURL)
	return c
}

func finding(p policy.Problem) render.Finding {
	switch p {
	case policy.DoesNotReap:
		return render.DoesNotReap
	case policy.HarmedByOrphans:
		return render.HarmedByOrphans
	case policy.Undecided:
		return render.Unknown
	default:
		return render.NoFinding
	}
}

// action is what the cluster would do about a container.
func (r workloadReport) action(a policy.Assessment) render.Action {
	switch {
	case r.Denies(a):
		return render.Deny
	case r.Warns(a):
		return render.Warn
	case r.Audits(a):
		return render.Audit
	default:
		return render.NoAction
	}
}

// message says the finding on one line, in the webhook's words.
func (r workloadReport) message(a policy.Assessment, c render.Container) string {
	if a.Contradicted() && !a.Finding() {
		return fmt.Sprintf("container %q: PID 1 reaps by the verdict, yet zombies were seen with this image and command: look at the workload's ZombieReport", a.Container)
	}
	if a.Problem == policy.Undecided && !a.Unjudged() {
		return fmt.Sprintf("container %q: who PID 1 will be is not known: %s", a.Container, c.Reason)
	}
	line := webhook.Warning(r.Object, []policy.Assessment{a}, r.Config.FixURL)
	return strings.TrimPrefix(line, "initguard: ")
}

// helpURL gives the page about a finding.
func helpURL(c *config.Config) func(render.Finding) string {
	return func(f render.Finding) string {
		if f == render.Unknown {
			return c.FixesURL
		}
		return c.FixURL(string(advice.AddInit))
	}
}
