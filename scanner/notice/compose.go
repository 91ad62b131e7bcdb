package notice

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// PlatformRole is the role of the platform's own address.
const PlatformRole = "platform"

// stored are the reports that are stored as being in a digest.
func (o *open) stored(n *room) []*sheet {
	return slices.DeleteFunc(slices.Clone(n.reports), func(s *sheet) bool {
		before := s.report.Status.Notice
		return before == nil || before.Pending == nil || before.Pending.ID != o.id
	})
}

// pendingOf are those that still say so after this turn's marks.
func (o *open) pendingOf(n *room) []*sheet {
	return slices.DeleteFunc(slices.Clone(n.reports), func(s *sheet) bool {
		return s.notice.Pending == nil || s.notice.Pending.ID != o.id
	})
}

// hand gives a digest to the channels when all its reports are stored as being
// in it, and in every turn after that until it is told.
func (p *planner) hand(n *room, o *open) {
	left := o.pendingOf(n)
	if len(left) == 0 && (!o.handed.IsZero() || !o.mine) {
		return
	}
	stored := slices.DeleteFunc(o.stored(n), func(s *sheet) bool { return s.notice.Pending == nil })
	if o.handed.IsZero() && !p.ready(n, o, stored) {
		p.count(o)
		return
	}
	if !p.ask(n, nil) {
		p.count(o)
		return
	}
	d := p.compose(n, o, stored)
	first := p.first(d.To)
	if o.handed.IsZero() && first < 0 {
		p.nobody(o, stored)
		return
	}
	if o.handed.IsZero() {
		if len(d.To) == 0 && slices.Contains(p.Contactless, false) {
			p.problem(n.name, ProblemNobody, "its news is in Events alone: no contact of the namespace may be told, and notices.platform is not set")
		}
		o.handed, o.first, o.to, o.noContact = p.Now, first, d.To, d.NoContact
		o.told = make(map[types.NamespacedName]bool, len(stored))
		o.wanted = nil
		for _, s := range stored {
			o.told[s.key] = true
		}
		o.asked = make([]bool, len(p.Contactless))
		for i, contactless := range p.Contactless {
			o.asked[i] = contactless || len(d.To) > 0
		}
	}
	d.To, d.NoContact = o.to, o.noContact // a repeat has the same people
	p.count(o)
	p.out.Tell = append(p.out.Tell, d)
}

// nobody keeps a digest that there is nobody for, such as after the channels were
// turned off, for a while. Then it is decided on no more: its news is due again
// when somebody may be told.
func (p *planner) nobody(o *open, stored []*sheet) {
	if o.nobody.IsZero() || o.nobody.After(p.Now) {
		o.nobody = p.Now
	}
	if p.Now.Sub(o.nobody) >= nobodyFor {
		o.mine, o.wanted = false, nil
		for _, s := range stored {
			s.notice.Pending = nil
		}
		return
	}
	if len(p.Contactless) > 0 {
		p.problem(o.namespace, ProblemNobody, fmt.Sprintf("digest %s is for nobody: no contact of the namespace may be told, and notices.platform is not set", o.id))
	}
	p.count(o)
}

func (p *planner) count(o *open) {
	p.out.Open++
	if p.out.Oldest.IsZero() || o.at.Before(p.out.Oldest) {
		p.out.Oldest = o.at
	}
}

// ready says whether all reports that are to be in a digest are stored as being
// in it. Those that are gone meanwhile, or can't be stored, don't hold it up.
func (p *planner) ready(n *room, o *open, stored []*sheet) bool {
	if !o.mine {
		return len(stored) > 0
	}
	there := make(map[types.NamespacedName]bool)
	for _, s := range n.reports {
		there[s.key] = true
	}
	in := make(map[types.NamespacedName]bool)
	for _, s := range stored {
		in[s.key] = true
	}
	missing := 0
	for k := range o.wanted {
		switch {
		case !there[k]:
			delete(o.wanted, k)
		case !in[k]:
			missing++
		}
	}
	if len(o.wanted) == 0 {
		delete(p.memory.open, o.id)
		return false
	}
	late := p.Now.Sub(o.at).Abs() >= storeFor
	if late && missing > 0 {
		for _, s := range n.reports {
			if _, ok := o.wanted[s.key]; ok && !in[s.key] {
				delete(o.wanted, s.key)
				s.notice.Pending = nil
			}
		}
	}
	return len(stored) > 0 && (missing == 0 || late)
}

