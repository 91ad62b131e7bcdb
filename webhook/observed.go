package webhook

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/inject"
	"github.com/initguard/initguard/webhook/policy"
)

// Observations say where zombies were seen. They answer from memory, at once,
// and nothing where they don't know.
type Observations interface {
	// Of gives what was seen in the pods of a workload of a namespace that an
	// init mends, not older than a report says of itself.
	Of(namespace string, w v1alpha1.Workload) []Sighting
}

// Sighting says that zombies were seen in a container with this command, these
// exec probes and hooks, and this image.
type Sighting struct {
	Container string
	// ArgvHash is v1alpha1.ArgvHash of the command and args of the pod's spec.
	ArgvHash string
	// ExecHash is v1alpha1.ExecHash of the container; empty where it is not known.
	ExecHash string
	// Image is a digest by which the node named the image, as sha256:<hex>: that
	// of an index, of a platform's manifest or of its config.
	Image string
	// Zombies, Parent, First and Last are as in policy.Observation.
	Zombies     int
	Parent      string
	First, Last time.Time
}

// observe enters into assessments what was seen of exactly these containers:
// of this namespace, workload, container, command, probes and image. An image that can't
// be told is another one.
func (a Assessor) observe(ctx context.Context, from Observations, o Object, spec *corev1.PodSpec, assessments []policy.Assessment, lookups map[string]*lookup) {
	if _, settled := policy.PodAnswer(spec); settled {
		return // what was seen in it was so without that field
	}
	seen := from.Of(o.Namespace, o.topLevel(time.Now()))
	if len(seen) == 0 {
		return
	}
	open := make(map[int][]Sighting) // by the container's place
	var unasked []policy.Container
	for i, c := range policy.Containers(spec) {
		if i >= len(assessments) || i >= maxContainers {
			break
		}
		sightings := sightingsOf(seen, c)
		if len(sightings) == 0 {
			continue
		}
		if _, ours := inject.Answer(spec, c.Container, a.InjectImage); ours {
			continue
		}
		open[i] = sightings
		if lookups[c.Image] == nil && !named(sightings, digestIn(c.Image)) {
			unasked = append(unasked, c) // its command alone decided
		}
	}
	asked := a.lookUp(ctx, queryFor(o.Namespace, spec, a.Platforms), unasked)
	for i, sightings := range open {
		known := digests(assessments[i].Image, lookups, asked)
		if found, ok := matching(sightings, known); ok {
			assessments[i] = assessments[i].Observe(found)
		}
	}
}

// sightingsOf are those of a container with its command and what is run beside
// it. Zombies that another probe left say nothing of this one: or who mends a probe,
// as the fix says, would be denied for what the former one did.
func sightingsOf(seen []Sighting, c policy.Container) []Sighting {
	var out []Sighting
	hash, exec := "", ""
	for _, s := range seen {
		if s.Container != c.Name {
			continue
		}
		if hash == "" {
			hash, exec = v1alpha1.ArgvHash(c.Command, c.Args), v1alpha1.ExecHash(c.Container)
		}
		if s.ArgvHash == hash && (s.ExecHash == "" || s.ExecHash == exec) {
			out = append(out, s)
		}
	}
	return out
}

// matching is all that was seen with one of an image's digests.
func matching(sightings []Sighting, digests []string) (policy.Observation, bool) {
	var all policy.Observation
	found := false
	for _, s := range sightings {
		if s.Image == "" || !slices.Contains(digests, s.Image) {
			continue
		}
		one := policy.Observation{Zombies: s.Zombies, Parent: s.Parent, First: s.First, Last: s.Last}
		if found {
			one = all.With(one)
		}
		all, found = one, true
	}
	return all, found
}

func named(sightings []Sighting, digest string) bool {
	_, ok := matching(sightings, []string{digest})
	return ok
}

// digests are all by which a node may name an image, as far as they are known.
func digests(reference string, lookups ...map[string]*lookup) []string {
	known := []string{digestIn(reference)}
	for _, answers := range lookups {
		if l := answers[reference]; l != nil && l.err == nil {
			known = append(known, digestsOf(l.images)...)
		}
	}
	return known
}

func digestsOf(images []imageinspect.Image) []string {
	out := make([]string, 0, 3*len(images))
	for _, image := range images {
		out = append(out, image.Index, image.Digest, image.ConfigDigest)
	}
	return out
}

// digestIn is the digest that a reference names, empty for none.
func digestIn(reference string) string {
	_, digest, _ := strings.Cut(reference, "@")
	return digest
}
