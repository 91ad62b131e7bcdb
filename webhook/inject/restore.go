package inject

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// Pod is a pod template as it would be without an earlier injection of
// share-pid.
type Pod struct {
	Spec        *corev1.PodSpec
	Annotations map[string]string
	// NoMetadata is true for a template that has no metadata at all.
	NoMetadata bool
	// Shared is true when an earlier injection set shareProcessNamespace. In
	// Spec it is not set.
	Shared bool
}

// Restore takes back what an earlier injection of share-pid did, so that the
// pod can be judged anew: another webhook may have added a container since.
// The annotation is anybody's word, and only ever about the pod that bears it;
// what it claims must be so, too.
func Restore(spec *corev1.PodSpec, annotations map[string]string) Pod {
	pod := Pod{Spec: spec, Annotations: annotations}
	record, ok := Read(annotations)
	if !ok || record.Strategy != SharePID || spec.ShareProcessNamespace == nil || !*spec.ShareProcessNamespace {
		return pod
	}
	before := *spec // its containers stay the same ones
	before.ShareProcessNamespace = nil
	pod.Spec, pod.Shared = &before, true
	return pod
}

// Answer is who PID 1 is of a container that an earlier injection wrapped; false
// for any other. image is initguard's own. Only the exact shape that wrap
// leaves counts: a file on a volume is anybody's otherwise.
func Answer(spec *corev1.PodSpec, c *corev1.Container, image string) (imageinspect.Result, bool) {
	if !isWrapped(spec, c, image) {
		return imageinspect.Result{}, false
	}
	const text = "initguard put tini in front"
	return imageinspect.Result{
		PID1: "tini",
		Verdict: imageinspect.Verdict{
			Outcome: imageinspect.Reaps, ForwardsSignals: true, Reason: imageinspect.Reason{Code: imageinspect.CodeInjected, Text: text},
		},
		Chain: []imageinspect.Step{{Kind: imageinspect.StepPod, Program: "tini", Text: text}},
	}, true
}
