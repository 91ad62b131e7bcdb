package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// hostPID
//
// Reads: spec.hostPID.
// Answers: when true, the containers' processes live in the node's PID
// namespace. Their orphans go to the node's own init, which reaps.
func hostPID(spec *corev1.PodSpec) (imageinspect.Result, bool) {
	if !spec.HostPID {
		return imageinspect.Result{}, false
	}
	return reapedBy("init", "hostPID", "the node's init reaps"), true
}
