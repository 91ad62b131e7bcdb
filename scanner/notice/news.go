package notice

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

const (
	// breakAfter is how long a report must be below a severity until it no longer
	// has it: pods that are replaced have no zombies for a while.
	breakAfter = 5 * time.Minute
	// slack is how far in the future a stored time may be: clocks differ. What is
	// further was written by a clock that was wrong.
	slack = 5 * time.Minute
)

// stand brings the severity of a notice up to date. b remembers since when it is
// below; nothing of it needs to be stored.
func stand(n *v1alpha1.Notice, l level, b *breaks, now time.Time) {
	at := metav1.NewTime(now)
	b.warning = b.warning.next(l.severity == "" && n.Severity != "", now)
	b.critical = b.critical.next(l.severity != Critical && n.Severity == string(Critical), now)
	switch {
	case l.severity != "":
		if n.Since == nil {
			n.Since = &at
		}
		if n.Severity == "" {
			n.Severity = string(Warning)
		}
	case b.warning.over(now):
		n.Severity, n.Since, n.CriticalSince = "", nil, nil
	}
	switch {
	case l.severity == Critical:
		if n.CriticalSince == nil {
			n.CriticalSince = &at
		}
		n.Severity = string(Critical)
	case n.Severity == string(Critical) && b.critical.over(now):
		n.Severity, n.CriticalSince = string(Warning), nil
	}
}

// breaks are since when a report is below its severities.
type breaks struct{ warning, critical mark }

// mark is since when something is so; zero when it isn't.
type mark time.Time

func (m mark) next(so bool, now time.Time) mark {
	switch {
	case !so:
		return mark{}
	case time.Time(m).IsZero() || time.Time(m).After(now): // a clock that was set back
		return mark(now)
	}
	return m
}

func (m mark) over(now time.Time) bool {
	return !time.Time(m).IsZero() && now.Sub(time.Time(m)) >= breakAfter
}

// mend takes back stored times that are still to come, and says nothing of
// others.
func mend(n *v1alpha1.Notice, now time.Time) {
	late := now.Add(slack)
	for _, at := range []*metav1.Time{n.Since, n.CriticalSince} {
		if at != nil && at.After(late) {
			*at = metav1.NewTime(now)
		}
	}
	for _, d := range []*v1alpha1.Digest{n.Last, n.Failed} {
		if d != nil && d.At.After(late) {
			d.At = metav1.NewTime(now)
		}
	}
}

// news is what there is to tell of a report.
type news struct {
	kind     string
	severity Severity
	// at is from when on it may be told.
	at time.Time
	// repeat says that it is only told again, urgent that it does not wait for
	// other news.
	repeat, urgent bool
}

// news finds what there is to tell of a report that is in no digest, at some
// time; false where nothing is.
func (r *Rules) news(s *v1alpha1.ZombieReportStatus, n *v1alpha1.Notice, l level, i Intervals, now time.Time) (news, bool) {
	if s.Summary.Zombies == 0 {
		return r.resolved(s, n)
	}
	severity, from := r.held(n, l, now)
	if severity == "" {
		return news{}, false
	}
	out := news{kind: KindFiring, severity: severity, at: from, urgent: l.urgent || l.alert}
	interval := i.Warning
	if severity == Critical {
		interval = i.Critical
	}
	last := n.Last
	switch {
	case last == nil:
	case last.Kind == KindResolved, back(s, last.At.Time):
		wait := r.Again
		if interval > 0 {
			wait = min(wait, interval)
		}
		out.at = later(from, last.At.Add(wait))
	case severity == Critical && last.Severity != string(Critical):
	case interval == 0:
		return news{}, false
	default:
		out.at, out.repeat, out.urgent = last.At.Add(interval), true, false
	}
	return r.anew(out, n), true
}

// anew has news wait that nobody could be told a while ago.
func (r *Rules) anew(out news, n *v1alpha1.Notice) news {
	if n.Failed != nil {
		out.at, out.urgent = later(out.at, n.Failed.At.Add(r.Retry)), false
	}
	return out
}

// held is the severity that is passed for long enough, and when it was.
func (r *Rules) held(n *v1alpha1.Notice, l level, now time.Time) (Severity, time.Time) {
	if l.severity == "" || n.Since == nil {
		return "", time.Time{}
	}
	if l.severity == Critical && n.CriticalSince != nil {
		switch from := n.CriticalSince.Add(r.Hold); {
		case l.urgent:
			return Critical, n.CriticalSince.Time
		case !now.Before(from):
			return Critical, from
		}
	}
	if l.alert || l.urgent {
		return Warning, n.Since.Time
	}
	if from := n.Since.Add(r.Hold); !now.Before(from) {
		return Warning, from
	}
	return "", time.Time{}
}

// resolved is the news that the zombies are gone of which people were told.
func (r *Rules) resolved(s *v1alpha1.ZombieReportStatus, n *v1alpha1.Notice) (news, bool) {
	last := n.Last
	if !r.Resolved.Notify || last == nil || last.Kind != KindFiring || len(s.History) == 0 || s.History[0].To == nil {
		return news{}, false
	}
	return r.anew(news{kind: KindResolved, severity: Severity(last.Severity), at: s.History[0].To.Add(r.Resolved.Settle)}, n), true
}

// back says whether the zombies that are there came after all were gone since a
// time.
func back(s *v1alpha1.ZombieReportStatus, since time.Time) bool {
	return len(s.History) > 0 && s.History[0].To == nil && s.History[0].From.After(since)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
