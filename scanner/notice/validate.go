package notice

import (
	"fmt"
	"strings"
	"time"
)

// Fault is what is wrong with a setting.
type Fault struct {
	// Path is the field below notices, such as warning.zombies.
	Path string
	// Text says what is wrong, and what would be right.
	Text string
}

const (
	day = 24 * time.Hour

	maxZombies      = 1_000_000
	maxAge          = 365 * day
	maxHold         = day
	maxGather       = time.Hour
	minPause        = time.Minute
	maxPause        = day
	maxAgain        = 30 * day
	minRetry        = 10 * time.Minute
	maxRetry        = 7 * day
	maxSettle       = 7 * day
	minWarning      = time.Hour
	minCritical     = 15 * time.Minute
	maxInterval     = 90 * day
	maxEnvironments = 20
	maxPatterns     = 100
	maxRoles        = 10
	maxDomains      = 100
)

// faults gathers what is wrong.
type faults []Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, Fault{Path: path, Text: fmt.Sprintf(format, args...)})
}

func (f *faults) between(path string, n, most int) {
	if n < 0 || n > most {
		f.add(path, "%d must be from 0 to %d", n, most)
	}
}

func (f *faults) within(path string, d, least, most time.Duration) {
	if d < least || d > most {
		f.add(path, "%s must be from %s to %s", short(d), short(least), short(most))
	}
}

func (f *faults) count(path string, n, most int) {
	if n > most {
		f.add(path, "holds %d entries; the most is %d", n, most)
	}
}

// Validate says what is wrong with settings, in their order.
func (s *Settings) Validate() []Fault {
	var f faults
	if s.Platform != "" {
		if _, err := address(s.Platform); err != nil {
			f.add("platform", "%s, such as platform@example.com", err)
		}
	}
	f.thresholds("warning", s.Warning)
	f.thresholds("critical", s.Critical)
	f.within("hold", s.Hold, 0, maxHold)
	f.within("gather", s.Gather, 0, maxGather)
	f.within("pause", s.Pause, minPause, maxPause)
	f.within("again", s.Again, 0, maxAgain)
	f.within("retry", s.Retry, minRetry, maxRetry)
	f.within("resolved.settle", s.Resolved.Settle, 0, maxSettle)
	f.key("environmentLabel", s.EnvironmentLabel)
	f.environments(s.Environments)
	f.roles(s)
	f.count("domains", len(s.Domains), maxDomains)
	for i, d := range s.Domains {
		if !domainName(strings.ToLower(strings.TrimPrefix(d, "*."))) {
			f.add(at("domains", i), "%s must be a domain, such as example.com, or *.example.com for all below it", quoted(d))
		}
	}
	if err := s.OptOut.UnmarshalText([]byte(s.OptOut)); err != nil {
		f.add("optOut", "%s", err)
	}
	return f
}

func (f *faults) thresholds(path string, t Thresholds) {
	f.between(path+".zombies", t.Zombies, maxZombies)
	f.between(path+".workloadZombies", t.WorkloadZombies, maxZombies)
	f.within(path+".age", t.Age, 0, maxAge)
	f.between(path+".perHour", t.PerHour, maxZombies)
	f.between(path+".limitPercent", t.LimitPercent, 100)
	f.within(path+".limitIn", t.LimitIn, 0, maxAge)
	if t == (Thresholds{}) {
		f.add(path, "sets no threshold; set one at least")
	}
}

func (f *faults) environments(list []Environment) {
	if len(list) == 0 {
		f.add("environments", "is empty; must hold one at least")
	}
	f.count("environments", len(list), maxEnvironments)
	seen := make(map[string]bool)
	for i, e := range list {
		path := at("environments", i)
		switch {
		case e.Name == "":
			f.add(path+".name", "is missing")
		case !dnsLabel(e.Name):
			f.add(path+".name", "%s must be lower-case letters, digits and -, at most %d", quoted(e.Name), maxLabel)
		case seen[e.Name]:
			f.add(path+".name", "%s is there already", quoted(e.Name))
		}
		seen[e.Name] = true
		f.count(path+".namespaces", len(e.Namespaces), maxPatterns)
		for j, p := range e.Namespaces {
			if p == "" || len(p) > maxLabel || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789-*") != "" {
				f.add(at(path+".namespaces", j), "%s must be a namespace's name, in which * stands for any characters", quoted(p))
			}
		}
		f.intervals(path+".intervals", e.Intervals)
		f.hours(path+".hours", e.Hours)
	}
}

