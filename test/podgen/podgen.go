// Package podgen makes random pods, of every shape that the API server takes:
// what is done to pods is tested on them.
package podgen

import (
	"fmt"
	"math/rand/v2"
)

// Object is a part of a JSON object.
type Object = map[string]any

// Options say what the pods are like.
type Options struct {
	// Images are what containers run.
	Images []string
	// Restricted makes pods that Pod Security's level restricted lets in.
	Restricted bool
}

// generator makes one pod.
type generator struct {
	*rand.Rand
	Options
}

// Pod makes a pod; the same seed makes the same one.
func Pod(seed uint64, o Options) Object {
	g := generator{rand.New(rand.NewPCG(seed, 2)), o} //nolint:gosec // Repeatable, not secret.
	spec := Object{"containers": g.containers()}
	if g.often() {
		spec["initContainers"] = g.initContainers()
	}
	g.maybe(spec, "volumes", []any{Object{"name": "data", "emptyDir": Object{}}, Object{"name": "more", "emptyDir": Object{"medium": "Memory"}}})
	if spec["volumes"] == nil {
		unmount(spec)
	}
	g.maybe(spec, "shareProcessNamespace", g.IntN(3) == 0)
	g.maybe(spec, "restartPolicy", "Always")
	g.maybe(spec, "terminationGracePeriodSeconds", g.IntN(60))
	g.maybe(spec, "automountServiceAccountToken", false)
	g.maybe(spec, "tolerations", []any{Object{"operator": "Exists"}})
	g.maybe(spec, "nodeSelector", Object{"kubernetes.io/arch": "amd64"})
	g.maybe(spec, "hostname", "web")
	if security := g.podSecurity(); security != nil {
		spec["securityContext"] = security
	}
	metadata := Object{"name": fmt.Sprintf("pod-%d", seed)}
	g.maybe(metadata, "labels", Object{"app": "web"})
	g.maybe(metadata, "annotations", Object{"example.com/a.b": "c"})
	return Object{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
}

func (g generator) often() bool  { return g.IntN(2) == 0 }
func (g generator) seldom() bool { return g.IntN(5) == 0 }

func (g generator) maybe(o Object, field string, value any) {
	if g.often() {
		o[field] = value
	}
}

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) containers() []any {
	var out []any
	for i := range 1 + g.IntN(3) {
		c := g.container(fmt.Sprintf("c%d", i))
		g.probes(c)
		out = append(out, c)
	}
	return out
}

func (g generator) initContainers() []any {
	var out []any
	for i := range g.IntN(3) {
		c := g.container(fmt.Sprintf("i%d", i))
		if g.often() {
			c["restartPolicy"] = "Always"
			g.probes(c)
		}
		out = append(out, c)
	}
	return out
}

func (g generator) container(name string) Object {
	c := Object{"name": name, "image": pick(g, g.Images...)}
	switch g.IntN(4) {
	case 0:
		c["command"] = append([]any{pick(g, "node", "sleep", "java", "python3", "/usr/bin/node")}, g.words()...)
	case 1:
		c["command"] = []any{"sh", "-c", "exec " + pick(g, "node x", `node "$(NAME)"`, "sleep 5", "node $$(A)")}
	default:
	}
	if g.often() {
		c["args"] = g.words()
	}
	if g.often() {
		c["env"] = g.env()
	}
	g.maybe(c, "workingDir", "/srv")
	g.maybe(c, "imagePullPolicy", pick(g, "Always", "IfNotPresent", "Never"))
	if g.often() {
		c["resources"] = g.resources()
	}
	if g.often() {
		c["volumeMounts"] = g.mounts()
	}
	if security := g.security(); security != nil {
		c["securityContext"] = security
	}
	if g.seldom() {
		c["stdin"], c["tty"] = true, g.often()
	}
	return c
}

// words are arguments with all that the kubelet or a shell could take for
// something else.
func (g generator) words() []any {
	out := []any{}
	for range g.IntN(4) {
		out = append(out, pick(g, Words()...))
	}
	return out
}

