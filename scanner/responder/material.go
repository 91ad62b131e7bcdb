package responder

import (
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/initguard/initguard/api/v1alpha1"
)

// A Change says how much a report differs from what was written.
type Change int

// The changes. Material ones are written as soon as the pace allows, others when
// a report has not been written for a while. Decided are those that a desk waits
// for: they come first.
const (
	Unchanged Change = iota
	Minor
	Material
	Decided
)

// change compares what was written with what would be. Material are: a report
// that begins or ends, other pods, another cause or parent, a number of zombies
// that differs by a fifth and by ten, and a forecast that comes nearer: within a
// day, four hours, one, or none.
func change(before *v1alpha1.ZombieReportStatus, now v1alpha1.ZombieReportStatus) Change {
	switch {
	case before == nil:
		return Material
	case !equality.Semantic.DeepEqual(before.Notice, now.Notice), !equality.Semantic.DeepEqual(before.Remedy, now.Remedy):
		return Decided
	case before.OtherPods == 0 && now.OtherPods == 0 && !maps.Equal(podSet(before), podSet(&now)):
		return Material
	case differ(before.Summary.Pods, now.Summary.Pods), !maps.Equal(causeSet(before.Pods), causeSet(now.Pods)):
		return Material
	case differ(before.Summary.Zombies, now.Summary.Zombies):
		return Material
	case urgency(*before) != urgency(now):
		return Material
	}
	if now.Summary.Zombies == 0 || now.LastSeen.Sub(before.LastSeen.Time) < lastSeenFresh && equality.Semantic.DeepEqual(timeless(*before), timeless(now)) {
		return Unchanged
	}
	return Minor
}

// differ says whether two numbers differ by a fifth of the first, and by ten.
func differ(before, now int32) bool {
	d := int64(before) - int64(now)
	if d < 0 {
		d = -d
	}
	return d >= 10 && d*5 >= int64(before)
}

// lastSeenFresh is how old lastSeen may get where nothing else changes.
const lastSeenFresh = time.Hour

// podSet are the pods that are listed.
func podSet(s *v1alpha1.ZombieReportStatus) map[string]bool {
	set := make(map[string]bool, len(s.Pods))
	for i := range s.Pods {
		set[s.Pods[i].UID] = true
	}
	return set
}

func causeSet(pods []v1alpha1.Pod) map[[3]string]bool {
	set := make(map[[3]string]bool)
	for i := range pods {
		for j := range pods[i].Containers {
			c := &pods[i].Containers[j]
			for _, g := range c.Causes {
				set[[3]string{c.Name, g.Cause, g.Parent}] = true
			}
		}
	}
	return set
}

// urgency is how near the nearest limit was when the status was made.
func urgency(s v1alpha1.ZombieReportStatus) int {
	nearest := 0
	for i := range s.Pods {
		at := s.Pods[i].LimitAt
		if at == nil {
			continue
		}
		level := 1
		for _, within := range [...]time.Duration{24 * time.Hour, 4 * time.Hour, time.Hour, 0} {
			if at.Sub(s.LastSeen.Time) <= within {
				level++
			}
		}
		nearest = max(nearest, level)
	}
	return nearest
}

// timeless is a status without the times that pass by themselves.
func timeless(s v1alpha1.ZombieReportStatus) v1alpha1.ZombieReportStatus {
	s = *s.DeepCopy()
	s.LastSeen = s.FirstSeen
	for i := range s.Observations {
		s.Observations[i].LastSeen = s.FirstSeen
	}
	return s
}
