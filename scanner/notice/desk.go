package notice

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Named is a channel and what is to be known of it.
type Named struct {
	Name    string
	Channel Channel
	// Contactless says that it tells without contacts, too, as Events do.
	Contactless bool
}

// Options are what a desk works with.
type Options struct {
	// Rules, Namespaces and Directory are asked in every turn. They answer at
	// once.
	Rules      func() *Rules
	Namespaces func(name string) (Namespace, bool)
	Directory  func() Directory // may be nil
	// Channels are all given every digest. The result of the first one that a
	// digest is for counts: it comes first.
	Channels []Named
	Metrics  *Metrics // may be nil
	Now      func() time.Time
}

// Desk has people told. It is safe for concurrent use.
type Desk struct {
	options Options

	mu       sync.Mutex
	memory   *Memory
	stored   map[types.NamespacedName]*v1alpha1.ZombieReport
	pods     map[types.NamespacedName]Found
	turned   time.Time
	offers   []*offer
	problems problems
}

// offer is what somebody waits for to be stored.
type offer struct {
	alerts map[types.NamespacedName][]v1alpha1.Alert
	done   chan struct{}
	since  time.Time
}

// NewDesk makes a desk that has yet to find out what is open.
func NewDesk(o Options) *Desk {
	return &Desk{options: o, memory: NewMemory()}
}

// Turn looks at all reports, as they are stored, and says what they are to keep.
// It hands digests to the channels that they say are decided on.
func (d *Desk) Turn(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turned = now
	d.index(stored)
	d.settle(now)
	in := Input{
		Now: now, Rules: d.options.Rules(), Reports: stored, Namespaces: d.options.Namespaces, Alerts: make(map[types.NamespacedName][]v1alpha1.Alert),
	}
	if d.options.Directory != nil {
		in.Directory = d.options.Directory()
	}
	for _, o := range d.offers {
		for k, alerts := range o.alerts {
			in.Alerts[k] = append(in.Alerts[k], alerts...)
		}
	}
	for i, c := range d.options.Channels {
		in.Contactless = append(in.Contactless, c.Contactless)
		for _, result := range c.Channel.Told() {
			if d.memory.finish(i, result) {
				d.options.Metrics.channel(c.Name, result)
			}
		}
	}
	out := Plan(in, d.memory)
	for _, digest := range out.Tell {
		o := d.memory.open[digest.ID]
		for i, c := range d.options.Channels {
			if o.takes(i, now) && c.Channel.Tell(digest) {
				o.taken[i] = now
			}
		}
	}
	out.Problems = d.problems.add(out.Problems, now)
	d.options.Metrics.turn(out, now)
	return out.Keep
}

// index remembers what is stored, for Find and Offer.
func (d *Desk) index(stored []*v1alpha1.ZombieReport) {
	d.stored = make(map[types.NamespacedName]*v1alpha1.ZombieReport, len(stored))
	d.pods = make(map[types.NamespacedName]Found)
	for _, r := range stored {
		d.stored[key(r)] = r
		for i := range r.Status.Pods {
			p := &r.Status.Pods[i]
			d.pods[types.NamespacedName{Namespace: r.Namespace, Name: p.Name}] = Found{Key: key(r), Report: r, Pod: p}
		}
	}
}

// settle tells those who wait that their alerts are stored, and forgets what
// waits for too long.
func (d *Desk) settle(now time.Time) {
	left := d.offers[:0]
	for _, o := range d.offers {
		switch {
		case d.kept(o):
			close(o.done)
		case now.Sub(o.since).Abs() < offerFor:
			left = append(left, o)
		}
	}
	clear(d.offers[len(left):])
	d.offers = left
}

func (d *Desk) kept(o *offer) bool {
	for k, alerts := range o.alerts {
		if r := d.stored[k]; r == nil || !keeps(r.Status.Notice, alerts) {
			return false
		}
	}
	return true
}

// Find finds a pod with zombies, as of the last turn. It knows the pods that
// reports list.
func (d *Desk) Find(namespace, pod string) (Found, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.pods[types.NamespacedName{Namespace: namespace, Name: pod}]
	return found, ok
}

// Turned is when the last turn was; zero before the first one, when Find knows
// nothing.
func (d *Desk) Turned() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.turned
}

// Offer has reports keep alerts. The channel is closed as soon as all of them
// are stored, or need not be. Where a report is gone, or the API server is away,
// that does not happen: after a minute nothing waits for it any more. It is nil
// where too many wait.
func (d *Desk) Offer(joined []Joined) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := &offer{alerts: make(map[types.NamespacedName][]v1alpha1.Alert), done: make(chan struct{}), since: d.options.Now()}
	for _, j := range joined {
		if len(o.alerts[j.Report]) < maxAlerts {
			o.alerts[j.Report] = append(o.alerts[j.Report], storable(j.Alert))
		}
	}
	switch {
	case d.kept(o):
		close(o.done)
	case len(d.offers) >= maxOffers:
		return nil
	default:
		d.offers = append(d.offers, o)
	}
	return o.done
}

// Problems are those since it was last called, each once an hour; at most
// maxProblems.
func (d *Desk) Problems() []Problem {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := d.problems.fresh
	d.problems.fresh = nil
	return fresh
}

const (
	maxProblems   = 1000
	problemsAgain = time.Hour
)

// problems are those that were told, so that none is told in every turn.
type problems struct {
	said  map[Problem]time.Time
	fresh []Problem
}

// add notes problems and gives those that are new.
func (p *problems) add(list []Problem, now time.Time) []Problem {
	for q, at := range p.said {
		if now.Sub(at).Abs() >= problemsAgain {
			delete(p.said, q)
		}
	}
	if p.said == nil {
		p.said = make(map[Problem]time.Time)
	}
	var fresh []Problem
	for _, q := range list {
		if _, ok := p.said[q]; ok || len(p.said) >= maxProblems {
			continue
		}
		p.said[q] = now
		fresh = append(fresh, q)
		if len(p.fresh) < maxProblems {
			p.fresh = append(p.fresh, q)
		}
	}
	return fresh
}
