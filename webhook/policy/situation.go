package policy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/imageinspect"
)

// ImageSituation is what the choice of a fix depends on as far as the answer
// about an image tells: without a pod.
func ImageSituation(r imageinspect.Result) advice.Situation {
	s := advice.Situation{
		MustBePID1: r.Verdict.MustBePID1, Argv: r.Argv, Entrypoint: r.Entrypoint, Script: entryScript(r.Chain),
		Distribution: r.Distribution, Init: r.Init, Forks: forks,
	}
	switch problem(r.Verdict) {
	case DoesNotReap:
		s.Problem = advice.LeavesOrphans
	case HarmedByOrphans:
		s.Problem = advice.HarmedByOrphans
	case NoProblem:
		if r.Stays != nil {
			s.Problem, s.StaysIn, s.StaysAt = advice.KeepsSignals, r.Stays.Script, r.Stays.Line
		}
	}
	return s
}

// situation is what the choice of a fix for a container depends on.
func situation(spec *corev1.PodSpec, c Container, a Assessment, containers int) advice.Situation {
	s := ImageSituation(a.Result)
	if s.Problem == advice.NoProblem {
		return s
	}
	s.Containers, s.ContainerPath = containers, c.Path
	s.Command, s.HasArgs = c.Command, len(c.Args) > 0
	s.OptedOut = spec.ShareProcessNamespace != nil && !*spec.ShareProcessNamespace
	s.NamesPID1 = PID1UseOf(c).Use != imageinspect.NoPID1Use
	for _, e := range a.Exposures {
		if len(e.Command) > 0 {
			s.Execs = append(s.Execs, advice.Exec{Path: e.Path, Hook: e.Rule == "exec-hook", Command: e.Command})
		}
	}
	return s
}

// entryScript is the script that argv leads through, if it does.
func entryScript(chain []imageinspect.Step) string {
	for i, step := range chain {
		if step.Kind != imageinspect.StepShell {
			continue
		}
		for _, before := range slices.Backward(chain[:i]) {
			switch {
			case before.Kind == imageinspect.StepWrapper, before.Program == step.Program:
				continue // env bash, sh is dash
			case before.Kind == imageinspect.StepFile:
				return before.Program
			}
			return ""
		}
	}
	return ""
}
