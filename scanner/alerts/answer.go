package alerts

import (
	"fmt"
	"strings"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// What becomes of an alert, in answers and as a label of metrics.
const (
	// ResultJoined: it is kept in a report.
	ResultJoined = "joined"
	// ResultNoZombies: the pod that it names has none.
	ResultNoZombies = "no zombies"
	// ResultNoPod: it names no pod.
	ResultNoPod = "no pod"
	// ResultOwn: it is one of initguard's own.
	ResultOwn = "own"
	// ResultNotStored: there is a report, and it could not be written in time.
	ResultNotStored = "not stored"
)

func results() []string {
	return []string{ResultJoined, ResultNoZombies, ResultNoPod, ResultOwn, ResultNotStored}
}

// Answer is what Alertmanager is answered. Alertmanager itself looks at the status
// alone; the rest is for people.
type Answer struct {
	// Error says why the request was not taken, or not as a whole.
	Error string `json:"error,omitempty"`
	// Summary is the answer in a line.
	Summary string `json:"summary,omitempty"`
	// Truncated is how many alerts Alertmanager left out of the group, Beyond how
	// many were left out here.
	Truncated int `json:"truncated,omitempty"`
	Beyond    int `json:"beyond,omitempty"`
	// Alerts are in the order of the request.
	Alerts []Outcome `json:"alerts,omitempty"`
}

// Outcome is what became of an alert.
type Outcome struct {
	Alert       string `json:"alert"`
	Fingerprint string `json:"fingerprint"`
	Resolved    bool   `json:"resolved,omitempty"`
	Result      string `json:"result"`
	// Namespace and Pod are what it names.
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	// Report and Workload are what it was joined with, Zombies how many the pod
	// has, Cause and Parent those of most of them.
	Report   string `json:"report,omitempty"`
	Workload string `json:"workload,omitempty"`
	Zombies  int32  `json:"zombies,omitempty"`
	Cause    string `json:"cause,omitempty"`
	Parent   string `json:"parent,omitempty"`
	// Looked is what was looked at where no zombies were found.
	Looked *Look `json:"looked,omitempty"`
	// Text says it in a sentence.
	Text string `json:"text"`
}

// joined says what a report has about the pod.
func (o *Outcome) joined(r *v1alpha1.ZombieReport) {
	o.Report, o.Workload = r.Name, r.Status.Summary.Workload
	o.Cause, o.Parent = r.Status.Summary.Cause, r.Status.Summary.Parent
	p := entry(r, o.Pod)
	if p == nil {
		o.Text = fmt.Sprintf("It is one of %s, whose pods have %d zombies.", o.Workload, r.Status.Summary.Zombies)
		return
	}
	o.Zombies = p.Zombies
	if len(p.Containers) > 0 && len(p.Containers[0].Causes) > 0 {
		c := p.Containers[0].Causes[0]
		o.Cause, o.Parent = c.Cause, c.Parent
	}
	o.Text = fmt.Sprintf("The pod has %d zombies since %s, most of them because of %s.", p.Zombies, stamp(p.OldestSince.Time), o.Cause)
	if o.Cause == "" {
		o.Text = fmt.Sprintf("The pod has %d zombies since %s.", p.Zombies, stamp(p.OldestSince.Time))
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Look is what was looked at to find a pod's zombies.
type Look struct {
	// Pod is PodFound, PodUnknown or PodNotAsked.
	Pod string `json:"pod"`
	// Node is where the pod is, Scanned when that node was last scanned, as far as
	// it has told; Silent says that it does not answer now.
	Node    string     `json:"node,omitempty"`
	Scanned *time.Time `json:"scanned,omitempty"`
	Silent  bool       `json:"silent,omitempty"`
}

// Whether the API server has a pod.
const (
	PodFound    = "found"
	PodUnknown  = "unknown"
	PodNotAsked = "not asked"
)

// text says in a sentence that there are no zombies, and how far that is known.
func (l Look) text() string {
	const none = "No zombies are known in this pod: "
	switch {
	case l.Pod == PodUnknown:
		return none + "there is no such pod, or not any more."
	case l.Pod != PodFound:
		return none + "none of those that have some has its name. Whether there is such a pod was not asked."
	case l.Node == "":
		return none + "it is on no node yet."
	case l.Scanned == nil:
		return none + "its node " + l.Node + " has told nothing yet. Does a scanner run there?"
	case l.Silent:
		return none + "its node " + l.Node + " does not answer; it was last scanned at " + stamp(*l.Scanned) + "."
	}
	return none + "its node " + l.Node + " was last scanned at " + stamp(*l.Scanned) + "."
}

// summarise counts the outcomes in a line.
func summarise(a *Answer) {
	counts := make(map[string]int)
	for _, o := range a.Alerts {
		counts[o.Result]++
	}
	var parts []string
	for _, result := range results() {
		if n := counts[result]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, result))
		}
	}
	a.Summary = strings.Join(parts, ", ")
	if a.Truncated > 0 {
		a.Summary += fmt.Sprintf("; Alertmanager left out %d alerts of this group: set max_alerts to 0, or group by namespace and pod", a.Truncated)
	}
	if a.Beyond > 0 {
		a.Summary += fmt.Sprintf("; %d alerts beyond alerts.maxAlerts were not looked at", a.Beyond)
	}
}
