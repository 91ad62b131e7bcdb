package render

import (
	"slices"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/explain"
)

// Explanation says all that is known of a workload's zombies, or of those of
// one of its pods.
type Explanation struct {
	Namespace string `json:"namespace"`
	// Pod is the pod that was asked for; empty for the workload.
	Pod string `json:"pod,omitempty"`
	// Report is what the responder found, with that pod alone where one was
	// asked for.
	Report v1alpha1.ZombieReportStatus `json:"report"`
	// QuickFix ends the zombies that are there.
	QuickFix explain.QuickFix `json:"quickFix"`
	// Containers are those with zombies, with what mends each for good.
	Containers []ZombieContainer `json:"containers"`
	// Notes are limits of the answer, Problems what could not be read.
	Notes    []string `json:"notes,omitempty"`
	Problems []string `json:"problems,omitempty"`
}

// ZombieContainer is a container of the workload in which there are zombies, in
// one pod or several.
type ZombieContainer struct {
	Name  string `json:"name"`
	Image string `json:"image,omitempty"`
	// Causes are all that were seen, with their parents.
	Causes explain.Causes `json:"causes"`
	// Expected is what the workload and its image say, null where they could not
	// be read.
	Expected *Answer `json:"expected,omitempty"`
	Mend
}

// NewExplanation takes a report apart; pod may name one of its pods. The fixes
// are still to be added.
func NewExplanation(r v1alpha1.ZombieReport, pod string) Explanation {
	e := Explanation{Namespace: r.Namespace, Pod: pod, Report: r.Status, Containers: []ZombieContainer{}}
	if r.Status.Workload.Kind == "Pod" {
		e.Pod = "" // it is the workload itself
	} else if pod != "" {
		e.Report.Pods = slices.DeleteFunc(slices.Clone(r.Status.Pods), func(p v1alpha1.Pod) bool { return p.Name != pod })
	}
	e.QuickFix = explain.Quick(e.Namespace, &e.Report, e.Pod != "")
	for _, c := range explain.Containers(&e.Report) {
		e.Containers = append(e.Containers, ZombieContainer{Name: c.Name, Causes: c.Causes})
	}
	return e
}