// first is the place of the channel whose result counts, -1 where there is none
// for it.
func (p *planner) first(to []Contact) int {
	return slices.IndexFunc(p.Contactless, func(contactless bool) bool { return contactless || len(to) > 0 })
}

// compose makes a digest out of reports.
func (p *planner) compose(n *room, o *open, stored []*sheet) Digest {
	d := Digest{ID: o.id, Namespace: n.name, At: o.at, Severity: string(Warning)}
	failed := false
	for _, s := range stored {
		pending := s.report.Status.Notice.Pending
		s.news.kind, s.news.severity = pending.Kind, Severity(pending.Severity)
		if s.news.severity == Critical {
			d.Severity = string(Critical)
		}
		failed = failed || s.notice.Failed != nil
	}
	slices.SortFunc(stored, worst)
	for _, s := range stored {
		d.Items = append(d.Items, item(s))
	}
	var problems []Problem
	d.To, d.NoContact, problems = p.whom(n, Severity(d.Severity), failed)
	if o.handed.IsZero() {
		_, notify := p.Rules.told(n.name, n.space)
		p.out.Problems = append(p.out.Problems, slices.Concat(problems, notify)...)
	}
	return d
}

// item is a report's part of a digest.
func item(s *sheet) Item {
	n, status := s.notice, &s.report.Status
	i := Item{Report: s.report, Kind: n.Pending.Kind, Severity: n.Pending.Severity, Since: n.Pending.At.Time, Reasons: s.level.reasons}
	switch {
	case i.Kind == KindResolved:
		i.Reasons = nil
		if len(status.History) > 0 && status.History[0].To != nil {
			i.Since = status.History[0].To.Time
		}
		if status.Summary.Zombies > 0 {
			i.Reasons = []string{"there are zombies again meanwhile"}
		}
		return i
	case i.Severity == string(Critical) && n.CriticalSince != nil:
		i.Since = n.CriticalSince.Time
	case n.Since != nil:
		i.Since = n.Since.Time
	}
	i.Again = n.Last != nil && n.Last.Kind == KindFiring && !back(status, n.Last.At.Time)
	switch {
	case status.Summary.Zombies == 0:
		i.Reasons = []string{"its zombies are gone meanwhile"}
	case len(i.Reasons) == 0:
		i.Reasons = []string{fmt.Sprintf("it had %d zombies when this was decided on, and is below all thresholds now", n.Pending.Zombies)}
	}
	return i
}

// whom are those who are told; a text says why they are the platform, where they
// are. After a failure the platform is told beside the contacts.
func (p *planner) whom(n *room, worst Severity, failed bool) (to []Contact, noContact string, problems []Problem) {
	to, problems = p.Rules.contacts(n.name, n.space, n.env, worst, p.Directory)
	switch {
	case len(to) == 0 && len(problems) > 0:
		noContact = "no contact of the namespace can be used; " + problems[0].Text
	case len(to) == 0:
		noContact = fmt.Sprintf("the namespace names nobody for news of severity %s in environment %s; looked for: %s", worst, n.env.name, p.Rules.lookedFor(n.env, worst))
	case failed:
		noContact = "no mail server took an earlier notice for any of the contacts"
	default:
		return to, "", problems
	}
	if p.Rules.Platform != "" {
		to = append(to, Contact{Role: PlatformRole, Address: p.Rules.Platform})
	}
	return to, noContact, problems
}

// lookedFor are the annotations that would name somebody.
func (r *Rules) lookedFor(env *environment, worst Severity) string {
	var keys []string
	for i := range r.roles {
		if r.roles[i].tells(env, worst) {
			keys = append(keys, "annotation "+r.roles[i].Annotation)
		}
	}
	if len(keys) == 0 {
		return "nothing, since no role in notices.roles is told"
	}
	return strings.Join(keys, ", ")
}
