package remedy

import (
	"fmt"
	"strings"
	"time"
)

// Fault is what is wrong with a setting.
type Fault struct {
	// Path is the field below remedy, such as budgets.owner.
	Path string
	// Text says what is wrong, and what would be right.
	Text string
}

const (
	maxPatterns  = 1000
	maxZombies   = 1_000_000
	maxLimitIn   = 30 * 24 * time.Hour
	maxHold      = 24 * time.Hour
	minSettle    = time.Minute
	maxSettle    = 24 * time.Hour
	minWithin    = time.Minute
	maxWithin    = 30 * 24 * time.Hour
	maxTimes     = 10
	maxOwner     = 10 // fewer than a report remembers, v1alpha1.MaxActs
	maxNamespace = 1000
	maxCluster   = 10_000
	maxName      = 63
	maxQuoted    = 60
)

// Validate says what is wrong with settings, in their order.
func (s *Settings) Validate() []Fault {
	var f faults
	if err := new(Mode).UnmarshalText([]byte(s.Mode)); err != nil {
		f.add("mode", "%s", err)
	}
	if err := new(OptIn).UnmarshalText([]byte(s.OptIn)); err != nil {
		f.add("optIn", "%s", err)
	}
	f.patterns("namespaces", s.Namespaces)
	f.patterns("exemptNamespaces", s.ExemptNamespaces)
	t := s.Thresholds
	f.between("thresholds.zombies", t.Zombies, 0, maxZombies)
	f.between("thresholds.limitPercent", t.LimitPercent, 0, 100)
	f.within("thresholds.limitIn", t.LimitIn, 0, maxLimitIn)
	if t == (Thresholds{}) {
		f.add("thresholds", "sets no threshold; set one at least")
	}
	f.within("hold", s.Hold, 0, maxHold)
	f.within("settle", s.Settle, minSettle, maxSettle)
	f.within("comeBack.within", s.ComeBack.Within, minWithin, maxWithin)
	f.between("comeBack.times", s.ComeBack.Times, 0, maxTimes)
	f.between("budgets.owner", s.Budgets.Owner, 1, maxOwner)
	f.between("budgets.namespace", s.Budgets.Namespace, 1, maxNamespace)
	f.between("budgets.cluster", s.Budgets.Cluster, 1, maxCluster)
	return f
}

// faults gathers what is wrong.
type faults []Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, Fault{Path: path, Text: fmt.Sprintf(format, args...)})
}

func (f *faults) between(path string, n, least, most int) {
	if n < least || n > most {
		f.add(path, "%d must be from %d to %d", n, least, most)
	}
}

func (f *faults) within(path string, d, least, most time.Duration) {
	if d < least || d > most {
		f.add(path, "%s must be from %s to %s", short(d), short(least), short(most))
	}
}

func (f *faults) patterns(path string, list []string) {
	if len(list) > maxPatterns {
		f.add(path, "holds %d entries; the most is %d", len(list), maxPatterns)
	}
	for i, p := range list {
		if p == "" || len(p) > maxName || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789-*") != "" {
			f.add(fmt.Sprintf("%s[%d]", path, i), "%s must be a namespace's name, in which * stands for any characters", quoted(p))
		}
	}
}

// quoted is a foreign text as it may be shown: within double quotes, of ASCII
// alone, and not without end.
func quoted(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%+q...", s[:maxQuoted])
	}
	return fmt.Sprintf("%+q", s)
}

// fits says whether a name is what one of the patterns says.
func fits(patterns []string, name string) bool {
	for _, p := range patterns {
		if fit(p, name) {
			return true
		}
	}
	return false
}

func fit(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(name, part)
		if !found {
			return false
		}
		name = rest
	}
	return true
}
