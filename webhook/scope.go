package webhook

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/policy"
)

// Who made an object, and with that, who is told.

// madeByController is true for an object whose owner is of a kind that is
// judged itself, created by that kind's own controller: whoever wrote the
// template was told then. An owner reference alone proves nothing, since
// anybody may set one.
func madeByController(o Object, user string, k kinds, c *config.Config) bool {
	owner, ok := k.owner(o, c)
	return ok && slices.Contains(owner.controllers, user)
}

// owner is the workload that an object says it belongs to, if that is judged.
func (k kinds) owner(o Object, c *config.Config) (workload, bool) {
	if o.Owner == nil {
		return workload{}, false
	}
	group, err := schema.ParseGroupVersion(o.Owner.APIVersion)
	if err != nil {
		return workload{}, false
	}
	return k.find(group.WithKind(o.Owner.Kind), c)
}

// ClaimsOwner is true for an object that says it belongs to a judged workload.
// Offline nobody can say who will create it.
func (o Object) ClaimsOwner(c *config.Config) bool {
	_, ok := newKinds().owner(o, c)
	return ok
}

// Annotations and labels by which pods are recognised that are never judged.
const (
	mirrorPod = "kubernetes.io/config.mirror"
)

// toolAnnotations mark the pods of OpenShift's own tools: oc debug, builds and
// deployers.
func toolAnnotations() []string {
	return []string{
		"debug.openshift.io/source-container", "debug.openshift.io/source-resource",
		"openshift.io/build.name", "openshift.io/deployer-pod-for.name", "openshift.io/deployment.name",
	}
}

// exemptPod says why a pod is not judged whatever runs in it; empty when it is.
func exemptPod(o Object) string {
	if policy.IsWindows(&o.Spec) {
		return "windows"
	}
	if !o.IsPod {
		return ""
	}
	if _, ok := o.Annotations[mirrorPod]; ok {
		return "mirror-pod"
	}
	for _, key := range toolAnnotations() {
		_, annotated := o.Annotations[key]
		_, labelled := o.Labels[key]
		if (o.Owner == nil || o.Owner.Kind == "Build") && (annotated || labelled) {
			return "tool-pod"
		}
	}
	for _, c := range o.Spec.Containers {
		if o.Owner == nil && c.Stdin && c.TTY && !asksForInjection(o) {
			return "interactive-pod"
		}
	}
	return ""
}

// asksForInjection is true for a pod whose maker wants to have it injected.
func asksForInjection(o Object) bool {
	value, ok := o.Annotations[config.AnnotationInject]
	return ok && value != config.Never.String()
}

// Exempt says why an object is not judged whatever runs in it; empty when it
// is.
func (o Object) Exempt() string { return exemptPod(o) }

// unchanged is true when nothing of a template that could change an assessment
// differs: a restart or a new replica count is never judged again, let alone
// denied in the middle of an incident.
func unchanged(before, after Object) bool {
	if !reflect.DeepEqual(ownAnnotations(before), ownAnnotations(after)) {
		return false
	}
	return reflect.DeepEqual(judged(&before.Spec), judged(&after.Spec))
}

func ownAnnotations(o Object) map[string]string {
	out := map[string]string{}
	for _, key := range []string{config.AnnotationInject, config.AnnotationExemptContainers} {
		if value, ok := o.Annotations[key]; ok {
			out[key] = value
		}
	}
	return out
}

// judgedPod and judgedContainer hold what an assessment depends on. Values of
// the environment count as far as they get into argv.
type judgedPod struct {
	HostPID, SharePID, Windows bool
	Arch                       string
	Containers                 []judgedContainer
}

type judgedContainer struct {
	Name, Image, WorkingDir      string
	Argv                         []string
	Commands, Args               int
	EnvNames                     []string
	EnvFrom                      bool
	Mounts                       []imageinspect.Mount
	Liveness, Readiness, Startup []string
	PostStart, PreStop           []string
	User                         *int64
}

func judged(spec *corev1.PodSpec) judgedPod {
	p := judgedPod{
		HostPID: spec.HostPID, SharePID: spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace,
		Windows: policy.IsWindows(spec), Arch: spec.NodeSelector[corev1.LabelArchStable],
	}
	for _, c := range policy.Containers(spec) {
		p.Containers = append(p.Containers, judgedOf(spec, c))
	}
	return p
}

func judgedOf(spec *corev1.PodSpec, c policy.Container) judgedContainer {
	o := policy.Overrides(spec, c.Container)
	j := judgedContainer{
		Name: c.Name, Image: c.Image, WorkingDir: c.WorkingDir, EnvFrom: o.EnvFrom, Mounts: o.Mounts, User: o.RunAsUser,
		Argv: imageinspect.Argv(imageinspect.Config{}, o), Commands: len(c.Command), Args: len(c.Args),
		Liveness: probeCommand(c.LivenessProbe), Readiness: probeCommand(c.ReadinessProbe), Startup: probeCommand(c.StartupProbe),
	}
	for _, e := range o.Env {
		j.EnvNames = append(j.EnvNames, e.Name)
	}
	if c.Lifecycle != nil {
		j.PostStart, j.PreStop = hookCommand(c.Lifecycle.PostStart), hookCommand(c.Lifecycle.PreStop)
	}
	return j
}

func probeCommand(p *corev1.Probe) []string {
	if p == nil || p.Exec == nil {
		return nil
	}
	return p.Exec.Command
}

func hookCommand(h *corev1.LifecycleHandler) []string {
	if h == nil || h.Exec == nil {
		return nil
	}
	return h.Exec.Command
}
