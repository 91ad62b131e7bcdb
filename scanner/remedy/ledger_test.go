package remedy

import (
	"fmt"
	"testing"
	"time"

	"github.com/initguard/initguard/api/v1alpha1"
)

// TestBudgets counts what reports remember.
func TestBudgets(t *testing.T) {
	act := func(phase string, d time.Duration) v1alpha1.Act {
		at := ago(d)
		a := v1alpha1.Act{At: at, Phase: phase}
		if phase != PhaseIntended {
			a.EndedAt = &at
		}
		return a
	}
	others := func(n int, a v1alpha1.Act, namespaces int) func(*Ledger) {
		return func(l *Ledger) {
			for i := range n {
				l.Count(fmt.Sprint("shop", i%namespaces), fmt.Sprint("deployment-", i), a)
			}
		}
	}
	own := func(acts ...v1alpha1.Act) func(*Ledger) {
		return func(l *Ledger) { l.Count("shop0", "deployment-web", acts...) }
	}
	for name, test := range map[string]struct {
		count func(*Ledger)
		want  Reason
	}{
		"nothing":                       {own(), ""},
		"one a moment ago":              {own(act(PhaseEvicted, time.Minute)), Settling},
		"one in this hour":              {own(act(PhaseEvicted, 59*time.Minute)), OwnerBudget},
		"one in the hour before":        {own(act(PhaseEvicted, 61*time.Minute)), ""},
		"one that may have been":        {own(act(PhaseGone, 59*time.Minute)), OwnerBudget},
		"one is intended, however old":  {own(act(PhaseIntended, 50*time.Hour)), Settling},
		"one refused a moment ago":      {own(act(PhaseRefused, 4*time.Minute)), Settling},
		"one refused before":            {own(act(PhaseRefused, 6*time.Minute)), ""},
		"two in the namespace":          {others(2, act(PhaseEvicted, time.Minute), 1), ""},
		"three in the namespace":        {others(3, act(PhaseEvicted, time.Minute), 1), NamespaceBudget},
		"three before":                  {others(3, act(PhaseEvicted, 2*time.Hour), 1), ""},
		"nine in the cluster":           {others(9, act(PhaseEvicted, time.Minute), 9), ""},
		"ten in the cluster":            {others(10, act(PhaseEvicted, time.Minute), 10), ClusterBudget},
		"ten that are intended":         {others(10, act(PhaseIntended, 9*time.Hour), 10), ClusterBudget},
		"a hundred refused":             {others(100, act(PhaseRefused, time.Minute), 2), ""},
		"one by a clock that goes fast": {own(act(PhaseEvicted, -20*time.Minute)), Settling},
	} {
		t.Run(name, func(t *testing.T) {
			s, l := Default(), NewLedger(epoch())
			test.count(l)
			if got := l.Room(&s, "shop0", "deployment-web"); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
