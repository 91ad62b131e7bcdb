package render

import (
	"time"

	"github.com/initguard/initguard/webhook/policy"
)

// ClusterAudit is the answer of `initguard audit`.
type ClusterAudit struct {
	// Cluster is the API server's address.
	Cluster string `json:"cluster"`
	// Made is when, Version which initguard judged.
	Made    time.Time `json:"made"`
	Version string    `json:"version"`
	// Workloads are what runs, by namespace and name.
	Workloads []AuditedWorkload `json:"workloads"`
	// Namespaces are those with workloads, by name.
	Namespaces []AuditedNamespace `json:"namespaces"`
	// Settings say what each mode would do at each risk.
	Settings []Setting `json:"settings"`
	// Problems are what could not be read.
	Problems []string     `json:"problems"`
	Summary  AuditSummary `json:"summary"`
}

// AuditedWorkload is one object that holds a pod template, or a pod, as it is
// in the cluster.
type AuditedWorkload struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	// Exempt says why the workload is not judged; empty when it is.
	Exempt string `json:"exempt,omitempty"`
	// Modes are those in force; null for exempt workloads.
	Modes *Modes `json:"modes,omitempty"`
	// Containers are those that run on.
	Containers []Container `json:"containers"`
	// Risk is the worst of the findings, DenyRisk that of those that enforce
	// may deny: annotations can exempt containers from it.
	Risk     policy.Risk `json:"risk"`
	DenyRisk policy.Risk `json:"denyRisk"`
	// Injection is what inject would do, by the least risk it is set to.
	Injection map[string]Injection `json:"injection,omitempty"`
}

// Injection is what the inject mode would do to the pods of a workload.
type Injection struct {
	// Strategy is empty where nothing would be done.
	Strategy   string   `json:"strategy,omitempty"`
	Containers []string `json:"containers,omitempty"`
	// Refused says why pods, or some containers, would stay as they are.
	Refused string `json:"refused,omitempty"`
}

// AuditedNamespace counts the workloads of a namespace.
type AuditedNamespace struct {
	Name      string     `json:"name"`
	Modes     Modes      `json:"modes"`
	Workloads int        `json:"workloads"`
	Findings  RiskCounts `json:"findings"` // workloads, by their worst
	Unknown   int        `json:"unknown"`
	// Problems are what is wrong with its labels.
	Problems []string `json:"problems,omitempty"`
}

// Setting is a mode at a risk, and the workloads that it would act on.
type Setting struct {
	Mode string `json:"mode"`
	Risk string `json:"risk"`
	// Workloads are those that would be warned about, denied, or made safe.
	Workloads int `json:"workloads"`
	// SharePID and Wrap are those of inject by strategy, Refused those that
	// would stay as they are though there is a finding.
	SharePID int `json:"sharePID,omitempty"`
	Wrap     int `json:"wrap,omitempty"`
	Refused  int `json:"refused,omitempty"`
}

// AuditSummary counts.
type AuditSummary struct {
	Workloads  int        `json:"workloads"`
	Containers int        `json:"containers"`
	Findings   RiskCounts `json:"findings"` // workloads, by their worst
	Unknown    int        `json:"unknown"`
	Exempt     int        `json:"exempt"`
}

// AuditRisks are the risks that a mode can be set to, the mildest setting
// first.
func AuditRisks() []policy.Risk {
	return []policy.Risk{policy.Observed, policy.Exposed, policy.Possible}
}

// Summarize fills in what follows from the workloads; namespaces are those that
// are known, with their modes.
func (a *ClusterAudit) Summarize(namespaces map[string]AuditedNamespace) {
	a.Namespaces = []AuditedNamespace{}
	for i, w := range a.Workloads {
		n := len(a.Namespaces) - 1
		if i == 0 || a.Namespaces[n].Name != w.Namespace {
			a.Namespaces = append(a.Namespaces, namespaces[w.Namespace])
			n++
			a.Namespaces[n].Name = w.Namespace
		}
		a.Namespaces[n].Workloads++
		a.Namespaces[n].Findings.add(w.Risk)
		a.Summary.Findings.add(w.Risk)
		a.Summary.Containers += len(w.Containers)
		if w.Exempt != "" {
			a.Summary.Exempt++
		}
		if w.unknown() {
			a.Namespaces[n].Unknown++
			a.Summary.Unknown++
		}
	}
	a.Summary.Workloads = len(a.Workloads)
	a.Settings = nil
	for _, mode := range []string{"warn", "enforce", "inject"} {
		for _, risk := range AuditRisks() {
			a.Settings = append(a.Settings, a.setting(mode, risk))
		}
	}
}

// unknown is true where a container's PID 1 can't be told.
func (w AuditedWorkload) unknown() bool {
	for _, c := range w.Containers {
		if c.Finding == Unknown {
			return true
		}
	}
	return false
}

func (a *ClusterAudit) setting(mode string, risk policy.Risk) Setting {
	s := Setting{Mode: mode, Risk: risk.String()}
	for _, w := range a.Workloads {
		acts := w.Risk
		if mode == "enforce" {
			acts = w.DenyRisk
		}
		if acts < risk {
			continue
		}
		if mode != "inject" {
			s.Workloads++
			continue
		}
		injection := w.Injection[risk.String()]
		switch injection.Strategy {
		case "share-pid":
			s.SharePID++
			s.Workloads++
		case "wrap":
			s.Wrap++
			s.Workloads++
		}
		if injection.Refused != "" {
			s.Refused++
		}
	}
	return s
}
