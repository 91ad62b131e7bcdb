package responder

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

// Starter is the Matcher that goes by the names of the zombies and how often
// they come. A probe's orphans stay in the container in which it runs.
func Starter(pod *Pod, container string, g node.Group) *v1alpha1.Starter {
	at := slices.IndexFunc(pod.Spec, func(c corev1.Container) bool { return c.Name == container })
	if at < 0 || container == "" {
		return nil
	}
	group := scanner.Group{Cause: g.Cause, Zombies: g.Zombies, PerHour: g.PerHour, Children: scanner.Children{Others: g.OtherChildren}}
	for name, n := range g.Children {
		group.Children.Names = append(group.Children.Names, scanner.Name{Comm: name, Count: n})
	}
	slices.SortFunc(group.Children.Names, func(a, b scanner.Name) int { return cmp.Compare(a.Comm, b.Comm) })
	exec, certainty, ok := scanner.StartedBy(group, execs(&pod.Spec[at]))
	if !ok {
		return nil
	}
	return &v1alpha1.Starter{
		Container: container, Field: exec.Field, Certainty: string(certainty), PeriodSeconds: count(int(exec.Period / time.Second)),
	}
}

// defaultPeriod is that of a probe which sets none; the API server writes it
// into each pod.
const defaultPeriod = 10

// execs are the commands that the kubelet runs in a container while it lives.
// What preStop starts ends with the container.
func execs(c *corev1.Container) []scanner.Exec {
	var out []scanner.Exec
	for _, p := range []struct {
		field string
		probe *corev1.Probe
	}{{"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}, {"startupProbe", c.StartupProbe}} {
		if p.probe != nil && p.probe.Exec != nil {
			period := time.Duration(cmp.Or(max(p.probe.PeriodSeconds, 0), defaultPeriod)) * time.Second
			out = append(out, scanner.Exec{Field: p.field, Command: p.probe.Exec.Command, Period: period})
		}
	}
	if l := c.Lifecycle; l != nil && l.PostStart != nil && l.PostStart.Exec != nil {
		out = append(out, scanner.Exec{Field: "lifecycle.postStart", Command: l.PostStart.Exec.Command})
	}
	return out
}