func (f *faults) intervals(path string, i Intervals) {
	if i.Warning != 0 {
		f.within(path+".warning", i.Warning, minWarning, maxInterval)
	}
	if i.Critical != 0 {
		f.within(path+".critical", i.Critical, minCritical, maxInterval)
	}
	if i.Warning != 0 && (i.Critical == 0 || i.Critical > i.Warning) {
		f.add(path+".critical", "%s must be no longer than warning's, %s, or what is critical would be told less often", short(i.Critical), short(i.Warning))
	}
}

func (f *faults) hours(path string, h Hours) {
	seen := make(map[Day]bool)
	for i, d := range h.Days {
		if err := new(Day).UnmarshalText([]byte(d)); err != nil {
			f.add(at(path+".days", i), "%s", err)
		} else if seen[d] {
			f.add(at(path+".days", i), "%s is there already", quoted(string(d)))
		}
		seen[d] = true
	}
	switch to := h.To; {
	case h.From < 0 || h.From > endOfDay || to < 0 || to > endOfDay:
		f.add(path, "from and to must be times of the day")
	case to != 0 && h.From >= to || h.From == endOfDay:
		f.add(path+".to", "%s must be later than from, %s; hours don't go over midnight", to, h.From)
	}
	if len(h.Days) == 0 && (h.From != 0 || h.To != 0) {
		f.add(path+".days", "is empty, so that from and to mean nothing; name the days")
	}
	if _, err := hoursOf(h); err != nil {
		f.add(path+".zone", "%s", err)
	}
}

func (f *faults) roles(s *Settings) {
	f.count("roles", len(s.Roles), maxRoles)
	known := make(map[string]bool)
	for _, e := range s.Environments {
		known[e.Name] = true
	}
	seen := make(map[string]bool)
	for i, role := range s.Roles {
		path := at("roles", i)
		switch {
		case role.Name == "":
			f.add(path+".name", "is missing")
		case !dnsLabel(role.Name):
			f.add(path+".name", "%s must be lower-case letters, digits and -, at most %d", quoted(role.Name), maxLabel)
		case seen[role.Name]:
			f.add(path+".name", "%s is there already", quoted(role.Name))
		}
		seen[role.Name] = true
		if role.Annotation != "" {
			f.key(path+".annotation", role.Annotation)
		}
		if role.Severity != "" && role.Severity != Warning && role.Severity != Critical {
			f.add(path+".severity", "%s must be one of Warning, Critical", quoted(string(role.Severity)))
		}
		for j, name := range role.Environments {
			if !known[name] {
				f.add(at(path+".environments", j), "%s is none of notices.environments", quoted(name))
			}
		}
	}
}

// key checks a label's or an annotation's key.
func (f *faults) key(path, key string) {
	prefix, name, ok := strings.Cut(key, "/")
	if !ok {
		prefix, name = "", key
	}
	good := name != "" && len(name) <= maxLabel && alphanumeric(name[0]) && alphanumeric(name[len(name)-1])
	for _, c := range []byte(name) {
		good = good && (alphanumeric(c) || c == '-' || c == '_' || c == '.')
	}
	if ok {
		good = good && len(prefix) <= maxDomain
		for label := range strings.SplitSeq(prefix, ".") {
			good = good && dnsLabel(label)
		}
	}
	if !good {
		f.add(path, "%s must be the key of a label or annotation, such as example.com/name", quoted(key))
	}
}

func alphanumeric(c byte) bool { return letter(c) || digit(c) }

// at is an entry of a list.
func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// short writes a duration without the zeros that String puts after it.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
