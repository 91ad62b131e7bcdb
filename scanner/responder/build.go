package responder

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

const (
	// kept is how long a report stays after the last zombie.
	kept = 30 * 24 * time.Hour
	// steady is by how much the begin of a zombie may differ between two scans,
	// since it is told as an age.
	steady = 2 * time.Minute
	// maxBytes bounds a report: etcd takes 1.5 MiB.
	maxBytes = 400 << 10
)

// build makes the status of a report out of its pods, which come the most
// zombies first, and of what was written before; nil for a new report.
func build(before *v1alpha1.ZombieReportStatus, w v1alpha1.Workload, pods []Sighting, now time.Time) v1alpha1.ZombieReportStatus {
	at := metav1.NewTime(now.Truncate(time.Second))
	s := v1alpha1.ZombieReportStatus{Workload: w, FirstSeen: at, LastSeen: at}
	if before != nil {
		s.FirstSeen = before.FirstSeen
		if len(pods) == 0 && before.Summary.Zombies == 0 {
			s.LastSeen = before.LastSeen
		}
	}
	for _, p := range pods {
		s.Pods = append(s.Pods, *p.Pod.DeepCopy())
	}
	steadyTimes(before, s.Pods)
	s.Summary = summarise(before, w, s.Pods, pods, now)
	s.History = history(before, s.Summary, causes(s.Pods), at)
	s.Observations = observations(before, s.Pods, at)
	limit(&s)
	return s
}

// summarise makes the line that `kubectl get zombies` prints. A report without
// zombies tells the cause of the last ones.
func summarise(before *v1alpha1.ZombieReportStatus, w v1alpha1.Workload, pods []v1alpha1.Pod, seen []Sighting, now time.Time) v1alpha1.Summary {
	s := v1alpha1.Summary{Workload: w.String(), Pods: count(len(pods)), PerHour: "-", PIDLimitIn: "-"}
	var oldest metav1.Time
	var rate *float64
	var limitAt *metav1.Time
	for i := range pods {
		s.Zombies = sum(s.Zombies, pods[i].Zombies)
		oldest = older(oldest, pods[i].OldestSince)
		rate = plus(rate, seen[i].PerHour)
		if at := pods[i].LimitAt; at != nil && (limitAt == nil || at.Before(limitAt)) {
			limitAt = at
		}
	}
	if !oldest.IsZero() {
		s.OldestSince = &oldest
	}
	if perHour := rounded(rate); perHour != nil {
		s.PerHour = fmt.Sprint(*perHour)
	}
	if limitAt != nil {
		s.PIDLimitIn = roughly(limitAt.Sub(now))
	}
	if main := mainCause(pods); main.Cause != "" {
		s.Cause, s.Parent = main.Cause, main.Parent
	} else if before != nil {
		s.Cause, s.Parent = before.Summary.Cause, before.Summary.Parent
	}
	return s
}

// roughly is a time as people want to know it; a finer one would change all the
// time.
func roughly(d time.Duration) string {
	switch {
	case d <= 0:
		return "0m"
	case d < time.Hour:
		return fmt.Sprintf("%dm", max(d/(5*time.Minute)*5, 1))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/(10*time.Minute)*10)
	case d < 72*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
}

// mainCause is the cause of most zombies of all pods, with the parent of most
// zombies of that cause.
func mainCause(pods []v1alpha1.Pod) v1alpha1.Cause {
	type parent struct{ cause, name string }
	byCause, byParent := make(map[string]int), make(map[parent]int)
	for _, p := range pods {
		for _, c := range p.Containers {
			for _, g := range c.Causes {
				byCause[g.Cause] += int(g.Zombies)
				byParent[parent{g.Cause, g.Parent}] += int(g.Zombies)
			}
		}
	}
	var main v1alpha1.Cause
	for _, c := range sortedKeys(byCause) {
		if main.Cause == "" || byCause[c] > byCause[main.Cause] {
			main.Cause = c
		}
	}
	most := 0
	for p, n := range byParent {
		if p.cause == main.Cause && (n > most || n == most && p.name < main.Parent) {
			main.Parent, most = p.name, n
		}
	}
	return main
}

