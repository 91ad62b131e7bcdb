package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/initguard/initguard/imageinspect/imagetest"
)

// event is what is looked at of an Event.
type event struct {
	Metadata            struct{ Name string }
	Regarding           struct{ Kind, Name, UID, APIVersion string }
	Reason, Note, Type  string
	ReportingController string
}

// eventsIn lists the Events of a namespace that initguard made.
func eventsIn(t *testing.T, namespace string) []event {
	t.Helper()
	out, err := kubectl(t, "", "get", "events.events.k8s.io", "-n", namespace, "-o", "json")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var list struct{ Items []event }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	var ours []event
	for _, e := range list.Items {
		if e.ReportingController == "initguard.dev/webhook" {
			ours = append(ours, e)
		}
	}
	return ours
}

// warningIn is the text of the warning that kubectl printed.
func warningIn(out string) string {
	for line := range strings.Lines(out) {
		if text, ok := strings.CutPrefix(line, "Warning: "); ok {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// TestLateVerdictBecomesOneEvent: a slow registry lets the apply through
// without a verdict, and whoever applied finds it as one Event. Who applies
// again is warned at once, and no second Event is made.
func TestLateVerdictBecomesOneEvent(t *testing.T) {
	namespace(t, "late", "")
	for _, image := range []string{"late/web:1", "late/dry:1", "late/tini:1"} {
		cmd := []string{"node", image}
		if image == "late/tini:1" {
			cmd = []string{"tini", "--", "node"}
		}
		if _, err := shared.Registry.PushSpecs(t.Context(), image, imagetest.Spec{Cmd: cmd}); err != nil {
			t.Fatal(err)
		}
	}
	const probe = `readinessProbe: {exec: {command: [sh, -c, "x | y"]}}`
	manifest := deployment("late", "web", "{name: app, image: REGISTRY/late/web:1, "+probe+"}")
	before := lateVerdicts(t)
	gate, open := imagetest.Gate()
	shared.Registry.Break(gate)
	defer shared.Registry.Break(nil)
	for name, out := range map[string]string{
		"web":  apply(t, manifest),
		"dry":  apply(t, deployment("late", "dry", "{name: app, image: REGISTRY/late/dry:1}"), "--dry-run=server"),
		"tini": apply(t, deployment("late", "tini", "{name: app, image: REGISTRY/late/tini:1}")),
	} {
		if strings.Contains(out, "Warning") {
			t.Errorf("%s while the registry hangs: %s", name, out)
		}
	}
	if got := eventsIn(t, "late"); len(got) != 0 {
		t.Errorf("Events before there is a verdict: %+v", got)
	}
	open()
	eventually(t, "both late verdicts", func() error {
		if got := lateVerdicts(t); got["told"] != before["told"]+1 || got["clean"] != before["clean"]+1 {
			return fmt.Errorf("got %v, before %v", got, before)
		}
		return nil
	})
	found := eventsIn(t, "late")
	// With a change, or kubectl would send nothing.
	again := apply(t, strings.Replace(manifest, "{name: app,", "{name: app, env: [{name: A, value: b}],", 1))
	warning := warningIn(again)
	if len(found) != 1 || !strings.HasPrefix(warning, "initguard: container ") || found[0].Note != warning {
		t.Fatalf("Events %+v, want one that says %q; applied again: %s", found, warning, again)
	}
	uid, err := kubectl(t, "", "get", "deployment", "web", "-n", "late", "-o", "jsonpath={.metadata.uid}")
	if e := found[0]; err != nil || e.Regarding.UID != uid || e.Regarding.Kind != "Deployment" || e.Regarding.Name != "web" ||
		e.Regarding.APIVersion != "apps/v1" || e.Reason != "PID1DoesNotReap" || e.Type != "Warning" {
		t.Errorf("%+v; the Deployment's uid is %s (%v)", e, uid, err)
	}
	if out, err := kubectl(t, "", "describe", "deployment", "web", "-n", "late"); err != nil || !strings.Contains(out, warning) {
		t.Errorf("kubectl describe does not show it (%v):\n%s", err, out)
	}
	if got := eventsIn(t, "late"); len(got) != 1 || got[0].Metadata.Name != found[0].Metadata.Name {
		t.Errorf("Events after the second apply: %+v", got)
	}
}

// TestLateVerdictOnAPod: a pod that nothing owns has its name by the time it is
// judged, generated or not.
func TestLateVerdictOnAPod(t *testing.T) {
	namespace(t, "late-pod", "")
	if _, err := shared.Registry.PushSpecs(t.Context(), "late/pod:1", imagetest.Spec{Cmd: []string{"node", "pod"}}); err != nil {
		t.Fatal(err)
	}
	gate, open := imagetest.Gate()
	shared.Registry.Break(gate)
	defer shared.Registry.Break(nil)
	manifest := "apiVersion: v1\nkind: Pod\nmetadata: {generateName: job-, namespace: late-pod}\nspec: {containers: [{name: app, image: REGISTRY/late/pod:1}]}\n"
	name, err := kubectl(t, manifest, "create", "-f", "-", "-o", "name")
	if err != nil {
		t.Fatalf("%v: %s", err, name)
	}
	open()
	eventually(t, "the Event", func() error {
		got := eventsIn(t, "late-pod")
		if len(got) != 1 || "pod/"+got[0].Regarding.Name != strings.TrimSpace(name) {
			return fmt.Errorf("Events %+v, want one on %s", got, name)
		}
		return nil
	})
}

// lateVerdicts are the late verdicts so far, by what became of them.
func lateVerdicts(t *testing.T) map[string]float64 {
	t.Helper()
	return labelled(t, "initguard_late_verdicts_total", "result")
}
