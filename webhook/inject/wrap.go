package inject

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// What wrap puts into a pod.
const (
	// Name is that of the init container and of the volume.
	Name = "initguard-tini"
	// Folder is where the volume is mounted.
	Folder = "/.initguard"
	// tini is the program that is put in front.
	tini = Folder + "/tini"
)

// sources are the files of initguard's image that the init container starts and
// copies.
func sources() []string { return []string{"/initguard", "/usr/bin/tini-static"} }

// installCommand copies the static tini of initguard's image into Folder.
func installCommand() []string { return []string{"/initguard", "install-tini", Folder} }

// volumeSize bounds the volume, in bytes: a static tini has less than 1 MiB.
const volumeSize = 16 << 20

// wrap puts tini before the argv of containers.
func (p planner) wrap(b *builder, targets []target) {
	for _, t := range targets {
		at := t.field(p.Pod.Spec)
		front(b, at, t)
		list(b, at+"/volumeMounts", len(t.VolumeMounts), corev1.VolumeMount{Name: Name, MountPath: Folder, ReadOnly: true})
	}
	if installed(p.Pod.Spec, p.Options.Image) {
		return
	}
	size := resource.NewQuantity(volumeSize, resource.BinarySI)
	list(b, "/spec/volumes", len(p.Pod.Spec.Volumes), corev1.Volume{
		Name: Name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: size}},
	})
	install := p.initContainer(targets[0])
	if len(p.Pod.Spec.InitContainers) == 0 {
		b.add("/spec/initContainers", []container{install})
		return
	}
	// Native sidecars start one after the other: tini has to be there before.
	b.add("/spec/initContainers/0", install)
}

// list appends to a list that may not be there yet.
func list[T any](b *builder, path string, length int, item T) {
	if length == 0 {
		b.add(path, []T{item})
		return
	}
	b.add(path+"/-", item)
}

// front puts tini before a container's argv. A command of the pod stays word by
// word; ENTRYPOINT and CMD of the image are copied, so that a command does not
// make the runtime forget them.
func front(b *builder, at string, t target) {
	if len(t.Command) > 0 {
		b.add(at+"/command/0", "--")
		b.add(at+"/command/0", tini)
		return
	}
	r := t.Result
	b.add(at+"/command", append([]string{tini, "--"}, Escape(r.Argv[:r.Entrypoint])...))
	if cmd := r.Argv[r.Entrypoint:]; len(t.Args) == 0 && len(cmd) > 0 {
		b.add(at+"/args", Escape(cmd))
	}
}

// Escape makes words of an image fit for a pod, where the kubelet replaces
// $(NAME) by a variable and $$ by a dollar sign.
//
// Source: https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
func Escape(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ReplaceAll(w, "$", "$$")
	}
	return out
}

// initContainer is the init container that brings tini for a container and
// those after it. It asks for what that container asks for, and no more: so
// it passes where that one passes (Pod Security, SCCs, LimitRanges), and the
// pod's effective requests, quota and QoS class stay the same.
func (p planner) initContainer(t target) container {
	return container{Resources: resourcesOf(t.Resources), Container: corev1.Container{
		Name: Name, Image: p.Options.Image, ImagePullPolicy: corev1.PullIfNotPresent, Command: installCommand(),
		VolumeMounts:    []corev1.VolumeMount{{Name: Name, MountPath: Folder}},
		SecurityContext: securityOf(t.SecurityContext),
	}}
}

// container is a container whose JSON has no resources where it asks for none.
type container struct {
	corev1.Container
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// resourcesOf are the requests and limits of what every container uses:
// devices and huge pages are for the program alone.
func resourcesOf(r corev1.ResourceRequirements) *corev1.ResourceRequirements {
	var out corev1.ResourceRequirements
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		out.Requests = with(out.Requests, r.Requests, name)
		out.Limits = with(out.Limits, r.Limits, name)
	}
	if len(out.Requests)+len(out.Limits) == 0 {
		return nil
	}
	return &out
}

func with(to, from corev1.ResourceList, name corev1.ResourceName) corev1.ResourceList {
	quantity, ok := from[name]
	if !ok {
		return to
	}
	if to == nil {
		to = corev1.ResourceList{}
	}
	to[name] = quantity.DeepCopy()
	return to
}

// securityOf takes over who the container is (user, labels, profiles), and none
// of what it may do beyond: the init container only writes into a volume.
func securityOf(of *corev1.SecurityContext) *corev1.SecurityContext {
	no, yes := false, true
	out := &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	if of != nil {
		of = of.DeepCopy()
		out.RunAsUser, out.RunAsGroup, out.RunAsNonRoot = of.RunAsUser, of.RunAsGroup, of.RunAsNonRoot
		out.SELinuxOptions, out.SeccompProfile, out.AppArmorProfile = of.SELinuxOptions, of.SeccompProfile, of.AppArmorProfile
	}
	return out
}

// installed is true for a pod whose init container and volume bring the tini of
// an image of the same repository, and in which nothing else can write there.
func installed(spec *corev1.PodSpec, image string) bool {
	return image != "" && hasVolume(spec) && hasInstall(spec, image) && !slices.ContainsFunc(others(spec), mayWrite)
}

func hasVolume(spec *corev1.PodSpec) bool {
	return slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == Name && v.EmptyDir != nil })
}

func hasInstall(spec *corev1.PodSpec, image string) bool {
	return slices.ContainsFunc(spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == Name && repository(c.Image) == repository(image) && slices.Equal(c.Command, installCommand()) && len(c.Args) == 0 &&
			c.RestartPolicy == nil && mountsFolder(&c) && !slices.ContainsFunc(sources(), func(file string) bool { return covered(&c, file) })
	})
}

// others are the containers that have no business in the volume.
func others(spec *corev1.PodSpec) []corev1.Container {
	out := append([]corev1.Container(nil), spec.Containers...)
	for _, c := range spec.InitContainers {
		if c.Name != Name {
			out = append(out, c)
		}
	}
	return out
}

func mayWrite(c corev1.Container) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == Name && !m.ReadOnly })
}

// mountsFolder is true for a container that has the whole volume at Folder, and
// nothing over it.
func mountsFolder(c *corev1.Container) bool {
	there := false
	for _, m := range c.VolumeMounts {
		switch {
		case m.Name == Name && m.MountPath == Folder && m.SubPath == "" && m.SubPathExpr == "":
			there = true
		case over(m.MountPath):
			return false
		}
	}
	return there
}

// covered is true for a file in whose place a container may find one of a
// volume.
func covered(c *corev1.Container, file string) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return hides(m.MountPath, file) }) ||
		slices.ContainsFunc(c.VolumeDevices, func(d corev1.VolumeDevice) bool { return hides(d.DevicePath, file) })
}

// over is true for a path that hides Folder or something in it.
func over(at string) bool { return hides(at, Folder) }

// hides is true for a mount that hides a file or something in it. The API takes
// paths such as /x/../y, and runtimes mount at what they come to.
func hides(at, file string) bool {
	at = path.Clean("/" + at)
	return at == "/" || at == file || strings.HasPrefix(at, file+"/") || strings.HasPrefix(file, at+"/")
}

// isWrapped is true for a container that is started by the tini that installed
// found.
func isWrapped(spec *corev1.PodSpec, c *corev1.Container, image string) bool {
	started := len(c.Command) >= 2 && c.Command[0] == tini && c.Command[1] == "--" && len(c.Command)+len(c.Args) > 2
	return started && mountsFolder(c) && installed(spec, image)
}

// repository is an image's name without tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[:i]
	}
	return image
}
