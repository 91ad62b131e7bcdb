package webhook

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/webhook/config"
	"github.com/initguard/initguard/webhook/inject"
	"github.com/initguard/initguard/webhook/policy"
)

// Seen says where images were seen to run. It answers from memory.
type Seen interface {
	// Unseen says in one clause why it can't be relied upon that an image
	// starts on every node on which a pod may land; empty where it can.
	Unseen(image string, spec *corev1.PodSpec) string
}

// Injection is what the strategies need besides the configuration.
type Injection struct {
	// Image is initguard's own image, where the configuration names none.
	Image string
	// Version is that of this initguard.
	Version string
	// Seen is nil where nobody looks: then nothing was seen.
	Seen Seen
}

// injectImage is initguard's own image as it is injected.
func (s Settings) injectImage() string {
	if image := s.Config.Injection.Wrap.Image; image != "" {
		return image
	}
	return s.Injection.Image
}

// Inject says how an object's pods are made safe by the modes in force, an
// earlier injection taken back where it is not right any more, and gives what
// its containers were found to be without it.
func (s Settings) Inject(ctx context.Context, o Object, modes config.Modes, exempt []string) (inject.Plan, []policy.Assessment) {
	pod := inject.Restore(&o.Spec, o.Annotations)
	pod.NoMetadata = o.noMetadata
	assessments := s.Assess(ctx, o, pod.Spec)
	return s.plan(pod, modes, exempt, assessments), assessments
}

// PlanFor says how an object's pods are made safe by the modes in force. exempt are
// the containers that their team exempted, assessments those of its spec.
func (s Settings) PlanFor(o Object, modes config.Modes, exempt []string, assessments []policy.Assessment) inject.Plan {
	pod := inject.Pod{Spec: &o.Spec, Annotations: o.Annotations, NoMetadata: o.noMetadata}
	return s.plan(pod, modes, exempt, assessments)
}

func (s Settings) plan(pod inject.Pod, modes config.Modes, exempt []string, assessments []policy.Assessment) inject.Plan {
	if modes.Inject == config.Never {
		return inject.Plan{}
	}
	limits, image := s.Config.Injection, s.injectImage()
	var allowed []inject.Strategy
	for _, strategy := range limits.Strategies {
		allowed = append(allowed, inject.Strategy(strategy.String()))
	}
	return inject.Make(inject.Request{
		Pod: pod, Assessments: assessments,
		Acts: func(a policy.Assessment) bool {
			return modes.Inject.ActsOn(int(a.Risk)) && !slices.Contains(exempt, a.Container)
		},
		Options: inject.Options{
			Strategy: inject.Strategy(modes.Strategy.String()), Allowed: allowed, TrustTags: limits.Wrap.TrustTags,
			Image: image, Version: s.Injection.Version,
			Unseen: func() string {
				switch {
				case !limits.Wrap.RequireSeen:
					return ""
				case s.Injection.Seen == nil:
					return notSeen
				}
				return s.Injection.Seen.Unseen(image, pod.Spec)
			},
		},
	})
}

const notSeen = "initguard's image was not seen to run on any node"

// Assess assesses a pod spec of an object; containers that initguard itself put
// an init in front of are answered without looking.
func (s Settings) Assess(ctx context.Context, o Object, spec *corev1.PodSpec) []policy.Assessment {
	a := s.assessor()
	assessments, lookups := a.assess(ctx, o.Namespace, spec)
	if s.Observations != nil {
		a.observe(ctx, s.Observations, o, spec, assessments, lookups)
	}
	return assessments
}

// assessor is the Assessor that knows injected inits.
func (s Settings) assessor() Assessor {
	a := s.Assessor
	a.InjectImage = s.injectImage()
	return a
}

// TemplatePath are the fields below which an object holds its pod template; none
// for a Pod, which is its own.
func (o Object) TemplatePath() []string {
	fields := strings.Split(o.SpecPath, ".")
	return fields[:len(fields)-1]
}

// notInjected says why a pod that asked for it is left as it is; empty where it
// is not.
func (j Judgement) notInjected() string {
	if why := j.Plan.Why(); why != "" {
		return why
	}
	if j.Final && j.Plan.Strategy != inject.None && len(j.Plan.Operations) > 0 {
		return "what PID 1 does was not known in time"
	}
	return ""
}

// mends is true for a container that is made safe as its pod is created.
func (j Judgement) mends(a policy.Assessment) bool {
	return !j.Final && slices.Contains(j.Plan.Containers, a.Container)
}
