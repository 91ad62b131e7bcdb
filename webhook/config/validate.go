package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The most that lists may hold.
const (
	maxNames      = 10_000
	maxRegistries = 1_000
	maxPrograms   = 1_000
	maxWorkloads  = 100
	maxPlatforms  = 16
	maxMirrors    = 16  // of one source
	maxPerEntry   = 100 // addresses of a registry, users of a workload
)

// The bounds of durations and counts.
const (
	minDeadline   = 100 * time.Millisecond
	maxDeadline   = 10 * time.Second
	maxTimeout    = 10 * time.Minute
	minTTL        = time.Second
	maxTagTTL     = 24 * time.Hour
	maxFailureTTL = time.Hour
	// maxFailureTTLMax is a day: a tag that was not there may be pushed.
	maxFailureTTLMax = 24 * time.Hour
	maxConcurrency   = 1_000
	maxImages        = 1_000_000
	maxURLRunes      = 100 // a warning has room for little more
)

// validate notes what can be read but can't be meant.
func (r *report) validate(c *Config) {
	r.injection(c.Injection)
	r.names("exemptions.namespaces", c.Exemptions.Namespaces, maxNames, namespaceFault)
	r.names("exemptions.usernames", c.Exemptions.Usernames, maxNames, usernameFault)
	r.inspection(c.Inspection)
	r.budgets(c.Budgets)
	r.between("cache.images", c.Cache.Images, 1, maxImages)
	r.within("cache.tagTTL", c.Cache.TagTTL, minTTL, maxTagTTL)
	r.within("cache.failureTTL", c.Cache.FailureTTL, minTTL, maxFailureTTL)
	r.within("cache.failureTTLMax", c.Cache.FailureTTLMax, min(max(c.Cache.FailureTTL, minTTL), maxFailureTTL), maxFailureTTLMax)
	r.registries(c.Registries)
	r.network(c)
	r.programs(c.ExtraPrograms)
	r.workloads(c.Workloads)
	if fault := fixesURLFault(c.FixesURL); fault != "" {
		r.reject("fixesURL", "%s %s", quote(c.FixesURL), fault)
	}
}

func (r *report) inspection(i Inspection) {
	const deadline, timeout = "inspection.deadline", "inspection.timeout"
	r.within(deadline, i.Deadline, minDeadline, maxDeadline)
	r.within(timeout, i.Timeout, minDeadline, maxTimeout)
	if i.Timeout < i.Deadline && !r.unreadable(deadline) {
		r.reject(timeout, "%s is less than %s, %s; an inspection must be let run at least as long as a request waits for it",
			short(i.Timeout), deadline, short(i.Deadline))
	}
	r.between("inspection.concurrency", i.Concurrency, 1, maxConcurrency)
	r.names("inspection.platforms", i.Platforms, maxPlatforms, platformFault)
}

func (r *report) registries(list []Registry) {
	r.count("registries", len(list), maxRegistries)
	first := make(map[string]int)
	for i, entry := range list {
		at := fmt.Sprintf("registries[%d]", i)
		if !r.required(at + ".host") {
			continue
		}
		if fault := hostFault(entry.Host); fault != "" {
			r.reject(at+".host", "%s %s", quote(entry.Host), fault)
			continue
		}
		r.once(at+".host", "registries[%d].host", entry.Host, canonicalHost(entry.Host), i, first)
		if entry.OpenShiftInternal && entry.Shared {
			r.reject(at+".openshiftInternal", "is set beside shared, which would show every namespace what is in all others; leave one out")
		}
		r.addresses(at+".allowAddresses", entry.AllowAddresses)
		r.authorities(at, entry)
	}
}

// addresses refuses what would open every address: the check on where a
// registry lies would be off without anybody having said so.
func (r *report) addresses(path string, list []netip.Prefix) {
	r.count(path, len(list), maxPerEntry)
	for i, p := range list {
		if p.IsValid() && p.Bits() == 0 {
			r.reject(fmt.Sprintf("%s[%d]", path, i), "%s is every address; name the network that the registry is in", p)
		}
	}
}

