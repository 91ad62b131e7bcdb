package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// shareProcessNamespace
//
// Reads: spec.shareProcessNamespace.
// Answers: when true, PID 1 of all containers is the pod's sandbox process,
// which reaps (https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/,
// kubernetes/build/pause/linux/pause.c: SIGCHLD handler with waitpid(-1)).
func shareProcessNamespace(spec *corev1.PodSpec) (imageinspect.Result, bool) {
	if spec.ShareProcessNamespace == nil || !*spec.ShareProcessNamespace {
		return imageinspect.Result{}, false
	}
	return reapedBy("pause", "shareProcessNamespace", "the pod's sandbox process reaps"), true
}
