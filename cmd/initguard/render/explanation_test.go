package render

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/imageinspect"
)

// hostileReport has names that nobody checked.
func hostileReport(now time.Time) v1alpha1.ZombieReport {
	const evil = "\x1b[31m\nx"
	since := metav1.NewTime(now.Add(-time.Hour))
	cause := v1alpha1.Cause{
		Cause: "PID1NotReaping", Parent: evil, Parents: 3, Zombies: 9, OldestSince: since, OtherChildren: 2,
		Children:  []v1alpha1.Children{{Name: evil, Count: 7}},
		StartedBy: &v1alpha1.Starter{Container: evil, Field: evil, Certainty: "Likely"},
	}
	full := metav1.NewTime(now.Add(-time.Minute))
	used, limit := int64(1234567), int64(1234567)
	return v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns"},
		Status: v1alpha1.ZombieReportStatus{
			Workload: v1alpha1.Workload{Kind: evil, Name: evil},
			Summary:  v1alpha1.Summary{Workload: evil, Pods: 5, Zombies: 9, OldestSince: &since, PerHour: evil, PIDLimitIn: evil, Cause: "PID1NotReaping", Parent: evil},
			Pods: []v1alpha1.Pod{{
				Name: evil, Node: evil, Zombies: 9, PIDsUsed: &used, PIDLimit: &limit, LimitAt: &full,
				Containers: []v1alpha1.Container{{Zombies: 9, Causes: []v1alpha1.Cause{cause}, OtherZombies: 1}}, OtherContainers: 1,
			}},
			OtherPods: 4, FirstSeen: since, LastSeen: since,
		},
	}
}

// TestExplanationIsPrintable holds that nothing of a report reaches a terminal
// as it is, and that colours are asked for.
func TestExplanationIsPrintable(t *testing.T) {
	now := time.Now()
	e := NewExplanation(hostileReport(now), "")
	e.Containers[0].Expected = &Answer{Verdict: imageinspect.Reaps, PID1: "tini"}
	e.Containers[0].Fix = &Fix{Path: "image", Change: "tini"}
	e.Notes = []string{"\x1b"}
	for _, color := range []bool{false, true} {
		var out strings.Builder
		table := ReportTable{Style: Style{Color: color}, Namespaces: true, Wide: true, Now: now}
		if err := table.Write(&out, []v1alpha1.ZombieReport{hostileReport(now)}); err != nil {
			t.Fatal(err)
		}
		if err := e.Write(&out, Style{Color: color}, now); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if got := strings.Contains(text, "\x1b[31mPID1NotReaping\x1b[0m"); got != color {
			t.Errorf("colour %v: %q", color, text)
		}
		for _, code := range []string{"31", "33", "2", "0"} {
			text = strings.ReplaceAll(text, "\x1b["+code+"m", "")
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); Printable(line) != line {
				t.Errorf("not printable: %q", line)
			}
		}
		text = strings.Join(strings.Fields(text), " ")
		for _, want := range []string{
			"1,234,567 of 1,234,567 in use", "none is left: the pod can't start processes any more", "and 4 pods more", "and 1 container more",
			"a container that is not in the pod any more: 9 zombies", "others 2", "1 zombie of other causes", "and 2 more of that name",
			"say tini, which reaps: was the pod started before they changed?",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("lacks %q:\n%s", want, text)
			}
		}
	}
}
