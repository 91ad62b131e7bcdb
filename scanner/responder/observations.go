package responder

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// scope is what an observation holds for. Causes are apart, so that a few
// orphans don't count as all the zombies that a program ever left itself; and so
// are exec probes, so that who mends the one that left them starts clean.
type scope struct{ container, image, argv, exec, cause string }

// observations remembers in which containers, with which image, command and
// probes, zombies were seen, by cause.
func observations(before *v1alpha1.ZombieReportStatus, pods []v1alpha1.Pod, now metav1.Time) []v1alpha1.Observation {
	seen := make(map[scope]v1alpha1.Observation)
	if before != nil {
		for _, o := range before.Observations {
			if now.Sub(o.LastSeen.Time) < kept {
				seen[scope{o.Container, o.ImageID, o.ArgvHash, o.ExecHash, o.Cause}] = o
			}
		}
	}
	for i := range pods {
		for j := range pods[i].Containers {
			if c := &pods[i].Containers[j]; c.Name != "" {
				observe(seen, c, now)
			}
		}
	}
	all := make([]v1alpha1.Observation, 0, len(seen))
	for _, o := range seen {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b v1alpha1.Observation) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen.Time), cmp.Compare(a.Container, b.Container), cmp.Compare(a.ImageID, b.ImageID),
			cmp.Compare(a.ArgvHash, b.ArgvHash), cmp.Compare(a.ExecHash, b.ExecHash), cmp.Compare(a.Cause, b.Cause))
	})
	return all[:min(len(all), v1alpha1.MaxObservations)]
}

// observe enters what a container of one pod has now.
func observe(seen map[scope]v1alpha1.Observation, c *v1alpha1.Container, now metav1.Time) {
	sums := make(map[string]int32)
	for i := range c.Causes {
		g := &c.Causes[i]
		sums[g.Cause] = sum(sums[g.Cause], g.Zombies)
		key := scope{c.Name, c.ImageID, c.ArgvHash, c.ExecHash, g.Cause}
		o, ok := seen[key]
		if !ok {
			o = v1alpha1.Observation{
				Container: c.Name, ImageID: c.ImageID, ArgvHash: c.ArgvHash, ExecHash: c.ExecHash, Cause: g.Cause, FirstSeen: now,
			}
		}
		if !ok || !o.LastSeen.Equal(&now) { // the pod with the most zombies says the parent
			o.LastSeen, o.Parent = now, g.Parent
		}
		o.MostZombies = max(o.MostZombies, sums[g.Cause])
		seen[key] = o
	}
}
