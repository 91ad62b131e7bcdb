package observed

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/webhook"
)

const (
	// maxKept bounds what is kept of all reports together. One takes some 400
	// bytes.
	maxKept = 50_000
	// fresh is how long something counts that was seen: as long as a report
	// keeps it.
	fresh = 30 * 24 * time.Hour
	// causeMended is the cause of zombies that an init mends.
	causeMended = "PID1NotReaping"
	// maxName bounds a name that comes from a report, in bytes.
	maxName = 253
)

// Index holds what reports say. Its methods may be called from anywhere.
type Index struct {
	now func() time.Time

	mu    sync.RWMutex
	seen  map[workload][]webhook.Sighting
	total int
	full  bool // something was left out since Replace
}

// workload is whose pods a report is about.
type workload struct{ namespace, group, kind, name string }

// NewIndex makes an empty index. now is time.Now when it is nil.
func NewIndex(now func() time.Time) *Index {
	if now == nil {
		now = time.Now
	}
	return &Index{now: now, seen: map[workload][]webhook.Sighting{}}
}

// Of gives what was seen in a workload's pods and still counts. It never looks
// into another namespace.
func (x *Index) Of(namespace string, w v1alpha1.Workload) []webhook.Sighting {
	x.mu.RLock()
	seen := x.seen[workload{namespace, w.Group, w.Kind, w.Name}]
	x.mu.RUnlock()
	if len(seen) == 0 {
		return nil
	}
	oldest := x.now().Add(-fresh)
	out := make([]webhook.Sighting, 0, len(seen))
	for _, s := range seen {
		if s.Last.After(oldest) {
			out = append(out, s)
		}
	}
	return out
}

// Size is how many containers, each with a command and an image, are known.
func (x *Index) Size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.total
}

// Full is true where something was left out because there is too much.
func (x *Index) Full() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.full
}

// Put takes a report over in place of the one that it had of this workload.
func (x *Index) Put(r *v1alpha1.ZombieReport) {
	key, ok := keyOf(r)
	if !ok {
		return
	}
	sightings := sightings(r)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.set(key, sightings)
}

// Drop forgets a report.
func (x *Index) Drop(r *v1alpha1.ZombieReport) {
	key, ok := keyOf(r)
	if !ok {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.set(key, nil)
}

// take has the index hold what another one holds, which is not used any more.
func (x *Index) take(other *Index) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen, x.total, x.full = other.seen, other.total, other.full
}

// set is called with the lock held.
func (x *Index) set(key workload, seen []webhook.Sighting) {
	x.total -= len(x.seen[key])
	delete(x.seen, key)
	if room := maxKept - x.total; len(seen) > room {
		seen, x.full = seen[:room], true
	}
	if len(seen) == 0 {
		return
	}
	x.seen[key] = seen
	x.total += len(seen)
}

// keyOf is false for a report that has not the name that the responder gives
// one of its workload: such a one would count beside the real one.
func keyOf(r *v1alpha1.ZombieReport) (workload, bool) {
	w := r.Status.Workload
	key := workload{strings.Clone(r.Namespace), strings.Clone(w.Group), strings.Clone(w.Kind), strings.Clone(w.Name)}
	return key, r.Namespace != "" && r.Name == w.ReportName()
}

// sightings are what counts of a report: an init mends it, and it is known of
// which image it is.
func sightings(r *v1alpha1.ZombieReport) []webhook.Sighting {
	var out []webhook.Sighting
	for i := range r.Status.Observations {
		o := &r.Status.Observations[i]
		image := digestOf(o.ImageID)
		if i >= v1alpha1.MaxObservations || o.Cause != causeMended || image == "" || len(o.Container) > maxName || len(o.ArgvHash) > maxName || len(o.ExecHash) > maxName {
			continue
		}
		out = append(out, webhook.Sighting{
			Container: strings.Clone(o.Container), ArgvHash: strings.Clone(o.ArgvHash), ExecHash: strings.Clone(o.ExecHash), Image: image,
			Zombies: int(min(max(o.MostZombies, 0), math.MaxInt32)), Parent: strings.Clone(o.Parent[:min(len(o.Parent), v1alpha1.MaxText)]),
			First: o.FirstSeen.Time, Last: o.LastSeen.Time,
		})
	}
	return slices.Clip(out)
}
