package remedy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner"
)

// Heard is how old a report's last news may be: it is brought up to date once
// an hour at least while there are zombies.
const Heard = 2 * time.Hour

// Candidate is a pod that passes a threshold, by what its report says.
type Candidate struct {
	Namespace string
	Workload  v1alpha1.Workload
	Pod       v1alpha1.Pod
	// Container is the one with the most zombies that PID 1 does not reap, and
	// Zombies how many the pod has of those.
	Container v1alpha1.Container
	Zombies   int32
	// Passed says which threshold, with the numbers.
	Passed string
}

// Candidates are the pods of a report that pass a threshold, the most urgent
// first, or the reason why there is none.
func (s *Settings) Candidates(r *v1alpha1.ZombieReport, now time.Time) ([]Candidate, Reason) {
	if now.Sub(r.Status.LastSeen.Time) > Heard {
		return nil, OldNews
	}
	var list []Candidate
	for i := range r.Status.Pods {
		if c, ok := s.candidate(&r.Status.Pods[i], now); ok {
			c.Namespace, c.Workload = r.Namespace, r.Status.Workload
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil, NotPassed
	}
	slices.SortStableFunc(list, Urgent)
	return list, ""
}

// Find is the candidate of a pod, or the reason why it is none.
func (s *Settings) Find(r *v1alpha1.ZombieReport, uid string, now time.Time) (Candidate, Reason) {
	list, reason := s.Candidates(r, now)
	for _, c := range list {
		if c.Pod.UID == uid {
			return c, ""
		}
	}
	return Candidate{}, cmp.Or(reason, NotPassed)
}

// Urgent orders candidates: the nearest limit first, then the most zombies.
func Urgent(a, b Candidate) int {
	switch x, y := a.Pod.LimitAt, b.Pod.LimitAt; {
	case x != nil && y == nil:
		return -1
	case x == nil && y != nil:
		return 1
	case x != nil && !x.Equal(y):
		return x.Compare(y.Time)
	}
	return cmp.Compare(b.Zombies, a.Zombies)
}

// candidate judges one pod. What is not of a container that is known, or beyond
// what the report lists, counts as of another cause.
func (s *Settings) candidate(p *v1alpha1.Pod, now time.Time) (Candidate, bool) {
	c := Candidate{Pod: *p}
	var most int32
	for i := range p.Containers {
		container := &p.Containers[i]
		if container.Name == "" {
			continue
		}
		var zombies int32
		for _, cause := range container.Causes {
			if cause.Cause == string(scanner.PID1NotReaping) {
				zombies += cause.Zombies
			}
		}
		c.Zombies += zombies
		if zombies > most {
			most, c.Container = zombies, *container
		}
	}
	// An eviction is for what an init would have prevented.
	if c.Zombies <= p.Zombies/2 || most == 0 {
		return c, false
	}
	c.Passed = s.Thresholds.passed(c.Zombies, p, now)
	return c, c.Passed != ""
}

// passed says which threshold a pod passes; empty when none.
func (t Thresholds) passed(zombies int32, p *v1alpha1.Pod, now time.Time) string {
	limit := p.PIDLimit
	switch {
	case t.Zombies > 0 && int(zombies) >= t.Zombies:
		return fmt.Sprintf("%d zombies that PID 1 does not reap, of %d allowed", zombies, t.Zombies)
	case t.LimitPercent > 0 && limit != nil && *limit > 0 && int64(zombies)*100 >= *limit*int64(t.LimitPercent):
		return fmt.Sprintf("%d zombies that PID 1 does not reap, %d%% of the pod's PID limit, of %d%% allowed",
			zombies, int64(zombies)*100 / *limit, t.LimitPercent)
	case t.LimitIn > 0 && p.LimitAt != nil && !p.LimitEarly && p.LimitAt.Sub(now) <= t.LimitIn && byZombies(zombies, p, t.LimitIn):
		return fmt.Sprintf("%d zombies that PID 1 does not reap, and the PID limit is reached within %s", zombies, short(t.LimitIn))
	}
	return ""
}

// byZombies says whether it is the zombies by which a pod reaches its PID limit.
// The forecast counts threads, too: those of a program that leaks them come back
// with the next pod. So zombies alone have to take within the time what is left,
// and have to be a tenth of the limit, or an eviction frees next to nothing.
func byZombies(zombies int32, p *v1alpha1.Pod, in time.Duration) bool {
	if p.PIDLimit == nil || p.PIDsUsed == nil || int64(zombies)*10 < *p.PIDLimit {
		return false
	}
	perHour := 0.0
	for i := range p.Containers {
		for _, cause := range p.Containers[i].Causes {
			if cause.Cause == string(scanner.PID1NotReaping) && cause.PerHour != nil {
				perHour += float64(*cause.PerHour)
			}
		}
	}
	return float64(*p.PIDLimit-*p.PIDsUsed) <= perHour*in.Hours()
}
