package render

import (
	"slices"
	"strings"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
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
	QuickFix QuickFix `json:"quickFix"`
	// Containers are those with zombies, with what mends each for good.
	Containers []ZombieContainer `json:"containers"`
	// Notes are limits of the answer, Problems what could not be read.
	Notes    []string `json:"notes,omitempty"`
	Problems []string `json:"problems,omitempty"`
}

// QuickFix is what ends the zombies, until there are new ones.
type QuickFix struct {
	Commands []string `json:"commands"`
	Note     string   `json:"note,omitempty"`
}

// ZombieContainer is a container of the workload in which there are zombies, in
// one pod or several.
type ZombieContainer struct {
	Name  string `json:"name"`
	Image string `json:"image,omitempty"`
	// Causes are all that were seen, with their parents.
	Causes []CauseOf `json:"causes"`
	// Expected is what the workload and its image say, null where they could not
	// be read.
	Expected *Answer `json:"expected,omitempty"`
	Mend
}

// CauseOf is a cause and the program that should have waited.
type CauseOf struct {
	Cause     scanner.Cause `json:"cause"`
	Parent    string        `json:"parent"`
	InitHelps scanner.Help  `json:"initHelps"`
}

// Has says whether a cause was seen.
func (c ZombieContainer) Has(cause scanner.Cause) bool {
	return slices.ContainsFunc(c.Causes, func(o CauseOf) bool { return o.Cause == cause })
}

// Orphans says whether PID 1 was seen not to reap.
func (c ZombieContainer) Orphans() bool { return c.Has(scanner.PID1NotReaping) }

// OwnParent is the program that does not wait, or may not have waited, for what
// it started itself; empty for none.
func (c ZombieContainer) OwnParent() string {
	for _, cause := range []scanner.Cause{scanner.ParentNotWaiting, scanner.PID1Ambiguous} {
		for _, o := range c.Causes {
			if o.Cause == cause {
				return o.Parent
			}
		}
	}
	return ""
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
	e.QuickFix = quickFix(e)
	for _, p := range e.Report.Pods {
		for _, c := range p.Containers {
			for _, cause := range c.Causes {
				e.add(c.Name, CauseOf{Cause: scanner.Cause(cause.Cause), Parent: cause.Parent})
			}
		}
	}
	if len(e.Report.Pods) > 0 {
		return e
	}
	// They are gone: what is remembered of the containers still says what mends them.
	for _, o := range e.Report.Observations {
		e.add(o.Container, CauseOf{Cause: scanner.Cause(o.Cause), Parent: o.Parent})
	}
	return e
}

func (e *Explanation) add(container string, cause CauseOf) {
	cause.InitHelps = cause.Cause.InitHelps()
	at := slices.IndexFunc(e.Containers, func(c ZombieContainer) bool { return c.Name == container })
	if at < 0 {
		at = len(e.Containers)
		e.Containers = append(e.Containers, ZombieContainer{Name: container})
	}
	if c := &e.Containers[at]; !slices.Contains(c.Causes, cause) {
		c.Causes = append(c.Causes, cause)
	}
}

// maxDeletes bounds the pods that the quick fix names one by one.
const maxDeletes = 3

// quickFix deletes the pod, or restarts what has many of them.
func quickFix(e Explanation) QuickFix {
	w := e.Report.Workload
	kubectl := "kubectl -n " + e.Namespace
	switch {
	case len(e.Report.Pods) == 0:
		return QuickFix{Commands: []string{}}
	case w.Kind == "Pod":
		return QuickFix{
			Commands: []string{kubectl + " delete pod " + e.Report.Pods[0].Name},
			Note:     "nothing owns this pod, so that nothing makes a new one: keep its manifest",
		}
	case e.Pod == "" && len(e.Report.Pods) > maxDeletes && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, w.Kind):
		return QuickFix{Commands: []string{kubectl + " rollout restart " + strings.ToLower(w.Kind) + "/" + w.Name}, Note: quickNote}
	default:
		q := QuickFix{Note: quickNote}
		for _, p := range e.Report.Pods {
			q.Commands = append(q.Commands, kubectl+" delete pod "+p.Name)
		}
		return q
	}
}

const quickNote = "the zombies end with it, and new ones come from then on"
