package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// execProbe
//
// Reads: livenessProbe, readinessProbe and startupProbe, their exec.command.
// Finds: a probe that runs a shell, a script or a program known to start
// others. When it is killed at its timeout, or ends before a child of its own,
// that child becomes an orphan of PID 1.
func execProbe(c Container, _ imageinspect.Result) []Exposure {
	probes := []struct {
		field string
		probe *corev1.Probe
	}{
		{"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}, {"startupProbe", c.StartupProbe},
	}
	var out []Exposure
	for _, p := range probes {
		if p.probe != nil && p.probe.Exec != nil && forks(p.probe.Exec.Command) {
			out = append(out, Exposure{
				Rule: "exec-probe", Path: c.Path + "." + p.field, Text: "its exec " + p.field + " can leave orphans",
				Command: p.probe.Exec.Command,
			})
		}
	}
	return out
}
