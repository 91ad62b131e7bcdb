//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/test/poll"
)

// removal are the commands that docs/install.md gives, but for the overlay's path.
const removal = `kubectl delete validatingwebhookconfiguration,mutatingwebhookconfiguration -l app.kubernetes.io/name=initguard
kubectl delete -k manifests/overlays/default --ignore-not-found
`

// remove removes an overlay as the page says, and wants nothing left that was not
// there before.
func (in *installation) remove(t *testing.T, overlay string, before map[string]bool) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(shared.builder.Repo, "docs/install.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```\n"+removal+"```\n") {
		t.Fatalf("docs/install.md does not say what is tested: %s", removal)
	}
	for line := range strings.Lines(strings.ReplaceAll(removal, "manifests/overlays/default", overlay)) {
		args := strings.Fields(line + " --timeout " + rolloutMost.String())
		in.run(t, "", args[1:]...)
		if out := in.run(t, installedWorkload, "apply", "--dry-run=server", "-f", "-"); strings.Contains(out, "initguard") {
			t.Errorf("after %q the API server still asks: %s", line, out)
		}
	}
	// What the API server has deleted may take its time to go: the pods of the
	// test's own workloads, too, which kubectl does not wait for.
	poll.Until(t, time.Second, rolloutMost, "nothing is left", func() error {
		for object := range in.objects(t) {
			if !before[object] {
				return fmt.Errorf("left behind: %s", object)
			}
		}
		return nil
	})
}

// objects are all objects of all kinds that a cluster does not make and unmake by
// itself at any time.
func (in *installation) objects(t *testing.T) map[string]bool {
	t.Helper()
	var kinds []string
	for kind := range strings.Lines(in.run(t, "", "api-resources", "--verbs=list,delete", "-o", "name")) {
		switch kind = strings.TrimSpace(kind); kind {
		case "events", "events.events.k8s.io", "leases.coordination.k8s.io", "endpoints", "componentstatuses":
		default:
			kinds = append(kinds, kind)
		}
	}
	found := map[string]bool{}
	out := in.run(t, "", "get", strings.Join(kinds, ","), "-A", "-o", `jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\n"}{end}`)
	for line := range strings.Lines(out) {
		found[strings.TrimSpace(line)] = true
	}
	return found
}
