package alerts

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

// A report keeps one alert: that its workload has one is what people need to
// know, and each write of a report costs.

// decide returns what a report is to keep, of what it keeps and of alerts for its
// pods; nil where it stays as it is. An alert that fires stays until it is
// resolved, or until its pod has no zombies any more and another one fires.
func decide(report *v1alpha1.ZombieReport, offered []v1alpha1.Alert) *v1alpha1.Alert {
	firing := slices.DeleteFunc(slices.Clone(offered), func(a v1alpha1.Alert) bool { return a.EndsAt != nil })
	slices.SortStableFunc(firing, func(a, b v1alpha1.Alert) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt.Time), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	var next *v1alpha1.Alert
	if len(firing) > 0 {
		next = &firing[0]
	}
	stored := kept(report)
	if stored == nil || stored.EndsAt != nil {
		return next
	}
	i := slices.IndexFunc(offered, func(a v1alpha1.Alert) bool { return a.Fingerprint == stored.Fingerprint })
	switch {
	case i < 0 && !listed(report, stored.Pod):
		return next
	case i < 0, offered[i].EndsAt == nil:
		return nil
	case offered[i].EndsAt.Before(&stored.StartsAt):
		return nil // an earlier one
	case next != nil:
		return next
	}
	ended := stored.DeepCopy()
	ended.EndsAt = offered[i].EndsAt.DeepCopy()
	return ended
}

// kept is the alert that a report keeps, nil when it keeps none.
func kept(r *v1alpha1.ZombieReport) *v1alpha1.Alert {
	if r.Status.Notice == nil {
		return nil
	}
	return r.Status.Notice.Alert
}

// listed says whether a pod has zombies; one that may be among those that aren't
// listed has.
func listed(r *v1alpha1.ZombieReport, pod string) bool {
	return r.Status.OtherPods > 0 || entry(r, pod) != nil
}

func entry(r *v1alpha1.ZombieReport, pod string) *v1alpha1.Pod {
	for i := range r.Status.Pods {
		if r.Status.Pods[i].Name == pod {
			return &r.Status.Pods[i]
		}
	}
	return nil
}

// keepable is an alert as a report keeps it. One that doesn't say when it began
// began now.
func (a alert) keepable(pod string, now time.Time) v1alpha1.Alert {
	now = now.UTC().Truncate(time.Second)
	starts := a.starts
	if starts.IsZero() || starts.After(now) {
		starts = now
	}
	k := v1alpha1.Alert{Fingerprint: a.fingerprint, Name: a.name(), Pod: pod, StartsAt: metav1.NewTime(starts)}
	if a.resolved {
		ends := a.ends
		if ends.IsZero() || ends.After(now) {
			ends = now
		}
		end := metav1.NewTime(ends)
		k.EndsAt = &end
	}
	return k
}
