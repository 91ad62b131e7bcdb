package v1alpha1

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ReportName is the name of a workload's report. Workloads of Kubernetes itself
// have a plain one, such as statefulset-mongo. Others, and those whose name is
// too long or is none of an object, have a dot after the kind and a hash at the
// end, so that two workloads never share a report.
func (w Workload) ReportName() string {
	kind := strings.ToLower(w.Kind)
	if plain := kind + "-" + w.Name; w.common() && len(validation.IsDNS1123Subdomain(plain)) == 0 {
		return plain
	}
	group := w.Group
	if group == "" {
		group = "core"
	}
	hash := "-" + digest([]string{w.Group, w.Kind, w.Name})
	readable := letters(kind + "." + group + "-" + w.Name)
	readable = readable[:min(len(readable), validation.DNS1123SubdomainMaxLength-len(hash))]
	return strings.TrimRight(readable, ".-") + hash
}

// String is kind and name.
func (w Workload) String() string { return w.Kind + "/" + w.Name }

// common are the kinds of Kubernetes and OpenShift whose plain name means them.
func (w Workload) common() bool {
	switch w.Group {
	case "":
		return w.Kind == "Pod" || w.Kind == "ReplicationController"
	case "apps":
		return w.Kind == "Deployment" || w.Kind == "StatefulSet" || w.Kind == "DaemonSet" || w.Kind == "ReplicaSet"
	case "batch":
		return w.Kind == "Job" || w.Kind == "CronJob"
	case "apps.openshift.io":
		return w.Kind == "DeploymentConfig"
	}
	return false
}

// letters makes a text what an object's name may begin with.
func letters(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		}
		return '-'
	}, strings.ToLower(text))
	var labels []string
	for label := range strings.SplitSeq(text, ".") {
		if label = strings.Trim(label, "-"); label != "" {
			labels = append(labels, label)
		}
	}
	return strings.Join(labels, ".")
}

// ArgvHash is the hash of a container's command and args as its spec has them.
// With the image it tells which argv is meant, and tells nobody what it is.
func ArgvHash(command, args []string) string {
	return digest([][]string{append([]string{}, command...), append([]string{}, args...)})
}

// ExecHash is the hash of what the kubelet runs in a container while it lives,
// its exec probes and its postStart hook, as its spec has them. What preStop starts
// ends with the container.
func ExecHash(c *corev1.Container) string {
	commands := make([][]string, 0, 4)
	add := func(a *corev1.ExecAction) {
		command := []string{}
		if a != nil {
			command = append(command, a.Command...)
		}
		commands = append(commands, command)
	}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p == nil {
			p = &corev1.Probe{}
		}
		add(p.Exec)
	}
	if c.Lifecycle != nil && c.Lifecycle.PostStart != nil {
		add(c.Lifecycle.PostStart.Exec)
	} else {
		add(nil)
	}
	return digest(commands)
}

// digest is a hash of 16 hexadecimal digits; what is hashed is strings in
// slices.
func digest(of any) string {
	text, _ := json.Marshal(of) // strings can always be written
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
