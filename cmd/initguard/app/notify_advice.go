package app

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/initdb"
	"github.com/initguard/initguard/webhook/policy"
)

// seenSituation is what a pod's spec says of how to mend a container with
// zombies below parent, without a look into its image. Of an init that refuses
// to be anything but PID 1 the name is enough. Without a spec it is known only
// what parent is.
func seenSituation(db *initdb.DB) func(spec *corev1.PodSpec, container, parent string) (advice.Situation, bool) {
	return func(spec *corev1.PodSpec, container, parent string) (advice.Situation, bool) {
		var s advice.Situation
		found := false
		if spec != nil {
			seen := imageinspect.Result{Verdict: imageinspect.Verdict{Outcome: imageinspect.DoesNotReap}}
			said := policy.Assess(spec, map[string]imageinspect.Result{container: seen})
			if at := slices.IndexFunc(said, func(a policy.Assessment) bool { return a.Container == container }); at >= 0 {
				s, found = said[at].Situation, true
				s.ContainerPath = said[at].Path // also where the pod shares one namespace
			}
		}
		if m, ok := db.Lookup([]string{parent}); ok && m.Program.MustBePID1 || ok && m.Behaviour.MustBePID1 {
			s.MustBePID1, found = true, true
		}
		return s, found
	}
}
