package notice

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// MaxItems is how many reports a digest has; further ones wait for the next.
	MaxItems = 500
	// joinFor is how long reports may join a digest that was not told yet.
	joinFor = 10 * time.Minute
	// storeFor is how long a digest waits until all its reports say so; those
	// that can't be written then wait for the next one.
	storeFor = 30 * time.Minute
	// stuckAfter is how long after it was handed to channels a digest keeps
	// further news of its namespace waiting: a channel that is down must not keep
	// the others from telling what is new.
	stuckAfter = time.Hour
	// othersFor is how long the mark of a digest that the first channel has told
	// waits for the other channels.
	othersFor = time.Minute
	// againAfter is how long after a channel took a digest it is handed to it
	// again, where it said nothing. It ignores one that it has.
	againAfter = time.Hour
	// rememberFor is how long a digest is remembered that was marked as told.
	rememberFor = 2 * time.Hour
	// nobodyFor is how long a digest that there is nobody for is kept.
	nobodyFor = 30 * time.Minute
	// unknownFor is how long news waits for what is known of its namespace.
	unknownFor = 10 * time.Minute
)

// Memory is what a desk remembers between two turns. Nothing is lost with it: a
// desk that begins with an empty one goes on with what is stored.
type Memory struct {
	breaks  map[types.NamespacedName]breaks
	unknown map[string]time.Time // since when a namespace is not known
	open    map[string]*open     // digests by ID
}

// NewMemory is that of a desk that begins.
func NewMemory() *Memory {
	return &Memory{breaks: make(map[types.NamespacedName]breaks), unknown: make(map[string]time.Time), open: make(map[string]*open)}
}

// open is a digest that is decided on and not told, or not marked as told
// everywhere.
type open struct {
	id, namespace string
	at            time.Time
	// mine says that this desk decided on it, so that nobody else can have told
	// it; else it was found.
	mine bool
	// wanted are the reports that are to be in it, while it is not handed.
	wanted map[types.NamespacedName]news
	// handed is when it was given to the channels, with the reports told.
	handed time.Time
	told   map[types.NamespacedName]bool
	to     []Contact
	// nobody is since when there is nobody whom it could be handed to.
	nobody time.Time
	// noContact is as in Digest.
	noContact string
	// first is the place of the channel whose result counts.
	first   int
	asked   []bool // the channels that it is for
	taken   map[int]time.Time
	results map[int]Result
	counted bool
}

// closed says whether a digest was told, or can't be, and how.
func (o *open) closed(now time.Time) (Result, bool) {
	result, ok := o.results[o.first]
	if !ok || o.handed.IsZero() {
		return Result{}, false
	}
	for i, asked := range o.asked {
		if _, done := o.results[i]; asked && !done && now.Sub(result.At).Abs() < othersFor {
			return Result{}, false
		}
	}
	return result, true
}

// takes says whether a channel is to be given a digest.
func (o *open) takes(channel int, now time.Time) bool {
	if channel >= len(o.asked) || !o.asked[channel] {
		return false
	}
	if _, done := o.results[channel]; done {
		return false
	}
	at, ok := o.taken[channel]
	return !ok || now.Sub(at) >= againAfter || at.After(now)
}

// finish notes what became of a digest in a channel; false for one that nobody
// waits for.
func (m *Memory) finish(channel int, result Result) bool {
	o := m.open[result.ID]
	if o == nil || o.handed.IsZero() {
		return false
	}
	if _, before := o.results[channel]; before {
		return false
	}
	o.results[channel] = result
	return true
}