// history brings the list of times with zombies up to date.
func history(before *v1alpha1.ZombieReportStatus, s v1alpha1.Summary, causes []string, now metav1.Time) []v1alpha1.Episode {
	var episodes []v1alpha1.Episode
	if before != nil {
		for _, e := range before.History {
			episodes = append(episodes, *e.DeepCopy())
		}
	}
	open := len(episodes) > 0 && episodes[0].To == nil
	switch {
	case s.Zombies > 0 && !open:
		from := now
		if s.OldestSince != nil {
			from = *s.OldestSince
		}
		if len(episodes) > 0 && from.Before(episodes[0].To) {
			from = now // of the former time some were left
		}
		episodes = append([]v1alpha1.Episode{{From: from, MostZombies: s.Zombies, MostPods: s.Pods, Causes: causes}}, episodes...)
	case s.Zombies > 0:
		e := &episodes[0]
		e.MostZombies, e.MostPods = max(e.MostZombies, s.Zombies), max(e.MostPods, s.Pods)
		e.Causes = union(e.Causes, causes)
	case open:
		episodes[0].To = &now
	}
	return episodes[:min(len(episodes), v1alpha1.MaxHistory)]
}

// limit drops pods beyond the bounds, those with the fewest zombies.
func limit(s *v1alpha1.ZombieReportStatus) {
	all := len(s.Pods)
	for most := min(all, v1alpha1.MaxPods); ; most /= 2 {
		s.Pods, s.OtherPods = s.Pods[:most], count(all-most)
		if weight(s.Pods) <= maxBytes {
			return
		}
		text, err := json.Marshal(s)
		if err != nil || len(text) <= maxBytes || most == 0 {
			return
		}
	}
}

// weight is more bytes than pods take, without writing them down.
func weight(pods []v1alpha1.Pod) int {
	n := 0
	for i := range pods {
		n += 1500
		for j := range pods[i].Containers {
			c := &pods[i].Containers[j]
			n += 500 + 6*len(c.ImageID)
			for k := range c.Causes {
				n += 1500 + 500*len(c.Causes[k].Children)
			}
		}
	}
	return n
}

// steadyTimes takes over since when what is there is there, where it differs by
// no more than what two scans may.
func steadyTimes(before *v1alpha1.ZombieReportStatus, pods []v1alpha1.Pod) {
	if before == nil {
		return
	}
	written := make(map[[4]string]metav1.Time)
	each(before.Pods, func(key [4]string, at *metav1.Time) { written[key] = *at })
	each(pods, func(key [4]string, at *metav1.Time) {
		if old, ok := written[key]; ok && at.Sub(old.Time).Abs() <= steady {
			*at = old
		}
	})
}

// each calls f with all times of pods and what they are the times of.
func each(pods []v1alpha1.Pod, f func(key [4]string, at *metav1.Time)) {
	for i := range pods {
		p := &pods[i]
		f([4]string{p.UID}, &p.OldestSince)
		if p.LimitAt != nil {
			f([4]string{p.UID, "limit"}, p.LimitAt)
		}
		for j := range p.Containers {
			c := &p.Containers[j]
			f([4]string{p.UID, "container", c.Name}, &c.OldestSince)
			for k := range c.Causes {
				f([4]string{p.UID, c.Name, c.Causes[k].Cause, c.Causes[k].Parent}, &c.Causes[k].OldestSince)
			}
		}
	}
}

// causes are all that pods have, each once, in order.
func causes(pods []v1alpha1.Pod) []string {
	found := make(map[string]int)
	for _, p := range pods {
		for _, c := range p.Containers {
			for _, g := range c.Causes {
				found[g.Cause]++
			}
		}
	}
	return sortedKeys(found)
}

func union(a, b []string) []string {
	found := make(map[string]int, len(a)+len(b))
	for _, c := range slices.Concat(a, b) {
		found[c]++
	}
	return sortedKeys(found)
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys[:min(len(keys), math.MaxInt8)]
}
