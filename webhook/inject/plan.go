package inject

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/webhook/policy"
)

// Strategy is how a pod is made safe.
type Strategy string

// The strategies. Auto is only ever asked for: it becomes one of the others, or
// None.
const (
	None     Strategy = ""
	Auto     Strategy = "auto"
	SharePID Strategy = "share-pid" // shareProcessNamespace: the sandbox process reaps
	Wrap     Strategy = "wrap"      // a static tini before the container's own argv
)

// Options are what a plan goes by besides the pod.
type Options struct {
	// Strategy is the one that is asked for.
	Strategy Strategy
	// Allowed are those that may be used: SharePID, Wrap.
	Allowed []Strategy
	// TrustTags takes a tag to mean the same image on the node as it did when
	// it was looked at.
	TrustTags bool
	// Image is initguard's own image, from which Wrap takes its tini; empty
	// where none is known.
	Image string
	// Unseen says why Image can't be relied upon on the nodes on which the pod
	// may land, as a clause; empty where it can. It is asked last, and nil
	// never objects.
	Unseen func() string
	// Version is the version of initguard that the annotation names.
	Version string
}

// Request is a pod that asks to be made safe.
type Request struct {
	// Pod is as Restore gave it.
	Pod Pod
	// Assessments are those of all containers of Pod.Spec that run on.
	Assessments []policy.Assessment
	// Acts is true for the findings that are to be mended.
	Acts    func(policy.Assessment) bool
	Options Options
}

// Plan is what is done to a pod. Its zero value does nothing.
type Plan struct {
	// Strategy is None where nothing is made safe.
	Strategy Strategy
	// Containers are the names of those that are safe with it and would not be
	// without: those of an earlier injection that stays included.
	Containers []string
	// Refusals say why a container, or all of them, is left as it is.
	Refusals []Refusal
	// Undone is true where an earlier injection is taken back.
	Undone bool
	// Operations lead from the pod as it is to the one that is wanted; none
	// where that is the same.
	Operations []Operation
}

// Refusal is why a strategy is not used.
type Refusal struct {
	Strategy Strategy
	// Rule is the name of the hazard.
	Rule string
	// Container is the container that it is about, empty for the whole pod.
	Container string
	// Text is one clause that may be shown to anyone who sees the pod.
	Text string
}

// target is a container that runs on, with what is known about it.
type target struct {
	policy.Container
	policy.Assessment
}

// planner makes one plan.
type planner struct {
	Request
	// all are the containers that run on, mend those that are to be mended.
	all, mend []target
}

// Make makes the plan for a pod.
func Make(r Request) Plan {
	p := planner{Request: r}
	for i, c := range policy.Containers(r.Pod.Spec) {
		if i >= len(r.Assessments) || r.Assessments[i].Path != c.Path {
			break // assessments of another pod
		}
		t := target{Container: c, Assessment: r.Assessments[i]}
		p.all = append(p.all, t)
		if r.Assessments[i].Finding() && r.Acts(r.Assessments[i]) {
			p.mend = append(p.mend, t)
		}
	}
	return p.plan()
}

func (p planner) plan() Plan {
	if len(p.mend) == 0 && !p.Pod.Shared {
		return Plan{}
	}
	shared := p.against(SharePID, p.all)
	if p.Pod.Shared && len(shared) == 0 {
		return Plan{Strategy: SharePID, Containers: names(p.all)}
	}
	plan := Plan{Undone: p.Pod.Shared}
	if len(p.mend) == 0 {
		return p.finish(plan, nil)
	}
	if p.Options.Strategy != Wrap {
		if len(shared) == 0 {
			plan.Strategy, plan.Containers = SharePID, names(p.mend)
			return p.finish(plan, nil)
		}
		plan.Refusals = shared
		if p.Options.Strategy == SharePID {
			return p.finish(plan, nil)
		}
	}
	refused := p.against(Wrap, p.mend)
	var wrap []target
	for _, t := range p.mend {
		if !slices.ContainsFunc(refused, func(r Refusal) bool { return r.Container == "" || r.Container == t.Container.Name }) {
			wrap = append(wrap, t)
		}
	}
	if len(wrap) > 0 {
		plan.Strategy, plan.Containers = Wrap, names(wrap)
		plan.Refusals = nil // of share-pid: wrap does it
	}
	plan.Refusals = append(plan.Refusals, refused...)
	return p.finish(plan, wrap)
}

// against are the hazards of a strategy, the first for each container.
func (p planner) against(s Strategy, targets []target) []Refusal {
	var out []Refusal
	refused := map[string]bool{}
	for _, h := range hazards() {
		if !slices.Contains(h.strategies, s) {
			continue
		}
		if h.pod != nil {
			if text := h.pod(p, s); text != "" && len(out) < max(1, len(targets)) {
				return append(out, Refusal{Strategy: s, Rule: h.name, Text: text})
			}
			continue
		}
		for _, t := range targets {
			if refused[t.Container.Name] {
				continue
			}
			if text := h.container(p, s, t); text != "" {
				refused[t.Container.Name] = true
				out = append(out, Refusal{Strategy: s, Rule: h.name, Container: t.Container.Name, Text: text})
			}
		}
	}
	return out
}

// finish puts the operations into a plan.
func (p planner) finish(plan Plan, wrap []target) Plan {
	var b builder
	if plan.Undone {
		b.remove("/spec/shareProcessNamespace")
	}
	switch plan.Strategy {
	case SharePID:
		b.add("/spec/shareProcessNamespace", true)
	case Wrap:
		p.wrap(&b, wrap)
		plan.Containers = append(p.wrapped(), plan.Containers...)
	default:
	}
	switch {
	case plan.Strategy != None:
		p.annotate(&b, plan)
	case plan.Undone:
		b.remove("/metadata/annotations/" + escapePointer(Annotation))
	}
	plan.Operations = b.operations
	return plan
}

// wrapped are the containers that an earlier injection wrapped already.
func (p planner) wrapped() []string {
	var out []string
	for _, t := range p.all {
		if isWrapped(p.Pod.Spec, t.Container.Container, p.Options.Image) {
			out = append(out, t.Container.Name)
		}
	}
	return out
}

func names(targets []target) []string {
	out := make([]string, 0, len(targets))
	for _, t := range targets {
		out = append(out, t.Container.Name)
	}
	return out
}

// field is a container's place in a JSON pointer.
func (t target) field(spec *corev1.PodSpec) string {
	for i := range spec.Containers {
		if &spec.Containers[i] == t.Container.Container {
			return fmt.Sprintf("/spec/containers/%d", i)
		}
	}
	for i := range spec.InitContainers {
		if &spec.InitContainers[i] == t.Container.Container {
			return fmt.Sprintf("/spec/initContainers/%d", i)
		}
	}
	return ""
}
