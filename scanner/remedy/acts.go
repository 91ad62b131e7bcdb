package remedy

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// The phases of an act.
const (
	PhaseIntended = "Intended"
	PhaseEvicted  = "Evicted"
	PhaseRefused  = "Refused"
	PhaseGone     = "Gone"
)

// maxReason is what the API takes of a reason, in bytes.
const maxReason = 256

// NewAct is what is intended with a candidate. Times are of whole seconds, as
// they are stored.
func NewAct(c *Candidate, created, now time.Time) v1alpha1.Act {
	at := metav1.NewTime(created.Truncate(time.Second))
	return v1alpha1.Act{
		Pod: c.Pod.Name, UID: c.Pod.UID, Zombies: c.Zombies, CreatedAt: &at, ImageID: c.Container.ImageID, ArgvHash: c.Container.ArgvHash,
		At: metav1.NewTime(now.Truncate(time.Second)), Phase: PhaseIntended,
	}
}

// Add puts an act before all others. Former ones that were refused go, and the
// oldest beyond what a report remembers. done is not changed, and may be nil.
func Add(done *v1alpha1.Remedy, a v1alpha1.Act) *v1alpha1.Remedy {
	after := copyOf(done)
	acts := []v1alpha1.Act{a}
	for _, old := range after.Acts {
		if old.Phase != PhaseRefused && len(acts) < v1alpha1.MaxActs {
			acts = append(acts, old)
		}
	}
	after.Acts = acts
	return after
}

// End ends the act that is intended with a pod; why is for a refused one.
func End(done *v1alpha1.Remedy, uid, phase, why string, now time.Time) *v1alpha1.Remedy {
	after := copyOf(done)
	for i := range after.Acts {
		if a := &after.Acts[i]; a.UID == uid && a.Phase == PhaseIntended {
			at := metav1.NewTime(now.Truncate(time.Second))
			a.Phase, a.EndedAt, a.Reason = phase, &at, Printable(why)
		}
	}
	return after
}

// Refuse is an act that was refused before it was intended.
func Refuse(a v1alpha1.Act, why string) v1alpha1.Act {
	at := a.At
	a.Phase, a.EndedAt, a.Reason = PhaseRefused, &at, Printable(why)
	return a
}

// Pretend is an act as it would be, had it been done; for a dry run's budgets.
func Pretend(a v1alpha1.Act) v1alpha1.Act {
	at := a.At
	a.Phase, a.EndedAt = PhaseEvicted, &at
	return a
}

// Stop gives evictions up for the image and command of a candidate.
func (s *Settings) Stop(c *Candidate, now time.Time) *v1alpha1.Stop {
	return &v1alpha1.Stop{
		At: metav1.NewTime(now.Truncate(time.Second)), Container: c.Container.Name, ImageID: c.Container.ImageID, ArgvHash: c.Container.ArgvHash,
		Reason: fmt.Sprintf("more than %d times the zombies were back within %s in a pod that came instead of an evicted one: "+
			"no more evictions of this image and command, only the proper fix helps", s.ComeBack.Times, short(s.ComeBack.Within)),
	}
}

// WithStop sets or takes away that evictions are given up.
func WithStop(done *v1alpha1.Remedy, stop *v1alpha1.Stop) *v1alpha1.Remedy {
	after := copyOf(done)
	after.Stopped = stop
	return after
}

// Outdated says that evictions were given up for another image or command than
// any with which the container has zombies now. Zombies of another container, such
// as a sidecar's after a restart, say nothing of this one.
func Outdated(r *v1alpha1.ZombieReport) bool {
	if r.Status.Remedy == nil || r.Status.Remedy.Stopped == nil {
		return false
	}
	stop := r.Status.Remedy.Stopped
	others := false
	for i := range r.Status.Pods {
		for j := range r.Status.Pods[i].Containers {
			c := &r.Status.Pods[i].Containers[j]
			if Holds(stop, c) {
				return false
			}
			others = others || c.ImageID != "" && (stop.Container == "" || c.Name == stop.Container)
		}
	}
	return others && r.Status.OtherPods == 0
}

// Intended is the act that is intended, nil without one.
func Intended(done *v1alpha1.Remedy) *v1alpha1.Act {
	if done == nil {
		return nil
	}
	for i := range done.Acts {
		if done.Acts[i].Phase == PhaseIntended {
			return &done.Acts[i]
		}
	}
	return nil
}

// over says that a pod was evicted, or may have been.
func over(a *v1alpha1.Act) bool { return a.Phase == PhaseEvicted || a.Phase == PhaseGone }

// Last is when the last eviction was decided on, and when it was over; zero
// without one. Acts of the pod with that UID don't count.
func Last(done *v1alpha1.Remedy, but string) (at, ended time.Time) {
	if done == nil {
		return time.Time{}, time.Time{}
	}
	for i := range done.Acts {
		if a := &done.Acts[i]; over(a) && a.UID != but && endOf(a).After(ended) {
			at, ended = a.At.Time, endOf(a)
		}
	}
	return at, ended
}

func endOf(a *v1alpha1.Act) time.Time {
	if a.EndedAt != nil {
		return a.EndedAt.Time
	}
	return a.At.Time
}

func copyOf(done *v1alpha1.Remedy) *v1alpha1.Remedy {
	if done == nil {
		return &v1alpha1.Remedy{}
	}
	return done.DeepCopy()
}

// Printable is a foreign text as a report may have it: of printable ASCII, and
// not longer than the API takes.
func Printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case r < ' ', r > '~':
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), maxReason)]
}

// short writes a duration without the zeros that String puts after it.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
