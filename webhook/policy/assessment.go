package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/imageinspect"
)

// Problem is what is wrong with a container's PID 1.
type Problem uint8

// The problems. Undecided is none that can be named: the verdict is Unknown.
const (
	NoProblem Problem = iota
	Undecided
	HarmedByOrphans // it reaps, but the exit of an orphan hurts it
	DoesNotReap
)

// Exposure is one reason why orphans may come about in a container.
type Exposure struct {
	// Rule is the name of the rule that found it.
	Rule string `json:"rule"`
	// Path is the field below the pod's spec, such as
	// containers[0].readinessProbe.
	Path string `json:"path,omitempty"`
	// Text goes on from "PID 1 will be X, which does not reap zombies, and".
	Text string `json:"text"`
	// Command is what a probe or hook runs; no message holds it.
	Command []string `json:"-"`
}

// Assessment is what is known about one container. It is a finding when it has
// a Problem other than Undecided.
type Assessment struct {
	// Container is the container's name, Path its field below the pod's spec.
	Container string
	Path      string
	Image     string
	Result    imageinspect.Result
	Problem   Problem
	Risk      Risk
	Exposures []Exposure
	// Observed is what was seen of zombies there, nil for nothing.
	Observed *Observation
	// Situation is what Advice goes by. There is advice for a finding, and for
	// a shell that keeps signals from the program below it.
	Situation advice.Situation
	Advice    advice.Advice
}

// Finding is true when there is a known problem.
func (a Assessment) Finding() bool { return a.Problem > Undecided }

// Assess judges the containers of a pod that run on. results says who is PID 1
// in those that PodAnswer leaves open, by container name.
func Assess(spec *corev1.PodSpec, results map[string]imageinspect.Result) []Assessment {
	containers := Containers(spec)
	out := make([]Assessment, 0, len(containers))
	answer, settled := PodAnswer(spec)
	for _, c := range containers {
		a := Assessment{Container: c.Name, Path: c.Path, Image: c.Image, Result: answer}
		if !settled {
			a.Result = results[c.Name]
		}
		a.Problem = problem(a.Result.Verdict)
		if a.Finding() {
			a.Risk = Possible
			for _, rule := range riskRules() {
				a.Exposures = append(a.Exposures, rule.find(c, a.Result)...)
			}
			if len(a.Exposures) > 0 {
				a.Risk = Exposed
			}
		}
		if a.Situation = situation(spec, c, a, len(containers)); a.Situation.Problem != advice.NoProblem {
			a.Advice = advice.For(a.Situation)
		}
		out = append(out, a)
	}
	return out
}

func problem(v imageinspect.Verdict) Problem {
	switch {
	case v.Outcome == imageinspect.Unknown:
		return Undecided
	case v.Outcome == imageinspect.DoesNotReap:
		return DoesNotReap
	case v.HarmedByOrphans != "":
		return HarmedByOrphans
	default:
		return NoProblem
	}
}

// Worst is the finding of the highest risk, the first of equals; of one risk a
// PID 1 that does not reap comes before one that is only harmed.
func Worst(assessments []Assessment) (Assessment, bool) {
	var worst Assessment
	found := false
	for _, a := range assessments {
		if a.Finding() && (!found || a.Risk > worst.Risk || a.Risk == worst.Risk && a.Problem > worst.Problem) {
			worst, found = a, true
		}
	}
	return worst, found
}
