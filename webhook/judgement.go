package webhook

import (
	"slices"

	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/inject"
	"github.com/initguard/initguard/webhook/policy"
)

// Judgement is an assessed object with the modes to judge it by. It is pure:
// the webhook turns it into an answer, the offline commands into a report.
type Judgement struct {
	Config      *config.Config
	Modes       config.Modes
	Object      Object
	Assessments []policy.Assessment
	// Exempt are the names of containers that their team exempted.
	Exempt []string
	// Owned is true for what a judged controller made: whoever wrote the
	// template was told, so it is audited at most.
	Owned bool
	// Plan says how injection makes the object's pods safe, and what speaks
	// against it.
	Plan inject.Plan
	// Final is true for a pod that no injection comes after: it is as it will
	// run.
	Final bool
}

// Denies is true when the enforce mode denies because of a container.
func (j Judgement) Denies(a policy.Assessment) bool {
	if j.Owned || j.mends(a) || j.exempts(a) && j.Config.Exemptions.ContainersUnderEnforce {
		return false
	}
	unknown := a.Problem == policy.Undecided && j.Config.Unknown.Deny && j.Modes.Enforce != config.Never
	return unknown || j.Modes.Enforce.ActsOn(int(a.Risk))
}

// Warns is true when the warn mode acts on a container: on its risk, or on
// zombies that were seen where nobody knows who is PID 1.
func (j Judgement) Warns(a policy.Assessment) bool {
	acts := j.Modes.Warn.ActsOn(int(a.Risk)) || a.Unjudged() && j.Modes.Warn.ActsOn(int(policy.Observed))
	return acts && !j.Owned && !j.exempts(a) && !j.mends(a)
}

// Audits is true when the audit mode acts on a container.
func (j Judgement) Audits(a policy.Assessment) bool {
	unknown := a.Problem == policy.Undecided && j.Modes.Audit != config.Never
	return !j.exempts(a) && (unknown || j.Modes.Audit.ActsOn(int(a.Risk)))
}

func (j Judgement) exempts(a policy.Assessment) bool { return slices.Contains(j.Exempt, a.Container) }

// those are the assessments that a mode acts on.
func (j Judgement) those(acts func(policy.Assessment) bool) []policy.Assessment {
	var out []policy.Assessment
	for _, a := range j.Assessments {
		if acts(a) {
			out = append(out, a)
		}
	}
	return out
}

// Warning is the one line for whoever applies; empty where a denial says it
// all, and where nothing is to be said.
func (j Judgement) Warning() string {
	if j.Owned || slices.ContainsFunc(j.Assessments, j.Denies) {
		return ""
	}
	why := j.notInjected()
	warned := j.those(j.Warns)
	if first, ok := lead(warned); ok && first.Unjudged() && why == "" && j.Modes.Inject != config.Never {
		why = first.Result.Verdict.Reason.Text
	}
	line := warning(j.Object, warned, why, j.Config.FixURL)
	if line == "" && why != "" {
		line = cut(prefix+"not injected: "+sanitize(why, maxWarning), maxWarning)
	}
	if line == "" && j.Modes.Inject != config.Never {
		line = notJudged(j.those(func(a policy.Assessment) bool { return !j.exempts(a) }))
	}
	return line
}
