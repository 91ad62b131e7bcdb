package policy

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
)

// Container is a container that runs on, with its place in the pod's spec.
type Container struct {
	*corev1.Container
	// Path is the field below the pod's spec: containers[0].
	Path string
}

// Containers are those that run on: the containers and the native sidecars.
// Plain init containers end by themselves, ephemeral ones are somebody
// debugging.
func Containers(spec *corev1.PodSpec) []Container {
	out := make([]Container, 0, len(spec.Containers))
	for i := range spec.Containers {
		out = append(out, Container{Container: &spec.Containers[i], Path: fmt.Sprintf("containers[%d]", i)})
	}
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			out = append(out, Container{Container: c, Path: fmt.Sprintf("initContainers[%d]", i)})
		}
	}
	return out
}

// Overrides is what the pod says over the image about a container's process.
func Overrides(spec *corev1.PodSpec, c *corev1.Container) imageinspect.Overrides {
	o := imageinspect.Overrides{
		Command: c.Command, Args: c.Args, WorkingDir: c.WorkingDir, EnvFrom: len(c.EnvFrom) > 0,
		Env:    make([]imageinspect.EnvVar, 0, len(c.Env)),
		Mounts: make([]imageinspect.Mount, 0, len(c.VolumeMounts)),
	}
	if s := spec.SecurityContext; s != nil {
		o.RunAsUser = s.RunAsUser
	}
	if s := c.SecurityContext; s != nil && s.RunAsUser != nil {
		o.RunAsUser = s.RunAsUser
	}
	for _, e := range c.Env {
		o.Env = append(o.Env, imageinspect.EnvVar{Name: e.Name, Value: e.Value, Unknown: e.ValueFrom != nil})
	}
	for _, m := range c.VolumeMounts {
		o.Mounts = append(o.Mounts, imageinspect.Mount{Path: m.MountPath, Volume: m.Name})
	}
	return o
}

// Platforms narrows platforms (os/arch) to those on which the pod can run, by
// its nodeSelector.
func Platforms(spec *corev1.PodSpec, platforms []string) []string {
	arch, ok := spec.NodeSelector[corev1.LabelArchStable]
	if !ok {
		return platforms
	}
	return []string{"linux/" + arch}
}