// Words are words of an argv that are hard to hand on.
func Words() []string {
	return []string{
		"server.js", "--port=8080", "$(NAME)", "$(OTHER)", "$$(NAME)", "$$", "$", "a$$b", "$$$(NAME)", "$(NOT_SET)", "$(", "$(A $$ b", "$()", "${HOME}", "$1",
		"", " ", "two words", `"quoted"`, "'", "\\", "new\nline", "tab\t", "ünï-☃", "--", "-", "*", "a=b", "x;y|z",
	}
}

func (g generator) env() []any {
	out := []any{Object{"name": "NAME", "value": pick(g, "plain", "$$", "$(", "with $(NAME)")}}
	if g.often() {
		out = append(out, Object{"name": "OTHER", "value": "<$(NAME)>$$(NAME)"})
	}
	if g.seldom() {
		out = append(out, Object{"name": "POD", "valueFrom": Object{"fieldRef": Object{"fieldPath": "metadata.name"}}})
	}
	return out
}

func (g generator) resources() Object {
	switch g.IntN(4) {
	case 0:
		same := Object{"cpu": "100m", "memory": "64Mi"}
		return Object{"requests": same, "limits": same}
	case 1:
		return Object{"requests": Object{"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "1Gi"}, "limits": Object{"memory": "32Mi"}}
	case 2:
		return Object{"limits": Object{"memory": pick(g, "8Mi", "1Gi"), "example.com/device": "1"}}
	default:
		return Object{}
	}
}

func (g generator) mounts() []any {
	out := []any{Object{"name": "data", "mountPath": pick(g, "/data", "/var/lib", "/.initguards", "/.initguard"), "readOnly": g.often()}}
	if g.often() {
		out = append(out, Object{"name": "more", "mountPath": "/more", "subPath": "sub"})
	}
	return out
}

// unmount takes the mounts of a pod without volumes away.
func unmount(spec Object) {
	for _, field := range []string{"containers", "initContainers"} {
		list, _ := spec[field].([]any)
		for _, c := range list {
			if c, ok := c.(Object); ok {
				delete(c, "volumeMounts")
			}
		}
	}
}

func (g generator) probes(c Object) {
	exec := func() Object {
		return Object{"exec": Object{"command": pick(g, []any{"sh", "-c", "x | y"}, []any{"cat", "/ready"}, []any{"kill", "-0", "1"}, []any{"cat", "/proc/1/status"})}}
	}
	if g.often() {
		c["readinessProbe"] = exec()
	}
	if g.seldom() {
		c["livenessProbe"] = exec()
	}
	if g.seldom() {
		c["lifecycle"] = Object{"preStop": exec()}
	}
}

func (g generator) podSecurity() Object {
	if g.Restricted {
		return Object{"runAsNonRoot": true, "seccompProfile": Object{"type": "RuntimeDefault"}}
	}
	switch g.IntN(4) {
	case 0:
		return Object{"runAsUser": 1000, "fsGroup": 2000}
	case 1:
		return Object{"seccompProfile": Object{"type": "Unconfined"}}
	default:
		return nil
	}
}

func (g generator) security() Object {
	out := Object{}
	if g.Restricted {
		out["allowPrivilegeEscalation"] = false
		out["capabilities"] = Object{"drop": []any{"ALL"}}
		g.maybe(out, "runAsUser", 1000+g.IntN(5))
		g.maybe(out, "readOnlyRootFilesystem", true)
		return out
	}
	switch g.IntN(6) {
	case 0:
		out["privileged"] = true
	case 1:
		out["capabilities"] = Object{"add": []any{"SYS_ADMIN", "NET_BIND_SERVICE"}}
	case 2:
		out["runAsUser"], out["runAsGroup"], out["procMount"] = 0, 0, "Default"
	case 3:
		out["seLinuxOptions"] = Object{"level": "s0:c1,c2"}
	case 4:
		out["seccompProfile"] = Object{"type": pick(g, "RuntimeDefault", "Localhost"), "localhostProfile": "own.json"}
		if profile, ok := out["seccompProfile"].(Object); ok && profile["type"] == "RuntimeDefault" {
			delete(profile, "localhostProfile")
		}
	default:
		return nil
	}
	return out
}
