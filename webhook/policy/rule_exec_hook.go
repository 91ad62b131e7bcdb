package policy

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// execHook
//
// Reads: lifecycle.postStart and lifecycle.preStop, their exec.command.
// Finds: a hook that runs a shell, a script or a program known to start
// others; what it leaves behind becomes an orphan of PID 1.
func execHook(c Container, _ imageinspect.Result) []Exposure {
	if c.Lifecycle == nil {
		return nil
	}
	hooks := []struct {
		field string
		hook  *corev1.LifecycleHandler
	}{
		{"postStart", c.Lifecycle.PostStart}, {"preStop", c.Lifecycle.PreStop},
	}
	var out []Exposure
	for _, h := range hooks {
		if h.hook != nil && h.hook.Exec != nil && forks(h.hook.Exec.Command) {
			out = append(out, Exposure{
				Rule: "exec-hook", Path: c.Path + ".lifecycle." + h.field, Text: "its " + h.field + " hook can leave orphans",
				Command: h.hook.Exec.Command,
			})
		}
	}
	return out
}
