package remedy

import (
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

const (
	// window is the time that budgets are for.
	window = time.Hour
	// again is the least time before something that was refused is tried again.
	again = 5 * time.Minute
)

// Ledger counts the evictions of the last hour, by what reports remember, so
// that budgets hold whoever made them.
type Ledger struct {
	now        time.Time
	owners     map[[2]string]account
	namespaces map[string]int
	cluster    int
}

// account is a workload's.
type account struct {
	count   int
	last    time.Time // when the last one was over
	refused time.Time // when the last one was refused
	open    bool      // one is intended
}

// NewLedger makes one that counts nothing yet.
func NewLedger(now time.Time) *Ledger {
	return &Ledger{now: now, owners: make(map[[2]string]account), namespaces: make(map[string]int)}
}

// Count counts the acts of a report. What is intended counts however old it is.
func (l *Ledger) Count(namespace, name string, acts ...v1alpha1.Act) {
	key := [2]string{namespace, name}
	o := l.owners[key]
	for i := range acts {
		a := &acts[i]
		end := endOf(a)
		switch {
		case a.Phase == PhaseRefused:
			if end.After(o.refused) {
				o.refused = end
			}
			continue
		case a.Phase == PhaseIntended:
			o.open = true
		case end.After(o.last):
			o.last = end
		}
		if a.Phase == PhaseIntended || l.now.Sub(end) < window {
			o.count++
			l.namespaces[namespace]++
			l.cluster++
		}
	}
	l.owners[key] = o
}

// Room says why a report has no room for one more now; empty when it has.
func (l *Ledger) Room(s *Settings, namespace, name string) Reason {
	o := l.owners[[2]string{namespace, name}]
	switch {
	case o.open, !o.last.IsZero() && l.now.Sub(o.last) < s.Settle, !o.refused.IsZero() && l.now.Sub(o.refused) < again:
		return Settling
	case o.count >= s.Budgets.Owner:
		return OwnerBudget
	case l.namespaces[namespace] >= s.Budgets.Namespace:
		return NamespaceBudget
	case l.cluster >= s.Budgets.Cluster:
		return ClusterBudget
	}
	return ""
}