func (r *report) programs(list []Program) {
	r.count("programs", len(list), maxPrograms)
	first := make(map[string]int)
	for i, p := range list {
		at := fmt.Sprintf("programs[%d]", i)
		r.required(at + ".reaps")
		r.prose(at+".why", p.Why, true)
		r.prose(at+".harmedByOrphans", p.HarmedByOrphans, false)
		if !r.required(at + ".name") {
			continue
		}
		if fault := programFault(p.Name); fault != "" {
			r.reject(at+".name", "%s %s", quote(p.Name), fault)
			continue
		}
		r.once(at+".name", "programs[%d].name", p.Name, p.Name, i, first)
	}
}

func (r *report) workloads(list []Workload) {
	r.count("workloads", len(list), maxWorkloads)
	first := make(map[string]int)
	for i, w := range list {
		at := fmt.Sprintf("workloads[%d]", i)
		good := r.matches(at+".group", w.Group, true, groupFault)
		good = r.matches(at+".version", w.Version, false, versionFault) && good
		good = r.matches(at+".kind", w.Kind, true, kindFault) && good
		r.matches(at+".templatePath", w.TemplatePath, r.given(at+".templatePath"), pathFault)
		r.names(at+".controllerUsers", w.ControllerUsers, maxPerEntry, usernameFault)
		if good {
			r.once(at, "workloads[%d]", w.Kind, strings.Join([]string{w.Group, w.Version, w.Kind}, " "), i, first)
		}
	}
}

// matches checks one text; an optional one may be empty.
func (r *report) matches(path, value string, required bool, fault func(string) string) bool {
	if required && !r.required(path) {
		return false
	}
	if value == "" && !required {
		return true
	}
	if f := fault(value); f != "" {
		r.reject(path, "%s %s", quote(value), f)
		return false
	}
	return true
}

// names checks a list of texts, each of them once.
func (r *report) names(path string, list []string, most int, fault func(string) string) {
	r.count(path, len(list), most)
	first := make(map[string]int)
	for i, name := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if f := fault(name); f != "" {
			r.reject(at, "%s %s", quote(name), f)
			continue
		}
		r.once(at, path+"[%d]", name, name, i, first)
	}
}

// once notes a value whose key stood in the list before.
func (r *report) once(path, format, value, key string, i int, first map[string]int) {
	if before, twice := first[key]; twice {
		r.reject(path, "%s is in %s already", quote(value), fmt.Sprintf(format, before))
		return
	}
	first[key] = i
}

// required notes a field that the file doesn't set.
func (r *report) required(path string) bool {
	if !r.given(path) {
		r.reject(path, "is missing")
	}
	return r.given(path) && !r.unreadable(path)
}

func (r *report) count(path string, n, most int) {
	if n > most {
		r.reject(path, "holds %d entries; the most is %d", n, most)
	}
}

func (r *report) between(path string, n, least, most int) {
	if n < least || n > most {
		r.reject(path, "%d must be from %d to %d", n, least, most)
	}
}

func (r *report) within(path string, d, least, most time.Duration) {
	if d < least || d > most {
		r.reject(path, "%s must be from %s to %s", short(d), short(least), short(most))
	}
}

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

// prose checks a clause that users are shown.
func (r *report) prose(path, s string, filled bool) {
	switch {
	case s == "" && filled:
		r.reject(path, "is empty; leave it out or say why")
	case sanitise(s, maxProseRunes) != s:
		r.reject(path, "%s must be one line of at most %d printable characters, without double quotes", quote(s), maxProseRunes)
	}
}

func fixesURLFault(s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return `must be an https URL, or "" for warnings without URLs`
	case u.User != nil || strings.ContainsAny(s, "?#"):
		return "must have no user, query or fragment: page names are put after it"
	case len(s) > maxURLRunes || slices.ContainsFunc([]rune(s), func(c rune) bool { return c <= ' ' || c > '~' }):
		return fmt.Sprintf("must be at most %d characters of printable ASCII", maxURLRunes)
	}
	return ""
}
