package responder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

const (
	// Pace is the time between two writes: fewer than five a second, however
	// many pods have zombies.
	Pace = 250 * time.Millisecond
	// refreshShare bounds what Minor changes take of the pace: each report may
	// have one write in this time for every report that there is.
	refreshShare = 2 * Pace
	// maxEnded is how many reports without zombies a namespace has; the oldest
	// go first.
	maxEnded = 200
	// A report that can't be written is tried again after failLeast, then later
	// and later, up to failMost.
	failLeast = 2 * time.Second
	failMost  = 10 * time.Minute
)

// Publisher brings the reports up to date with the state. It is the only writer,
// and not safe for concurrent use.
type Publisher struct {
	store   Store
	state   *State
	counts  *Metrics
	log     *slog.Logger
	refresh time.Duration

	reports map[Key]*record
	desks   Desks
	wanted  map[Key]aside
	queue   []planned // what Plan found, the most urgent last
	next    time.Time // no write before
}

// planned is a report that has to be written, or deleted.
type planned struct {
	key      Key
	change   Change
	zombies  int32
	written  time.Time // zero for a new report
	deletion bool
}

// lessUrgent orders reports: deletions, then what changed little, then what was
// written not long ago. So each has its turn, however many there are; among new
// ones those with the most zombies are first.
func lessUrgent(a, b planned) int {
	return cmp.Or(cmp.Compare(a.change, b.change), b.written.Compare(a.written), cmp.Compare(a.zombies, b.zombies),
		cmp.Compare(b.key.Namespace, a.key.Namespace), cmp.Compare(b.key.Name, a.key.Name))
}

// record is a report as it was written, nil when it isn't there.
type record struct {
	report   *v1alpha1.ZombieReport
	written  time.Time
	failures int
	notUntil time.Time
	// aloneUntil is how long it is written without what desks want: the API server
	// refused that.
	aloneUntil time.Time
}

// NewPublisher makes a publisher. refresh is the least time between two writes
// of Minor changes of one report.
func NewPublisher(store Store, state *State, desks Desks, counts *Metrics, refresh time.Duration, log *slog.Logger) *Publisher {
	return &Publisher{store: store, state: state, desks: desks, counts: counts, refresh: refresh, log: log, reports: make(map[Key]*record)}
}

// Load reads what was written by whoever wrote before, and has the state take
// over what no node has told yet.
func (p *Publisher) Load(ctx context.Context, now time.Time) error {
	reports, err := p.list(ctx, now)
	if err != nil {
		return err
	}
	p.state.Restore(reports)
	return nil
}

// Reload finds reports that somebody deleted or changed meanwhile.
func (p *Publisher) Reload(ctx context.Context, now time.Time) error {
	_, err := p.list(ctx, now)
	return err
}

func (p *Publisher) list(ctx context.Context, now time.Time) ([]v1alpha1.ZombieReport, error) {
	reports, err := p.store.List(ctx)
	if err != nil {
		return nil, err
	}
	before := p.reports
	p.reports = make(map[Key]*record, len(reports))
	for i := range reports {
		r := &record{report: &reports[i], written: now}
		k := keyOf(r.report)
		if old := before[k]; old != nil {
			r.written, r.failures, r.notUntil, r.aloneUntil = old.written, old.failures, old.notUntil, old.aloneUntil
		}
		p.reports[k] = r
	}
	return reports, nil
}

// Plan finds what has to be written. It looks at every report.
func (p *Publisher) Plan(now time.Time) {
	p.queue = p.queue[:0]
	p.wanted = p.desks.consult(now, p.reports)
	add := func(k Key) {
		r := p.reports[k]
		if r != nil && now.Before(r.notUntil) {
			return
		}
		_, how, zombies := p.due(k, now)
		var written time.Time // never, for a new one
		if r != nil {
			written = r.written
		}
		if how >= Material || how == Minor && now.Sub(written) >= max(p.refresh, time.Duration(len(p.reports))*refreshShare) {
			p.queue = append(p.queue, planned{key: k, change: how, zombies: zombies, written: written})
		}
	}
	for _, k := range p.state.Keys() {
		add(k)
	}
	for k, r := range p.reports {
		if len(p.state.Of(k)) == 0 && r.report != nil {
			add(k)
		}
	}
	for _, k := range p.expired(now) {
		p.queue = append(p.queue, planned{key: k, deletion: true})
	}
	slices.SortFunc(p.queue, lessUrgent)
	p.counts.planned(len(p.queue), len(p.reports))
}

// due is what a report would be now, how it differs from what was written, and
// how many zombies it has.
func (p *Publisher) due(k Key, now time.Time) (v1alpha1.ZombieReportStatus, Change, int32) {
	pods := p.state.Of(k)
	var before *v1alpha1.ZombieReportStatus
	if r := p.reports[k]; r != nil && r.report != nil {
		before = &r.report.Status
	}
	if before == nil && len(pods) == 0 {
		return v1alpha1.ZombieReportStatus{}, Unchanged, 0
	}
	var workload v1alpha1.Workload
	if len(pods) > 0 {
		workload = pods[0].Workload
	} else {
		workload = before.Workload
	}
	status := build(before, workload, pods, now)
	wanted := p.wanted[k]
	if r := p.reports[k]; r != nil && now.Before(r.aloneUntil) {
		wanted = aside{}
	}
	wanted.keep(before, &status)
	return status, change(before, status), status.Summary.Zombies
}

