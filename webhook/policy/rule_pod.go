package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// podRule settles the question for every container of a pod at once.
type podRule struct {
	name string
	find func(spec *corev1.PodSpec) (imageinspect.Result, bool)
}

// podRules are asked in order; the first that answers decides.
func podRules() []podRule {
	return []podRule{
		{"host-pid", hostPID},
		{"share-process-namespace", shareProcessNamespace},
	}
}

// PodAnswer is the answer that a field of the pod gives for all its containers:
// then no image has to be asked.
func PodAnswer(spec *corev1.PodSpec) (imageinspect.Result, bool) {
	for _, rule := range podRules() {
		if result, ok := rule.find(spec); ok {
			return result, true
		}
	}
	return imageinspect.Result{}, false
}

// IsWindows is true for pods of Windows nodes, where no process is ever a
// zombie.
func IsWindows(spec *corev1.PodSpec) bool {
	if spec.OS != nil {
		return spec.OS.Name == corev1.Windows
	}
	return spec.NodeSelector[corev1.LabelOSStable] == string(corev1.Windows)
}

func reapedBy(pid1, field, why string) imageinspect.Result {
	return imageinspect.Result{
		PID1: pid1,
		Verdict: imageinspect.Verdict{
			Outcome: imageinspect.Reaps,
			Reason:  imageinspect.Reason{Code: imageinspect.CodePod, Text: field + ": " + why},
		},
		Chain: []imageinspect.Step{{Kind: imageinspect.StepPod, Text: field + ": " + why}},
	}
}
