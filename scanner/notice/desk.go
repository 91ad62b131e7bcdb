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
}

// Desk has people told. It is safe for concurrent use.
type Desk struct {
	options Options

	mu       sync.Mutex
	memory   *Memory
	problems problems
}

// NewDesk makes a desk that has yet to find out what is open.
func NewDesk(o Options) *Desk {
	return &Desk{options: o, memory: NewMemory()}
}

// Turn looks at all reports, as they are stored, and says what they are to keep.
// It hands digests to the channels that they say are decided on.
// Alerts of the platform are kept by others, and read here.
func (d *Desk) Turn(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := Input{Now: now, Rules: d.options.Rules(), Reports: stored, Namespaces: d.options.Namespaces}
	if d.options.Directory != nil {
		in.Directory = d.options.Directory()
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