// expired are the reports that are to go: those whose last zombie is long gone,
// and in a namespace with very many of them the oldest.
func (p *Publisher) expired(now time.Time) []Key {
	ended := make(map[string][]*v1alpha1.ZombieReport)
	var keys []Key
	for k, r := range p.reports {
		switch {
		case r.report == nil || r.report.Status.Summary.Zombies > 0 || pending(r.report) || len(p.state.Of(k)) > 0 || now.Before(r.notUntil):
		case now.Sub(r.report.Status.LastSeen.Time) >= kept:
			keys = append(keys, k)
		default:
			ended[k.Namespace] = append(ended[k.Namespace], r.report)
		}
	}
	for _, reports := range ended {
		slices.SortFunc(reports, func(a, b *v1alpha1.ZombieReport) int {
			return cmp.Or(b.Status.LastSeen.Compare(a.Status.LastSeen.Time), cmp.Compare(a.Name, b.Name))
		})
		for _, r := range reports[min(len(reports), maxEnded):] {
			keys = append(keys, keyOf(r))
		}
	}
	return keys
}

// Step makes at most one write, when it is time for one, and says whether it
// did.
func (p *Publisher) Step(ctx context.Context, now time.Time) bool {
	if now.Before(p.next) {
		return false
	}
	for len(p.queue) > 0 {
		last := len(p.queue) - 1
		what := p.queue[last]
		p.queue = p.queue[:last]
		if p.write(ctx, what, now) {
			p.next = now.Add(Pace)
			return true
		}
	}
	return false
}

// write brings one report up to date; false when there is nothing to do any
// more.
func (p *Publisher) write(ctx context.Context, what planned, now time.Time) bool {
	k := what.key
	r := p.reports[k]
	if r == nil {
		r = new(record)
		p.reports[k] = r
	}
	status, how, zombies := p.due(k, now)
	operation := operationUpdate
	var err error
	switch {
	case how != Unchanged && r.report == nil:
		operation, err = operationCreate, p.create(ctx, k, r, status)
	case how != Unchanged:
		next := r.report.DeepCopy()
		next.Status = status
		if err = p.store.Update(ctx, next); err == nil {
			r.report, err = next, dropped(status, next.Status)
		}
	case r.report == nil:
		delete(p.reports, k)
		return false
	case what.deletion && zombies == 0:
		operation = operationDelete
		if err = p.store.Delete(ctx, r.report); err == nil {
			delete(p.reports, k)
		}
	default:
		return false
	}
	p.counts.wrote(operation, err)
	p.done(ctx, k, r, operation, err, now)
	return true
}

func (p *Publisher) create(ctx context.Context, k Key, r *record, status v1alpha1.ZombieReportStatus) error {
	report := &v1alpha1.ZombieReport{
		ObjectMeta: metav1.ObjectMeta{Namespace: k.Namespace, Name: k.Name, Labels: map[string]string{"app.kubernetes.io/managed-by": "initguard"}},
		Status:     status,
	}
	err := p.store.Create(ctx, report)
	if err == nil {
		r.report, err = report, dropped(status, report.Status)
	}
	return err
}

// done remembers how a write went. One that failed because the report is not
// what it was taken for is read again; all are tried again later.
func (p *Publisher) done(ctx context.Context, k Key, r *record, operation string, err error, now time.Time) {
	if err == nil {
		r.written, r.failures, r.notUntil = now, 0, time.Time{}
		return
	}
	r.failures++
	if (apierrors.IsInvalid(err) || errors.Is(err, errDropped)) && !now.Before(r.aloneUntil) {
		// What a desk wants must not hold up what is to be said of the zombies.
		r.aloneUntil = now.Add(failMost)
	}
	r.notUntil = now.Add(min(failLeast<<min(r.failures-1, 16), failMost))
	p.log.Warn("report not written", "operation", operation, "namespace", k.Namespace, "name", k.Name, "error", err, "again", r.notUntil.Sub(now).String())
	if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) && !apierrors.IsAlreadyExists(err) {
		return
	}
	fresh, err := p.store.Get(ctx, k)
	switch {
	case err == nil:
		r.report = fresh
	case apierrors.IsNotFound(err):
		r.report = nil
	default:
		p.log.Warn("report not read", "namespace", k.Namespace, "name", k.Name, "error", fmt.Sprint(err))
	}
}

// pending says whether there is something that people were not told yet, or an
// eviction of which nobody knows yet how it went.
func pending(r *v1alpha1.ZombieReport) bool {
	intended := func(a v1alpha1.Act) bool { return a.Phase == "Intended" }
	return r.Status.Notice != nil && r.Status.Notice.Pending != nil ||
		r.Status.Remedy != nil && slices.ContainsFunc(r.Status.Remedy.Acts, intended)
}

func keyOf(r *v1alpha1.ZombieReport) Key { return Key{r.Namespace, r.Name} }
