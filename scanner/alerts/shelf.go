package alerts

import (
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Turn is a desk of the responder: what it returns is kept in the reports.
type Turn = func(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice

// Shelf is a Desk in front of the one that decides on notices: it knows the
// stored reports, and has alerts kept beside what that one wants to be kept. It
// is safe for concurrent use.
type Shelf struct {
	next Turn // may be nil

	mu      sync.Mutex
	led     bool
	stored  []*v1alpha1.ZombieReport
	offered map[types.NamespacedName]v1alpha1.Alert
}

// NewShelf makes one. next may be nil.
func NewShelf(next Turn) *Shelf {
	return &Shelf{next: next, offered: make(map[types.NamespacedName]v1alpha1.Alert)}
}

// Turn takes the stored reports, which come in order, and returns what is to be
// kept. It is called in the leader alone.
func (s *Shelf) Turn(now time.Time, stored []*v1alpha1.ZombieReport) map[types.NamespacedName]*v1alpha1.Notice {
	var wanted map[types.NamespacedName]*v1alpha1.Notice
	if s.next != nil {
		wanted = s.next(now, stored)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.led, s.stored = true, stored
	offered := s.offered
	s.offered = make(map[types.NamespacedName]v1alpha1.Alert)
	for key, a := range offered {
		r := s.report(key)
		if r == nil || equality.Semantic.DeepEqual(kept(r), &a) {
			continue // gone, or stored
		}
		s.offered[key] = a
		notice, decided := wanted[key]
		if !decided {
			notice = r.Status.Notice
		}
		if notice = notice.DeepCopy(); notice == nil {
			notice = new(v1alpha1.Notice)
		}
		notice.Alert = a.DeepCopy()
		if wanted == nil {
			wanted = make(map[types.NamespacedName]*v1alpha1.Notice)
		}
		wanted[key] = notice
	}
	return wanted
}

// Leads says whether this responder leads and has read the reports.
func (s *Shelf) Leads() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.led
}

// Find is the report that lists a pod; else the one that keeps an alert.
func (s *Shelf) Find(namespace, pod, fingerprint string) (*v1alpha1.ZombieReport, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keeps *v1alpha1.ZombieReport
	for _, r := range s.in(namespace) {
		if entry(r, pod) != nil {
			return r, true
		}
		if a := kept(r); a != nil && a.Fingerprint == fingerprint && a.Pod == pod {
			keeps = r
		}
	}
	return keeps, keeps != nil
}

// Report is a report as it is stored.
func (s *Shelf) Report(key types.NamespacedName) (*v1alpha1.ZombieReport, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.report(key)
	return r, r != nil
}

// Offer has an alert kept in a report, in place of the one that it keeps. It is
// dropped where there is no such report.
func (s *Shelf) Offer(key types.NamespacedName, a v1alpha1.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offered[key] = a
}

func (s *Shelf) report(key types.NamespacedName) *v1alpha1.ZombieReport {
	for _, r := range s.in(key.Namespace) {
		if r.Name == key.Name {
			return r
		}
	}
	return nil
}

// in are the reports of a namespace.
func (s *Shelf) in(namespace string) []*v1alpha1.ZombieReport {
	from, _ := slices.BinarySearchFunc(s.stored, namespace, func(r *v1alpha1.ZombieReport, n string) int { return strings.Compare(r.Namespace, n) })
	to := from
	for to < len(s.stored) && s.stored[to].Namespace == namespace {
		to++
	}
	return s.stored[from:to]
}
