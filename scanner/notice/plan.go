package notice

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Input is what a plan is made of.
type Input struct {
	Now   time.Time
	Rules *Rules
	// Reports are all that there are, as they are stored.
	Reports []*v1alpha1.ZombieReport
	// Namespaces knows namespaces, or not yet.
	Namespaces func(name string) (Namespace, bool)
	// Directory has contacts beside those in annotations.
	Directory Directory
	// Contactless says of each channel that it tells without contacts, too.
	Contactless []bool
}

// Output is what is to be done.
type Output struct {
	// Keep are the notices that differ from what is stored.
	Keep map[types.NamespacedName]*v1alpha1.Notice
	// Tell are digests that all their reports say are decided on. A digest is
	// there in every turn until it is told.
	Tell     []Digest
	Problems []Problem
	// Ended are the digests that were told now, or could not be.
	Ended []Ended
	// Waiting is how many reports have news that waits, Open how many digests are
	// not told, the oldest since Oldest.
	Waiting, Open int
	Oldest        time.Time
}

// Ended is a digest that is told, or can't be.
type Ended struct {
	Namespace string
	Result    Result
	// Items are its reports by kind and severity.
	Items map[[2]string]int
}

// Plan decides what is kept, and told, by what is stored and what m remembers.
// It reads no clock and changes nothing but m.
func Plan(in Input, m *Memory) Output {
	in.Now = in.Now.Truncate(time.Second) // as it is stored
	p := &planner{Input: in, memory: m, open: make(map[string][]*open), out: Output{Keep: make(map[types.NamespacedName]*v1alpha1.Notice)}}
	byNamespace := make(map[string][]*v1alpha1.ZombieReport)
	there := make(map[types.NamespacedName]bool, len(in.Reports))
	for _, r := range in.Reports {
		byNamespace[r.Namespace] = append(byNamespace[r.Namespace], r)
		there[key(r)] = true
	}
	for _, o := range m.open {
		p.open[o.namespace] = append(p.open[o.namespace], o)
	}
	names := make([]string, 0, len(byNamespace))
	for name := range byNamespace {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p.namespace(name, byNamespace[name])
	}
	for k := range m.breaks {
		if !there[k] {
			delete(m.breaks, k)
		}
	}
	for name := range m.unknown {
		if byNamespace[name] == nil {
			delete(m.unknown, name)
		}
	}
	for id, o := range m.open {
		if byNamespace[o.namespace] == nil {
			delete(m.open, id)
		}
	}
	return p.out
}

func key(r *v1alpha1.ZombieReport) types.NamespacedName {
	return types.NamespacedName{Namespace: r.Namespace, Name: r.Name}
}

// planner makes the plan of one turn.
type planner struct {
	Input
	memory *Memory
	open   map[string][]*open // what is remembered, by namespace
	out    Output
}

// room is a namespace as the planner sees it.
type room struct {
	name    string
	reports []*sheet
	open    []*open // the oldest first
	last    time.Time
	env     *environment
	space   Namespace
	known   bool
	asked   bool
}

// sheet is a report with its notice as it is to be.
type sheet struct {
	key    types.NamespacedName
	report *v1alpha1.ZombieReport
	notice *v1alpha1.Notice
	level  level
	news   news
	has    bool // there is news
}

func (p *planner) namespace(name string, reports []*v1alpha1.ZombieReport) {
	n := &room{name: name}
	for _, r := range reports {
		n.reports = append(n.reports, p.sheet(r))
	}
	p.find(n)
	for _, o := range n.open {
		p.mark(n, o)
	}
	for _, s := range n.reports {
		if last := s.notice.Last; last != nil && last.At.After(n.last) {
			n.last = last.At.Time
		}
	}
	p.decide(n)
	for _, o := range n.open {
		p.hand(n, o)
	}
	for _, s := range n.reports {
		before := s.report.Status.Notice
		switch {
		case equality.Semantic.DeepEqual(before, s.notice):
		case before == nil && equality.Semantic.DeepEqual(s.notice, &v1alpha1.Notice{}):
		default:
			p.out.Keep[s.key] = s.notice
		}
	}
}

