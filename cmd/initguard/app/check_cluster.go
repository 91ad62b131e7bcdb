package app

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/cmd/initguard/manifest"
	"github.com/initguard/initguard/cmd/initguard/render"
	"github.com/initguard/initguard/webhook"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// translation turns assessments into what the cluster would do.
type translation struct {
	config      *config.Config
	modes       config.Modes
	object      webhook.Object
	assessments []policy.Assessment
	// exempt are the names of containers that their team exempted.
	exempt []string
	// owned is true for what a controller made: it is audited at most.
	owned bool
}

// into fills in a workload.
func (t translation) into(w *render.Workload, d manifest.Document) {
	w.Modes = &render.Modes{
		Warn: t.modes.Warn.String(), Audit: t.modes.Audit.String(), Enforce: t.modes.Enforce.String(), Inject: t.modes.Inject.String(),
	}
	denied := false
	for _, a := range t.assessments {
		c := t.container(a, d)
		denied = denied || c.Cluster == render.Deny
		w.Containers = append(w.Containers, c)
	}
	if line := t.warning(); line != "" && !denied && !t.owned {
		w.Warnings = append(w.Warnings, line)
	}
}

// warning is the line that kubectl would print.
func (t translation) warning() string {
	judged := slices.DeleteFunc(slices.Clone(t.assessments), func(a policy.Assessment) bool {
		return slices.Contains(t.exempt, a.Container)
	})
	warned := slices.DeleteFunc(slices.Clone(judged), func(a policy.Assessment) bool {
		return !t.modes.Warn.ActsOn(int(a.Risk))
	})
	line := webhook.Warning(t.object, warned, t.config.FixURL)
	if line == "" && t.modes.Inject != config.Never {
		line = webhook.NotJudged(judged)
	}
	return line
}

// container is the answer about one container.
func (t translation) container(a policy.Assessment, d manifest.Document) render.Container {
	at := t.object.SpecPath + "." + a.Path
	c := render.Container{
		Name: a.Container, Path: at, Line: d.LineOf(at), Image: a.Image,
		Answer: render.NewAnswer(a.Result), Way: render.NewWay(a.Result),
		Finding: finding(a.Problem), Risk: a.Risk,
		Exempt: slices.Contains(t.exempt, a.Container), Cluster: t.action(a),
	}
	for _, e := range a.Exposures {
		if e.Path != "" {
			e.Path = t.object.SpecPath + "." + e.Path
		}
		c.Exposures = append(c.Exposures, e)
	}
	c.Message = t.message(a, c)
	if a.Finding() {
		c.Fix = &render.Fix{Path: t.object.SpecPath + "." + a.Advice.Path, Change: a.Advice.Change, URL: t.config.FixURL(string(a.Advice.Page))}
	}
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
func (t translation) action(a policy.Assessment) render.Action {
	exempt := slices.Contains(t.exempt, a.Container)
	unknown := a.Problem == policy.Undecided && t.config.Unknown.Deny && t.modes.Enforce != config.Never
	enforced := t.modes.Enforce.ActsOn(int(a.Risk)) || unknown
	switch {
	case enforced && !t.owned && (!exempt || !t.config.Exemptions.ContainersUnderEnforce):
		return render.Deny
	case exempt:
		return render.NoAction
	case t.modes.Warn.ActsOn(int(a.Risk)) && !t.owned:
		return render.Warn
	case t.modes.Audit.ActsOn(int(a.Risk)):
		return render.Audit
	default:
		return render.NoAction
	}
}

// message says the finding on one line, in the webhook's words.
func (t translation) message(a policy.Assessment, c render.Container) string {
	if a.Problem == policy.Undecided {
		return fmt.Sprintf("container %q: who PID 1 will be is not known: %s", a.Container, c.Reason)
	}
	line := webhook.Warning(t.object, []policy.Assessment{a}, t.config.FixURL)
	return strings.TrimPrefix(line, "initguard: ")
}

// isOwned is true for what the controller of a judged kind made, as far as the
// object tells: its maker's template was judged.
func (c *checker) isOwned(o webhook.Object) bool {
	if o.Owner == nil {
		return false
	}
	group, err := schema.ParseGroupVersion(o.Owner.APIVersion)
	return err == nil && c.isJudged(group.WithKind(o.Owner.Kind))
}

// isJudged is true for kinds that hold a pod template. Such a kind has its
// object read, and nothing is no object.
func (c *checker) isJudged(gvk schema.GroupVersionKind) bool {
	_, judged, _ := webhook.DecodeObject(nil, gvk, c.config)
	return judged
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
