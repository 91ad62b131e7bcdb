//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
)

// TestFlood shows that zombies take PIDs: each of a flood's orphans stays where
// PID 1 doesn't reap.
func TestFlood(t *testing.T) {
	t.Parallel()
	const orphans = 200
	image := shared.push(t, "flood:1", images.Spec{
		Programs: []string{"flood"}, Config: imagetest.Spec{Entrypoint: []string{"sleep", "infinity"}},
	})
	shared.create(t, pod{name: "flood", image: image})
	first := firstProcess(t, shared.running(t, "flood"))
	out, err := shared.cluster.Kubectl(t.Context(), "exec", "flood", "--",
		images.ProgramFolder+"/flood", "-orphans", fmt.Sprint(orphans)).CombinedOutput()
	if err != nil {
		t.Fatalf("flood: %v: %s", err, out)
	}
	await(t, reapMost, "a zombie for each orphan", func() (bool, string) {
		all, err := podproc.Read()
		if err != nil {
			return false, err.Error()
		}
		n := all.Zombies(first)
		return n == orphans, fmt.Sprintf("%d zombies", n)
	})
}
