package desk

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/remedy"
)

const (
	// planFor is how long a plan is tried to be stored.
	planFor = 10 * time.Minute
	// young is how long after an eviction the pods that came since are looked at.
	young = 24 * time.Hour
)

// turn is one turn's view.
type turn struct {
	now      time.Time
	settings remedy.Settings
	ledger   *remedy.Ledger
	want     map[types.NamespacedName]*v1alpha1.Remedy
	reasons  map[remedy.Reason]int
	waiting  []job
	events   []Event
	uids     map[string]bool
	// Candidates are by report, passing the UIDs of all of them.
	candidates map[Key][]remedy.Candidate
	passing    map[string]bool
	keys       map[Key]bool
}

// Turn says what is to be kept in the reports, by what is stored there, and has
// the workers do what is found stored.
func (d *Desk) Turn(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Remedy {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := &turn{
		now: now, settings: d.o.Settings(), ledger: remedy.NewLedger(now), want: make(map[types.NamespacedName]*v1alpha1.Remedy),
		reasons: make(map[remedy.Reason]int), uids: make(map[string]bool), keys: make(map[Key]bool),
		candidates: make(map[Key][]remedy.Candidate), passing: make(map[string]bool),
	}
	d.settle(t, stored)
	for _, r := range stored {
		d.count(t, r)
	}
	d.decide(t, stored)
	intended, stopped := 0, 0
	for _, r := range stored {
		done := r.Status.Remedy
		if done != nil && done.Stopped != nil {
			stopped++
		}
		act := remedy.Intended(done)
		if act != nil {
			intended++
			d.goOn(t, r, act)
			continue
		}
		if p, ok := d.memory.plans[keyOf(r)]; ok {
			t.want[keyOf(r)] = p.after(done)
			continue
		}
		d.close(done)
		if remedy.Outdated(r) {
			t.want[keyOf(r)] = remedy.WithStop(done, nil)
		}
		d.consider(t, r)
	}
	d.start(t)
	d.announce(t)
	d.forget(t)
	d.o.Metrics.turn(t.reasons, intended, stopped)
	return t.want
}

// settle takes plans off that are stored or that nobody could store, or that
// must not be any more.
func (d *Desk) settle(t *turn, stored []*v1alpha1.ZombieReport) {
	reports := make(map[Key]*v1alpha1.ZombieReport, len(stored))
	for _, r := range stored {
		reports[keyOf(r)] = r
	}
	for k, p := range d.memory.plans {
		r := reports[k]
		evicts := p.act != nil && p.act.Phase == remedy.PhaseIntended
		if r == nil || p.stored(r.Status.Remedy) || t.now.Sub(p.at) > planFor || evicts && (!d.allowed(&t.settings) || t.settings.Mode != remedy.Evict) {
			delete(d.memory.plans, k)
		}
	}
	if t.settings.Mode != remedy.DryRun {
		clear(d.memory.dry)
	}
}

// count takes a report into the ledger, and remembers whom it names.
func (d *Desk) count(t *turn, r *v1alpha1.ZombieReport) {
	k := keyOf(r)
	t.keys[k] = true
	for i := range r.Status.Pods {
		t.uids[r.Status.Pods[i].UID] = true
	}
	t.candidates[k], _ = t.settings.Candidates(r, t.now) // Most reports are of no concern.
	for i := range t.candidates[k] {
		uid := t.candidates[k][i].Pod.UID
		if d.silent(&t.candidates[k][i], t.now) {
			continue // It may pass no more.
		}
		t.passing[uid] = true
		if _, ok := d.memory.held[uid]; !ok {
			d.memory.held[uid] = t.now
		}
	}
	if done := r.Status.Remedy; done != nil {
		t.ledger.Count(r.Namespace, r.Name, done.Acts...)
		for i := range done.Acts {
			t.uids[done.Acts[i].UID] = true
		}
		t.events = append(t.events, tidings(r, t.now)...)
	}
	if p, ok := d.memory.plans[k]; ok && p.act != nil {
		t.ledger.Count(r.Namespace, r.Name, *p.act)
	}
	t.ledger.Count(r.Namespace, r.Name, d.memory.dry[k]...)
	for i := range d.memory.dry[k] {
		t.events = append(t.events, eventOf(r, &d.memory.dry[k][i], dryRun))
	}
}

// decide gives those that were found good to go, the most urgent first, what
// room the budgets have. Who gets none is looked at again when there is some.
func (d *Desk) decide(t *turn, stored []*v1alpha1.ZombieReport) {
	type one struct {
		report *v1alpha1.ZombieReport
		ready  ready
	}
	var all []one
	for _, r := range stored {
		if found, ok := d.memory.ready[keyOf(r)]; ok && remedy.Intended(r.Status.Remedy) == nil {
			all = append(all, one{r, found})
		}
	}
	clear(d.memory.ready)
	slices.SortStableFunc(all, func(a, b one) int { return remedy.Urgent(a.ready.candidate, b.ready.candidate) })
	for _, o := range all {
		k := keyOf(o.report)
		if !d.allowed(&t.settings) || t.settings.Where(k.Namespace, d.o.Own) != "" || t.ledger.Room(&t.settings, k.Namespace, k.Name) != "" {
			continue
		}
		act := o.ready.act
		if t.settings.Mode == remedy.DryRun {
			act = remedy.Pretend(act)
			d.memory.dry[k] = append(d.memory.dry[k], act)
			t.events = append(t.events, eventOf(o.report, &act, dryRun))
			d.o.Metrics.acted(dryRun)
			d.o.Log.Info("dry run: would evict", "namespace", k.Namespace, "pod", act.Pod, "workload", o.report.Status.Workload.String(), "why", o.ready.candidate.Passed)
		} else {
			d.memory.plans[k] = plan{at: t.now, act: &act}
		}
		t.ledger.Count(k.Namespace, k.Name, act)
	}
}

// goOn ends an act whose end is known, and else has it carried on.
func (d *Desk) goOn(t *turn, r *v1alpha1.ZombieReport, act *v1alpha1.Act) {
	if e, ok := d.memory.ends[act.UID]; ok {
		t.want[keyOf(r)] = remedy.End(r.Status.Remedy, act.UID, e.phase, e.why, e.at)
		return
	}
	if d.memory.busy[act.UID] || t.now.Before(d.memory.retry[act.UID].until) {
		return
	}
	c, reason := t.settings.Find(r, act.UID, t.now)
	j := job{carry: true, key: keyOf(r), candidate: c, reason: reason, done: r.Status.Remedy, target: target(r, act.Pod, act.UID, t.now)}
	select {
	case d.carry <- j:
		d.memory.busy[act.UID] = true
	default: // the next turn
	}
}

// close forgets what was kept for acts that are over, and stored so: the same
// pod may be intended again.
func (d *Desk) close(done *v1alpha1.Remedy) {
	if done == nil {
		return
	}
	for i := range done.Acts {
		uid := done.Acts[i].UID
		delete(d.memory.ends, uid)
		delete(d.memory.tried, uid)
		delete(d.memory.retry, uid)
	}
}

// consider finds the pod of a report that may be looked at, and says of all
// that pass a threshold why nothing is done.
func (d *Desk) consider(t *turn, r *v1alpha1.ZombieReport) {
	list := t.candidates[keyOf(r)]
	chosen := false
	for i := range list {
		c := &list[i]
		reason := d.why(t, r, c)
		if reason == "" && !chosen {
			chosen = true
			t.waiting = append(t.waiting, job{
				key: keyOf(r), candidate: *c, done: r.Status.Remedy, target: target(r, c.Pod.Name, c.Pod.UID, t.now),
			})
		}
		t.reasons[cmp.Or(reason, remedy.Waiting)]++
	}
}

// why is what speaks against a look at a candidate, without asking anybody.
func (d *Desk) why(t *turn, r *v1alpha1.ZombieReport, c *remedy.Candidate) remedy.Reason {
	m := &d.memory
	if !d.allowed(&t.settings) {
		return remedy.SwitchedOff
	}
	if reason := t.settings.Where(r.Namespace, d.o.Own); reason != "" {
		return reason
	}
	if done := r.Status.Remedy; done != nil && done.Stopped != nil && remedy.Holds(done.Stopped, &c.Container) {
		return remedy.Stopped
	}
	if d.silent(c, t.now) {
		return remedy.OldNews
	}
	if t.now.Sub(m.held[c.Pod.UID]) < t.settings.Hold {
		return remedy.Holding
	}
	if slices.ContainsFunc(m.dry[keyOf(r)], func(a v1alpha1.Act) bool { return a.UID == c.Pod.UID }) {
		return remedy.DryRunSaid
	}
	if reason := t.ledger.Room(&t.settings, r.Namespace, r.Name); reason != "" {
		return reason
	}
	switch l := m.looked[c.Pod.UID]; {
	case m.busy[c.Pod.UID]:
		return remedy.Waiting
	case t.now.Before(l.until):
		return l.reason
	case t.now.Before(m.noRight[r.Namespace]):
		return remedy.NoRight
	case t.now.Before(m.refused[keyOf(r)].until):
		return remedy.Settling
	}
	return ""
}

// start hands looks to the workers, as many as there is room for: what was not
// looked at for the longest time first, so that many who are not to be evicted
// keep nobody from a turn; of equals the most urgent.
func (d *Desk) start(t *turn) {
	slices.SortStableFunc(t.waiting, func(a, b job) int {
		before := d.memory.looked[a.target.UID].until.Compare(d.memory.looked[b.target.UID].until)
		return cmp.Or(before, remedy.Urgent(a.candidate, b.candidate))
	})
	for _, j := range t.waiting {
		select {
		case d.looks <- j:
			d.memory.busy[j.target.UID] = true
		default:
			return
		}
	}
}

// forget drops what is about pods and reports that are no more.
func (d *Desk) forget(t *turn) {
	m := &d.memory
	known := func(uid string) bool { return t.uids[uid] }
	keep(m.held, func(uid string) bool { return t.passing[uid] })
	keep(m.looked, known)
	keep(m.tried, known)
	keep(m.retry, known)
	keep(m.ends, known)
	here := func(k Key) bool { return t.keys[k] }
	keep(m.dry, here)
	keep(m.refused, here)
	for ns, until := range m.noRight {
		if !t.now.Before(until) {
			delete(m.noRight, ns)
		}
	}
}

func keep[K comparable, V any](from map[K]V, here func(K) bool) {
	for k := range from {
		if !here(k) {
			delete(from, k)
		}
	}
}

func keyOf(r *v1alpha1.ZombieReport) Key { return Key{Namespace: r.Namespace, Name: r.Name} }

func target(r *v1alpha1.ZombieReport, pod, uid string, now time.Time) Target {
	t := Target{Namespace: r.Namespace, Pod: pod, UID: uid, Workload: r.Status.Workload}
	if at, ended := remedy.Last(r.Status.Remedy, uid); now.Sub(ended) < young {
		t.Since = at
	}
	return t
}
