package render

import (
	"time"

	"github.com/initguard/initguard/webhook/policy"
)

// Check is the answer of `initguard check`.
type Check struct {
	Workloads []Workload `json:"workloads"`
	// Problems are parts of the input that could not be used as they stand.
	Problems []Problem `json:"problems"`
	Summary  Summary   `json:"summary"`
}

// Workload is one object that holds a pod template, or a pod.
type Workload struct {
	Place
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	// Exempt says why the workload is not judged; empty when it is.
	Exempt string `json:"exempt,omitempty"`
	// Modes are those that the cluster would go by; null for exempt workloads.
	Modes *Modes `json:"modes,omitempty"`
	// Warnings are the lines that the cluster would have kubectl print.
	Warnings   []string    `json:"warnings,omitempty"`
	Containers []Container `json:"containers"`
}

// Place is where something stands in the input.
type Place struct {
	File string `json:"file"`
	// Line counts from 1; 0 when it is the whole file.
	Line int `json:"line,omitempty"`
	// Document counts the documents of the file from 1; 0 when it is the whole
	// file.
	Document int `json:"document,omitempty"`
}

// Modes are from which risk on each mode acts.
type Modes struct {
	Warn    string `json:"warn"`
	Audit   string `json:"audit"`
	Enforce string `json:"enforce"`
	Inject  string `json:"inject"`
}

// Action is what the cluster would do about a container.
type Action string

// The actions.
const (
	NoAction Action = "none"
	Audit    Action = "audit"
	Warn     Action = "warn"
	Deny     Action = "deny"
)

// Finding is what is wrong with a container's PID 1.
type Finding string

// The findings, which are the rules of SARIF output too.
const (
	NoFinding       Finding = ""
	DoesNotReap     Finding = "pid1-does-not-reap"
	HarmedByOrphans Finding = "pid1-harmed-by-orphans"
	Unknown         Finding = "pid1-unknown"
)

// Container is one container that runs on.
type Container struct {
	Name string `json:"name"`
	// Path is the container's field in the object, and Line where it stands.
	Path  string `json:"path"`
	Line  int    `json:"line,omitempty"`
	Image string `json:"image"`
	Answer
	Way
	// Finding is empty when nothing is wrong.
	Finding Finding     `json:"finding,omitempty"`
	Risk    policy.Risk `json:"risk"`
	// Exposures are what in the pod can leave orphans; their Path is the field
	// in the object.
	Exposures []policy.Exposure `json:"exposures,omitempty"`
	// Observed is what was seen of zombies with this image and command, null
	// where nothing was.
	Observed *Observed `json:"observed,omitempty"`
	// Message says the finding and its fix on one line.
	Message string `json:"message,omitempty"`
	Mend
	// Exempt is true when the workload's annotation exempts the container. It
	// counts for the exit code only if the cluster would deny it all the same.
	Exempt bool `json:"exempt,omitempty"`
	// Cluster is what the cluster would do.
	Cluster Action `json:"cluster"`
}

// Observed is what a ZombieReport says of a container.
type Observed struct {
	// Zombies is the highest number in one pod, 0 where it is not known.
	Zombies int `json:"zombies"`
	// Parent is the name of the PID 1 that left them.
	Parent    string    `json:"parent,omitempty"`
	FirstSeen time.Time `json:"firstSeen"`
	LastSeen  time.Time `json:"lastSeen"`
}

// String says it on one line.
func (o Observed) String() string {
	return policy.Observation{Zombies: o.Zombies, First: o.FirstSeen, Last: o.LastSeen}.String()
}

// Counts is true when the container counts for the exit code.
func (c Container) Counts() bool { return !c.Exempt || c.Cluster == Deny }

// Problem is a part of the input that could not be used as it stands.
type Problem struct {
	Place
	Text string `json:"text"`
}

// String is the problem on one line, fit for a terminal.
func (p Problem) String() string {
	if p.File == "" {
		return Printable(p.Text)
	}
	return p.Place.String() + ": " + Printable(p.Text)
}

// Summary counts.
type Summary struct {
	Workloads  int `json:"workloads"`
	Containers int `json:"containers"`
	// Findings are those of each risk; Failing those that --fail-on asks for.
	Findings RiskCounts `json:"findings"`
	Failing  int        `json:"failing"`
	Unknown  int        `json:"unknown"`
	// Exempt are workloads that are not judged, and containers that an
	// annotation exempts.
	Exempt   int `json:"exempt"`
	Problems int `json:"problems"`
	// Ignored are objects that run nothing.
	Ignored int `json:"ignored"`
}

// RiskCounts are findings by risk.
type RiskCounts struct {
	Possible int `json:"possible"`
	Exposed  int `json:"exposed"`
	Observed int `json:"observed"`
}

// Total is their number.
func (r RiskCounts) Total() int { return r.Possible + r.Exposed + r.Observed }

func (r *RiskCounts) add(risk policy.Risk) {
	switch risk {
	case policy.Possible:
		r.Possible++
	case policy.Exposed:
		r.Exposed++
	case policy.Observed:
		r.Observed++
	}
}

// Summarize counts; failing says for which risks --fail-on asks.
func (c *Check) Summarize(failing func(policy.Risk) bool, ignored int) {
	s := Summary{Workloads: len(c.Workloads), Problems: len(c.Problems), Ignored: ignored}
	for _, w := range c.Workloads {
		if w.Exempt != "" {
			s.Exempt++
		}
		for _, container := range w.Containers {
			s.Containers++
			switch {
			case !container.Counts():
				s.Exempt++
			case container.Finding == Unknown:
				s.Unknown++
			case container.Finding != NoFinding:
				s.Findings.add(container.Risk)
				if failing(container.Risk) {
					s.Failing++
				}
			}
		}
	}
	c.Summary = s
}
