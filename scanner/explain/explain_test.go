package explain

import (
	"slices"
	"strings"
	"testing"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
)

func TestSituations(t *testing.T) {
	causes := func(list ...scanner.Cause) Causes {
		var c Causes
		for _, one := range list {
			c = append(c, CauseOf{Cause: one, Parent: "p-" + string(one)})
		}
		return c
	}
	for name, tc := range map[string]struct {
		causes Causes
		known  advice.Situation
		want   []advice.Problem
		parent string
	}{
		"orphans":      {causes(scanner.PID1NotReaping), advice.Situation{}, []advice.Problem{advice.LeavesOrphans}, ""},
		"harmed":       {causes(scanner.PID1NotReaping), advice.Situation{Problem: advice.HarmedByOrphans}, []advice.Problem{advice.HarmedByOrphans}, ""},
		"own children": {causes(scanner.ParentNotWaiting), advice.Situation{}, []advice.Problem{advice.KeepsChildren}, "p-ParentNotWaiting"},
		"either":       {causes(scanner.PID1Ambiguous), advice.Situation{}, []advice.Problem{advice.KeepsChildren, advice.LeavesOrphans}, "p-PID1Ambiguous"},
		"both": {causes(scanner.ParentNotWaiting, scanner.PID1NotReaping), advice.Situation{}, []advice.Problem{advice.LeavesOrphans, advice.KeepsChildren},
			"p-ParentNotWaiting"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []advice.Problem
			for _, s := range tc.causes.Situations(tc.known) {
				got = append(got, s.Problem)
				if s.Problem == advice.KeepsChildren && s.Parent != tc.parent {
					t.Errorf("parent %q", s.Parent)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

func TestContainersRemembered(t *testing.T) {
	s := v1alpha1.ZombieReportStatus{Observations: []v1alpha1.Observation{
		{Container: "app", Cause: "PID1NotReaping", Parent: "node"}, {Container: "app", Cause: "PID1NotReaping", Parent: "node"}, {Container: "b", Cause: "ParentNotWaiting"},
	}}
	if got := Containers(&s); len(got) != 2 || len(got[0].Causes) != 1 || got[0].Causes[0].InitHelps != scanner.HelpYes {
		t.Errorf("%+v", got)
	}
	s.Pods = []v1alpha1.Pod{{Name: "p"}}
	if got := Containers(&s); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestQuick(t *testing.T) {
	pods := []v1alpha1.Pod{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}
	for name, tc := range map[string]struct {
		kind string
		pods int
		one  bool
		what string
		last string
	}{
		"none":       {"Deployment", 0, false, "", ""},
		"one":        {"Deployment", 1, false, "delete the pod", "kubectl -n shop delete pod a"},
		"some":       {"Deployment", 3, false, "delete the pods", "kubectl -n shop delete pod c"},
		"many":       {"Deployment", 4, false, "restart the pods", "kubectl -n shop rollout restart deployment/web"},
		"one of":     {"Deployment", 1, true, "delete the pod", "kubectl -n shop delete pod a"},
		"a job's":    {"Job", 4, false, "delete the pods", "kubectl -n shop delete pod d"},
		"of nothing": {"Pod", 1, false, "delete the pod", "kubectl -n shop delete pod a"},
	} {
		s := v1alpha1.ZombieReportStatus{Workload: v1alpha1.Workload{Group: map[string]string{"Deployment": "apps", "Job": "batch"}[tc.kind], Kind: tc.kind, Name: "web"}, Pods: pods[:tc.pods]}
		q := Quick("shop", &s, tc.one)
		if q.What() != tc.what || tc.last != "" && q.Commands[len(q.Commands)-1] != tc.last || (tc.kind == "Pod") != strings.Contains(q.Note, "keep its manifest") {
			t.Errorf("%s: %q, %+v", name, q.What(), q)
		}
	}
}

func TestSpecPath(t *testing.T) {
	for want, w := range map[string]v1alpha1.Workload{
		"spec":                                {Kind: "Pod"},
		"spec.template.spec":                  {Group: "apps", Kind: "Deployment"},
		"spec.jobTemplate.spec.template.spec": {Group: "batch", Kind: "CronJob"},
		"":                                    {Group: "example.org", Kind: "Deployment"},
	} {
		if got := SpecPath(w); got != want {
			t.Errorf("%+v: %q, want %q", w, got, want)
		}
	}
}
