package notice

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// decide opens a digest, or has reports join one that is open.
func (p *planner) decide(n *room) {
	due := p.due(n)
	// One whose marks are not stored yet is open, too: whoever leads next would
	// tell it again.
	var joined, waits *open
	for _, o := range n.open {
		switch {
		case o.mine && o.handed.IsZero() && p.Now.Sub(o.at).Abs() < joinFor:
			joined = o
		case o.handed.IsZero() || p.Now.Sub(o.handed) < stuckAfter:
			waits = o
		}
	}
	switch {
	case joined != nil:
		for _, s := range due[:min(len(due), max(0, MaxItems-len(joined.wanted)))] {
			joined.wanted[s.key] = s.news
		}
	case waits == nil && p.opens(n, due):
		o := p.begin(n, due[:min(len(due), MaxItems)])
		n.open = append(n.open, o)
	}
	for _, o := range n.open {
		p.intend(n, o)
	}
	for _, s := range due {
		if s.notice.Pending == nil {
			p.out.Waiting++
		}
	}
}

// due are the reports with news that may be told now, the worst first.
func (p *planner) due(n *room) []*sheet {
	var due []*sheet
	for _, s := range n.reports {
		if s.notice.Pending != nil || p.wanted(n, s.key) {
			continue
		}
		if !p.ask(n, s) {
			continue
		}
		s.news, s.has = p.Rules.news(&s.report.Status, s.notice, s.level, n.env.intervals, p.Now)
		if s.has && !p.Now.Before(s.news.at) && p.heeds(n, s.news) {
			due = append(due, s)
		}
	}
	slices.SortFunc(due, worst)
	return due
}

// wanted says whether a report is to be in a digest that it does not say yet.
func (p *planner) wanted(n *room, k types.NamespacedName) bool {
	return slices.ContainsFunc(n.open, func(o *open) bool {
		_, ok := o.wanted[k]
		return ok
	})
}

// worst orders news: what is critical, what goes on, what is most.
func worst(a, b *sheet) int {
	rank := func(s *sheet) int {
		switch {
		case s.news.kind == KindResolved:
			return 2
		case s.news.severity == Critical:
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.report.Status.Summary.Zombies, a.report.Status.Summary.Zombies), cmp.Compare(a.key.Name, b.key.Name))
}

// ask finds out about the namespace, once a turn and only for reports that may
// have news. It is false while nothing is known.
func (p *planner) ask(n *room, s *sheet) bool {
	if s != nil && s.level.severity == "" && s.notice.Last == nil {
		return false
	}
	if n.asked {
		return n.known
	}
	n.asked = true
	n.space, n.known = p.Namespaces(n.name)
	if !n.known {
		since, ok := p.memory.unknown[n.name]
		if !ok || since.After(p.Now) {
			since = p.Now
			p.memory.unknown[n.name] = since
		}
		n.known = p.Now.Sub(since) >= unknownFor
	} else {
		delete(p.memory.unknown, n.name)
	}
	n.env = p.Rules.environment(n.name, n.space)
	return n.known
}

// heeds says whether a namespace is told of such news.
func (p *planner) heeds(n *room, what news) bool {
	notify, _ := p.Rules.told(n.name, n.space)
	return notify == NotifyAll || notify == NotifyCritical && what.severity == Critical
}

// opens says whether news that is due is reason enough for a digest now.
func (p *planner) opens(n *room, due []*sheet) bool {
	quiet := p.Now.Sub(n.last)
	if n.last.IsZero() || quiet < 0 {
		quiet = maxInterval
	}
	if len(due) == 0 || quiet < p.Rules.Pause {
		return false
	}
	openNow := n.env.hours.open(p.Now)
	reason := slices.ContainsFunc(due, func(s *sheet) bool {
		interval := n.env.intervals.Warning
		if s.news.severity == Critical {
			interval = n.env.intervals.Critical
		}
		switch {
		case !openNow && (s.news.severity != Critical || !n.env.critical):
			return false
		case s.news.repeat:
			return quiet >= interval
		}
		return s.news.urgent || p.Now.Sub(s.news.at) >= p.Rules.Gather
	})
	if !reason {
		return false
	}
	to, _, _ := p.whom(n, worstOf(due), false)
	if p.first(to) < 0 {
		if len(p.Contactless) > 0 {
			p.problem(n.name, ProblemNobody, "there is news for nobody: no contact of the namespace may be told, and notices.platform is not set")
		}
		return false
	}
	return true
}

func worstOf(due []*sheet) Severity {
	if slices.ContainsFunc(due, func(s *sheet) bool { return s.news.severity == Critical }) {
		return Critical
	}
	return Warning
}

// begin decides on a digest.
func (p *planner) begin(n *room, due []*sheet) *open {
	sum := sha256.New()
	fmt.Fprintln(sum, n.name, p.Now.UnixNano())
	o := &open{
		namespace: n.name, at: p.Now, mine: true, wanted: make(map[types.NamespacedName]news, len(due)),
		taken: make(map[int]time.Time), results: make(map[int]Result),
	}
	for _, s := range due {
		fmt.Fprintln(sum, s.key.Name, s.report.UID, s.report.ResourceVersion)
		o.wanted[s.key] = s.news
	}
	o.id = hex.EncodeToString(sum.Sum(nil)[:16])
	p.memory.open[o.id] = o
	return o
}

// intend has the reports of a digest say that they are in it.
func (p *planner) intend(n *room, o *open) {
	if !o.handed.IsZero() {
		return
	}
	for _, s := range n.reports {
		what, ok := o.wanted[s.key]
		if !ok || s.notice.Pending != nil {
			continue
		}
		s.notice.Pending = &v1alpha1.Digest{
			ID: o.id, Kind: what.kind, At: metav1.NewTime(o.at), Severity: string(what.severity), Zombies: s.report.Status.Summary.Zombies,
		}
	}
}