// sheet takes a report up: its times, its severity.
func (p *planner) sheet(r *v1alpha1.ZombieReport) *sheet {
	s := &sheet{key: key(r), report: r, notice: r.Status.Notice.DeepCopy()}
	if s.notice == nil {
		s.notice = new(v1alpha1.Notice)
	}
	mend(s.notice, p.Now)
	s.level = p.Rules.level(&r.Status, s.notice, p.Now)
	b := p.memory.breaks[s.key]
	stand(s.notice, s.level, &b, p.Now)
	if b == (breaks{}) {
		delete(p.memory.breaks, s.key)
	} else {
		p.memory.breaks[s.key] = b
	}
	return s
}

// find gathers the open digests of a namespace: those that reports say are
// decided on, and those that no report says yet.
func (p *planner) find(n *room) {
	pending := make(map[string]bool)
	for _, s := range n.reports {
		d := s.notice.Pending
		if d == nil {
			continue
		}
		pending[d.ID] = true
		o := p.memory.open[d.ID]
		if o == nil {
			o = &open{id: d.ID, namespace: n.name, at: d.At.Time, taken: make(map[int]time.Time), results: make(map[int]Result)}
			p.memory.open[d.ID] = o
			p.open[n.name] = append(p.open[n.name], o)
		}
		if !o.mine && d.At.Time.Before(o.at) {
			o.at = d.At.Time
		}
	}
	for _, o := range p.open[n.name] {
		if !pending[o.id] && (!o.handed.IsZero() || !o.mine) {
			// Marked everywhere, or its reports are gone. It is remembered for a
			// while: a write may turn out to have been done after all.
			if o.handed.IsZero() || p.Now.Sub(o.handed).Abs() >= rememberFor {
				delete(p.memory.open, o.id)
			}
			continue
		}
		n.open = append(n.open, o)
	}
	slices.SortFunc(n.open, func(a, b *open) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
}

// mark has reports say what became of their digest, where that is known: a
// channel says so, or another report of it does, by whoever led before. The first
// of them that is stored is enough for that.
func (p *planner) mark(n *room, o *open) {
	at, failed, known := marked(n, o.id)
	result, closed := o.closed(p.Now)
	switch {
	case !known && !closed:
		return
	case !known:
		at, failed = result.At.Truncate(time.Second), result.Failed != ""
		if at.After(p.Now) || at.IsZero() {
			at = p.Now
		}
	}
	items := make(map[[2]string]int)
	for _, s := range n.reports {
		d := s.notice.Pending
		if d == nil || d.ID != o.id {
			continue
		}
		s.notice.Pending = nil
		if o.told != nil && !o.told[s.key] {
			continue // it says so too late to have been in it
		}
		items[itemOf(d)]++
		d.At = metav1.NewTime(at)
		if failed {
			s.notice.Failed = d
		} else {
			s.notice.Last, s.notice.Failed = d, nil
		}
	}
	if closed && !o.counted {
		o.counted = true
		p.out.Ended = append(p.out.Ended, Ended{Namespace: n.name, Result: result, Items: items})
		if result.Failed != "" {
			p.problem(n.name, ProblemFailed, fmt.Sprintf("digest %s could be told to nobody: %s; its news goes out anew in %s", o.id, quoted(result.Failed), short(p.Rules.Retry)))
		}
	}
}

// marked finds a report that says what became of a digest, and when.
func marked(n *room, id string) (at time.Time, failed, known bool) {
	for _, s := range n.reports {
		if d := s.notice.Last; d != nil && d.ID == id {
			return d.At.Time, false, true
		}
		if d := s.notice.Failed; d != nil && d.ID == id {
			return d.At.Time, true, true
		}
	}
	return time.Time{}, false, false
}

// itemOf is what a digest says of a report, in the words that there are.
func itemOf(d *v1alpha1.Digest) [2]string {
	kind, severity := KindFiring, Warning
	if d.Kind == KindResolved {
		kind = KindResolved
	}
	if d.Severity == string(Critical) {
		severity = Critical
	}
	return [2]string{kind, string(severity)}
}

func (p *planner) problem(namespace, kind, text string) {
	p.out.Problems = append(p.out.Problems, Problem{Namespace: namespace, Kind: kind, Text: text})
}
