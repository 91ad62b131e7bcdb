package policy

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// Command is a command that a pod names for a container.
type Command struct {
	// Path is its field below the pod's spec: containers[0].readinessProbe.
	Path  string
	Words []string
}

// Commands are all commands that a pod names for a container: its own, those of
// probes and of hooks.
func Commands(c Container) []Command {
	var out []Command
	if len(c.Command)+len(c.Args) > 0 {
		field := ".command"
		if len(c.Command) == 0 {
			field = ".args"
		}
		out = append(out, Command{c.Path + field, append(append([]string(nil), c.Command...), c.Args...)})
	}
	for _, p := range []struct {
		field string
		probe *corev1.Probe
	}{{"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}, {"startupProbe", c.StartupProbe}} {
		if p.probe != nil && p.probe.Exec != nil {
			out = append(out, Command{c.Path + "." + p.field, p.probe.Exec.Command})
		}
	}
	if c.Lifecycle == nil {
		return out
	}
	for _, h := range []struct {
		field string
		hook  *corev1.LifecycleHandler
	}{{"postStart", c.Lifecycle.PostStart}, {"preStop", c.Lifecycle.PreStop}} {
		if h.hook != nil && h.hook.Exec != nil {
			out = append(out, Command{c.Path + ".lifecycle." + h.field, h.hook.Exec.Command})
		}
	}
	return out
}

// PID1Use is where and how a pod's own commands mean PID 1 by its number.
type PID1Use struct {
	Use imageinspect.PID1Use
	// Path is the field of the command.
	Path string
}

// PID1UseOf is the greatest use among a container's own commands.
func PID1UseOf(c Container) PID1Use {
	var greatest PID1Use
	for _, command := range Commands(c) {
		if use := imageinspect.UsesPID1(strings.Join(command.Words, " ")); use > greatest.Use {
			greatest = PID1Use{Use: use, Path: command.Path}
		}
	}
	return greatest
}
