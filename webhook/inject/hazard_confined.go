package inject

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// confined
//
// Reads: AppArmor and seccomp profiles, SELinux options.
// Speaks against: wrap, where the container runs under a profile of the
// platform's own or under a label other than the pod's: it may be made for
// the one program, and let neither tini nor the init container start.
func confined(p planner, _ Strategy, t target) string {
	pod, c := p.Pod.Spec.SecurityContext, t.SecurityContext
	if pod == nil {
		pod = &corev1.PodSecurityContext{}
	}
	if c == nil {
		c = &corev1.SecurityContext{}
	}
	armor, seccomp := pod.AppArmorProfile, pod.SeccompProfile
	if c.AppArmorProfile != nil {
		armor = c.AppArmorProfile
	}
	if c.SeccompProfile != nil {
		seccomp = c.SeccompProfile
	}
	old := p.Pod.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+t.Container.Name]
	switch {
	case armor != nil && armor.Type == corev1.AppArmorProfileTypeLocalhost, strings.HasPrefix(old, "localhost/"):
		return "its AppArmor profile may not let tini start"
	case seccomp != nil && seccomp.Type == corev1.SeccompProfileTypeLocalhost:
		return "its seccomp profile may not let tini start"
	case c.SELinuxOptions != nil && (pod.SELinuxOptions == nil || *c.SELinuxOptions != *pod.SELinuxOptions):
		return "its SELinux options may not let tini start"
	}
	return ""
}
