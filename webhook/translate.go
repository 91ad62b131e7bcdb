package webhook

import (
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// translation is an assessed object and the modes to answer it by.
type translation struct {
	object      Object
	resource    string
	modes       config.Modes
	owned       bool
	config      *config.Config
	assessments []policy.Assessment
	// exempt are the names of containers that their team exempted.
	exempt []string
}

type answer struct {
	response admission.Response
	decision decision
}

// translate turns assessments into the answer to the API server.
func translate(t translation) answer {
	judged := t.without(t.exempt)
	enforced := judged
	if !t.config.Exemptions.ContainersUnderEnforce {
		enforced = t.assessments
	}
	out := answer{response: admission.Allowed(""), decision: decisionClean}
	if denied := t.denied(enforced); len(denied) > 0 {
		out.response = forbidden(denial(t.resource, t.object, t.modes.Enforce.String(), denied, t.config.FixURL))
		out.decision = decisionDenied
	}
	t.audit(&out, judged)
	t.warn(&out, judged)
	return out
}

// without are the assessments of containers that are not named.
func (t translation) without(names []string) []policy.Assessment {
	return slices.DeleteFunc(slices.Clone(t.assessments), func(a policy.Assessment) bool {
		return slices.Contains(names, a.Container)
	})
}

// denied are the assessments for which the enforce mode denies.
func (t translation) denied(assessments []policy.Assessment) []policy.Assessment {
	var out []policy.Assessment
	for _, a := range assessments {
		unknown := a.Problem == policy.Undecided && t.config.Unknown.Deny && t.modes.Enforce != config.Never
		if t.modes.Enforce.ActsOn(int(a.Risk)) || unknown {
			out = append(out, a)
		}
	}
	return out
}

func (t translation) audit(out *answer, assessments []policy.Assessment) {
	if t.modes.Audit == config.Never {
		return
	}
	acts := slices.DeleteFunc(slices.Clone(assessments), func(a policy.Assessment) bool {
		return !t.modes.Audit.ActsOn(int(a.Risk))
	})
	annotations := map[string]string{}
	if text := auditFindings(acts); text != "" {
		annotations["findings"] = text
	}
	if text := auditUnknown(assessments); text != "" {
		annotations["unknown"] = text
	}
	if len(annotations) == 0 {
		return
	}
	out.response.AuditAnnotations = annotations
	if out.decision == decisionClean {
		out.decision = decisionAudited
	}
}

// warn adds the one line about the worst finding that the warn mode acts on. A
// denial says all of it already.
func (t translation) warn(out *answer, assessments []policy.Assessment) {
	if t.owned || out.decision == decisionDenied {
		return
	}
	acts := slices.DeleteFunc(slices.Clone(assessments), func(a policy.Assessment) bool {
		return !t.modes.Warn.ActsOn(int(a.Risk))
	})
	line := Warning(t.object, acts, t.config.FixURL)
	if line == "" && t.modes.Inject != config.Never {
		line = NotJudged(assessments)
	}
	if line != "" {
		out.response.Warnings = append(out.response.Warnings, line)
		out.decision = decisionWarned
	}
}
