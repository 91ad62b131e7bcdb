package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/inject"
	"github.com/initguard/initguard/webhook/policy"
)

// Inspector looks images up. An error is an *imageinspect.Failure, whose
// reason becomes the verdict. It has to return when ctx ends.
type Inspector interface {
	Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error)
}

// Assessor assesses pod specs. The webhook and the offline commands share it,
// so that they say the same.
type Assessor struct {
	Inspector Inspector
	Evaluator *imageinspect.Evaluator
	// Platforms are those of the cluster's nodes, as os/arch.
	Platforms []string
	// InjectImage is initguard's own image, from which injected inits come;
	// empty where nothing is injected.
	InjectImage string
	// Verdicts keeps what was judged; nil keeps nothing.
	Verdicts *Verdicts
}

// maxLookups bounds the images of one pod that are asked for at a time,
// maxContainers the containers of one pod that are judged.
const (
	maxLookups    = 8
	maxContainers = 1000
)

// Assess assesses a pod's containers. It asks the Inspector only for the images
// whose answer the pod does not already hold, each of them once.
func (a Assessor) Assess(ctx context.Context, namespace string, spec *corev1.PodSpec) []policy.Assessment {
	assessments, _ := a.assess(ctx, namespace, spec)
	return assessments
}

// assess is Assess with what was looked up for it, by the images' references.
func (a Assessor) assess(ctx context.Context, namespace string, spec *corev1.PodSpec) ([]policy.Assessment, map[string]*lookup) {
	if _, settled := policy.PodAnswer(spec); settled {
		return policy.Assess(spec, nil), nil
	}
	results := make(map[string]imageinspect.Result)
	var open []policy.Container
	for i, c := range policy.Containers(spec) {
		if ctx.Err() != nil || i >= maxContainers {
			results[c.Name] = noTime()
			continue
		}
		if r, ours := inject.Answer(spec, c.Container, a.InjectImage); ours {
			results[c.Name] = r
			continue
		}
		if r, decided := a.Evaluator.WithoutImage(ctx, policy.Overrides(spec, c.Container)); decided {
			results[c.Name] = r
			continue
		}
		open = append(open, c)
	}
	lookups := a.lookUp(ctx, queryFor(namespace, spec, a.Platforms), open)
	for _, c := range open {
		results[c.Name] = a.evaluate(ctx, lookups[c.Image], policy.Overrides(spec, c.Container))
	}
	return policy.Assess(spec, results), lookups
}

// queryFor is what a pod asks about each of its images, all but the reference.
func queryFor(namespace string, spec *corev1.PodSpec, platforms []string) imageinspect.Query {
	q := imageinspect.Query{Namespace: namespace, ServiceAccount: spec.ServiceAccountName, Platforms: policy.Platforms(spec, platforms)}
	for _, secret := range spec.ImagePullSecrets {
		if secret.Name != "" { // the API takes such an entry, the kubelet passes over it
			q.PullSecrets = append(q.PullSecrets, secret.Name)
		}
	}
	return q
}

// lookup is the answer for one image.
type lookup struct {
	images []imageinspect.Image
	err    error
}

func (a Assessor) lookUp(ctx context.Context, q imageinspect.Query, open []policy.Container) map[string]*lookup {
	ctx, cancel := forLookups(ctx)
	defer cancel()
	lookups := make(map[string]*lookup)
	slots := make(chan struct{}, maxLookups)
	var wait sync.WaitGroup
	for _, c := range open {
		if lookups[c.Image] != nil {
			continue
		}
		l := &lookup{}
		lookups[c.Image] = l
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			defer func() {
				if cause := recover(); cause != nil {
					l.err = fmt.Errorf("panic while inspecting: %T", cause)
				}
			}()
			asked := q
			asked.Reference = c.Image
			l.images, l.err = a.Inspector.Inspect(ctx, asked)
		})
	}
	wait.Wait()
	return lookups
}

func (a Assessor) evaluate(ctx context.Context, l *lookup, o imageinspect.Overrides) imageinspect.Result {
	if l.err != nil {
		return imageinspect.Result{Verdict: imageinspect.Verdict{Reason: reasonOf(l.err)}}
	}
	platforms := make([]string, len(l.images))
	results := make([]imageinspect.Result, len(l.images))
	for i, image := range l.images {
		platforms[i] = image.Platform
		results[i] = a.Verdicts.evaluate(ctx, a.Evaluator, image, o)
	}
	return imageinspect.Agree(platforms, results)
}

// noTime is the answer for a container that nobody came to look at.
func noTime() imageinspect.Result {
	return imageinspect.Result{Verdict: imageinspect.Verdict{Reason: imageinspect.Reason{
		Code: imageinspect.CodeStillInspecting, Text: "there was no time left to judge it",
	}}}
}

func reasonOf(err error) imageinspect.Reason {
	var failure *imageinspect.Failure
	if errors.As(err, &failure) {
		return failure.Reason
	}
	return imageinspect.Reason{Code: imageinspect.CodeUnreachable, Text: "the image could not be inspected", Detail: err.Error()}
}
