//go:build e2e

package e2e

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
)

// TestNodeServes shows that what later tests lean on works: kubectl exec and
// logs, and a Service, from a pod and from this machine, as the API server
// calls webhooks.
func TestNodeServes(t *testing.T) {
	t.Parallel()
	image := shared.push(t, "serves:1", images.Spec{
		Config: imagetest.Spec{Entrypoint: []string{"bash", "-c", "echo hello; sleep infinity; true"}},
	})
	shared.create(t, pod{name: "serves", image: image})
	shared.running(t, "serves")
	await(t, reapMost, "kubectl logs", func() (bool, string) {
		out, err := shared.cluster.Kubectl(t.Context(), "logs", "serves").CombinedOutput()
		return err == nil && strings.TrimSpace(string(out)) == "hello", string(out)
	})
	ip, err := shared.cluster.Kubectl(t.Context(), "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}").Output()
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(string(ip), "443")
	await(t, reapMost, "the Service answers in a pod", func() (bool, string) {
		out, err := shared.cluster.Kubectl(t.Context(), "exec", "serves", "--", "bash", "-c",
			"exec 3<>/dev/tcp/"+string(ip)+"/443 && echo open").CombinedOutput()
		return err == nil && strings.TrimSpace(string(out)) == "open", string(out)
	})
	await(t, reapMost, "the Service answers on this machine", func() (bool, string) {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false, err.Error()
		}
		return connection.Close() == nil, ""
	})
}

// TestUnwaitedChildren shows what an init can't help with: a program that
// doesn't wait for its own children has zombies below itself, under tini, too.
func TestUnwaitedChildren(t *testing.T) {
	t.Parallel()
	image := shared.push(t, "unwaited:1", images.Spec{
		Packages: []string{"tini"}, Programs: []string{"unwaited"},
		Config: imagetest.Spec{Entrypoint: []string{"tini", "--", images.ProgramFolder + "/unwaited", "-children", "3"}},
	})
	shared.create(t, pod{name: "unwaited", image: image})
	first := firstProcess(t, shared.running(t, "unwaited"))
	await(t, reapMost, "three zombies below tini's child", func() (bool, string) {
		all, err := podproc.Read()
		if err != nil {
			return false, err.Error()
		}
		below := 0
		for _, p := range all {
			if p.Parent == first.PID && !p.Zombie {
				below += all.Zombies(p)
			}
		}
		return below == 3 && all.Zombies(first) == 0, "not yet"
	})
}
