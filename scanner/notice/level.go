package notice

import (
	"fmt"
	"strconv"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// level is how a report stands.
type level struct {
	// severity is what it passes now.
	severity Severity
	// reasons are the thresholds of that severity which are passed.
	reasons []string
	// urgent says that a pod reaches its PID limit before the hold is over, alert
	// that an alert of the platform says it: neither is held.
	urgent, alert bool
}

// level finds how a report stands. was is the severity that is stored: what was
// passed goes on until it is clearly below.
func (r *Rules) level(s *v1alpha1.ZombieReportStatus, n *v1alpha1.Notice, now time.Time) level {
	was := Severity(n.Severity)
	if reasons, urgent := r.Critical.passed(s, was == Critical, now, r.Hold); len(reasons) > 0 {
		return level{severity: Critical, reasons: reasons, urgent: urgent, alert: fires(n.Alert, s)}
	}
	reasons, urgent := r.Warning.passed(s, was != "", now, r.Hold)
	l := level{reasons: reasons, urgent: urgent}
	if fires(n.Alert, s) {
		l.alert = true
		l.reasons = append(l.reasons, fmt.Sprintf("the platform's alert %s fires for pod %s", quoted(n.Alert.Name), n.Alert.Pod))
	}
	if len(l.reasons) > 0 {
		l.severity = Warning
	}
	return l
}

// fires says whether an alert counts: without zombies it is about something
// else.
func fires(a *v1alpha1.Alert, s *v1alpha1.ZombieReportStatus) bool {
	return a != nil && a.EndsAt == nil && s.Summary.Zombies > 0
}

// passed are the thresholds that a report passes, as sentences, and whether a
// pod's PID limit is nearer than soon. What is soft counts until it is a fifth
// below.
func (t Thresholds) passed(s *v1alpha1.ZombieReportStatus, soft bool, now time.Time, soon time.Duration) (reasons []string, urgent bool) {
	if s.Summary.Zombies == 0 {
		return nil, false
	}
	say := func(threshold, format string, args ...any) {
		reasons = append(reasons, fmt.Sprintf(format, args...)+"; the threshold is "+threshold)
	}
	p := mostOf(s.Pods, now)
	if p.zombies != nil && reaches(int64(p.zombies.Zombies), t.Zombies, soft) {
		say(strconv.Itoa(t.Zombies), "pod %s has %d zombies", p.zombies.Name, p.zombies.Zombies)
	}
	if reaches(int64(s.Summary.Zombies), t.WorkloadZombies, soft) {
		say(strconv.Itoa(t.WorkloadZombies), "the workload has %d zombies in %d pods", s.Summary.Zombies, s.Summary.Pods)
	}
	if since := s.Summary.OldestSince; since != nil && reaches(int64(now.Sub(since.Time)), int(t.Age), soft) {
		say(span(t.Age), "the oldest zombie is there for %s", span(now.Sub(since.Time)))
	}
	if p.rate != nil && reaches(int64(*p.rate.PerHour), t.PerHour, soft) {
		say(strconv.Itoa(t.PerHour), "%d zombies an hour come in pod %s", *p.rate.PerHour, p.rate.Name)
	}
	if p.share != nil && reaches(percent(p.share), t.LimitPercent, soft) {
		say(fmt.Sprintf("%d %%", t.LimitPercent), "zombies take %d %% of the PID limit of pod %s, %d", percent(p.share), p.share.Name, *p.share.PIDLimit)
	}
	if p.limit != nil && t.LimitIn > 0 {
		left, most := p.limit.LimitAt.Sub(now), t.LimitIn
		if soft {
			most += most / 4
		}
		switch {
		case left > most:
		case left <= 0:
			say(span(t.LimitIn), "pod %s is at its PID limit: it can't start processes", p.limit.Name)
			urgent = true
		default:
			say(span(t.LimitIn), "pod %s reaches its PID limit in %s", p.limit.Name, span(left))
			urgent = left <= soon
		}
	}
	return reasons, urgent
}

// reaches says whether a number is at a threshold that is set, or was and is
// less than a fifth below.
func reaches(n int64, threshold int, soft bool) bool {
	least := int64(threshold)
	if soft {
		least -= least / 5
	}
	return threshold > 0 && n >= least
}

// most are the pods that are the worst, each by one number; nil where none has
// it.
type most struct{ zombies, rate, share, limit *v1alpha1.Pod }

func mostOf(pods []v1alpha1.Pod, now time.Time) most {
	var m most
	for i := range pods {
		p := &pods[i]
		if m.zombies == nil || p.Zombies > m.zombies.Zombies {
			m.zombies = p
		}
		if p.PerHour != nil && (m.rate == nil || *p.PerHour > *m.rate.PerHour) {
			m.rate = p
		}
		if p.PIDLimit != nil && *p.PIDLimit > 0 && (m.share == nil || percent(p) > percent(m.share)) {
			m.share = p
		}
		if p.LimitAt != nil && (!p.LimitEarly || !p.LimitAt.After(now)) && (m.limit == nil || p.LimitAt.Before(m.limit.LimitAt)) {
			m.limit = p
		}
	}
	return m
}

// percent is the part of a pod's PID limit that its zombies take.
func percent(p *v1alpha1.Pod) int64 { return int64(p.Zombies) * 100 / *p.PIDLimit }

// span is a time in a word, rounded down.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 3*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/day)
	}
}
