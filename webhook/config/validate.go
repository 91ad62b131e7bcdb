package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/initguard/initguard/configfile"
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
func (r report) validate(c *Config) {
	r.injection(c.Injection)
	r.Names("exemptions.namespaces", c.Exemptions.Namespaces, maxNames, namespaceFault)
	r.Names("exemptions.usernames", c.Exemptions.Usernames, maxNames, usernameFault)
	r.inspection(c.Inspection)
	r.budgets(c.Budgets)
	r.Between("cache.images", c.Cache.Images, 1, maxImages)
	r.Within("cache.tagTTL", c.Cache.TagTTL, minTTL, maxTagTTL)
	r.Within("cache.failureTTL", c.Cache.FailureTTL, minTTL, maxFailureTTL)
	r.Within("cache.failureTTLMax", c.Cache.FailureTTLMax, min(max(c.Cache.FailureTTL, minTTL), maxFailureTTL), maxFailureTTLMax)
	r.registries(c.Registries)
	r.network(c)
	r.programs(c.ExtraPrograms)
	r.workloads(c.Workloads)
	if fault := fixesURLFault(c.FixesURL); fault != "" {
		r.Reject("fixesURL", "%s %s", configfile.Quote(c.FixesURL), fault)
	}
}

func (r report) inspection(i Inspection) {
	const deadline, timeout = "inspection.deadline", "inspection.timeout"
	r.Within(deadline, i.Deadline, minDeadline, maxDeadline)
	r.Within(timeout, i.Timeout, minDeadline, maxTimeout)
	if i.Timeout < i.Deadline && !r.Unreadable(deadline) {
		r.Reject(timeout, "%s is less than %s, %s; an inspection must be let run at least as long as a request waits for it",
			configfile.Short(i.Timeout), deadline, configfile.Short(i.Deadline))
	}
	r.Between("inspection.concurrency", i.Concurrency, 1, maxConcurrency)
	r.Names("inspection.platforms", i.Platforms, maxPlatforms, platformFault)
}

func (r report) registries(list []Registry) {
	r.Count("registries", len(list), maxRegistries)
	first := make(map[string]int)
	for i, entry := range list {
		at := fmt.Sprintf("registries[%d]", i)
		if !r.Required(at + ".host") {
			continue
		}
		if fault := hostFault(entry.Host); fault != "" {
			r.Reject(at+".host", "%s %s", configfile.Quote(entry.Host), fault)
			continue
		}
		r.Once(at+".host", "registries[%d].host", entry.Host, canonicalHost(entry.Host), i, first)
		if entry.OpenShiftInternal && entry.Shared {
			r.Reject(at+".openshiftInternal", "is set beside shared, which would show every namespace what is in all others; leave one out")
		}
		r.addresses(at+".allowAddresses", entry.AllowAddresses)
		r.authorities(at, entry)
	}
}

// addresses refuses what would open every address: the check on where a
// registry lies would be off without anybody having said so.
func (r report) addresses(path string, list []netip.Prefix) {
	r.Count(path, len(list), maxPerEntry)
	for i, p := range list {
		if p.IsValid() && p.Bits() == 0 {
			r.Reject(fmt.Sprintf("%s[%d]", path, i), "%s is every address; name the network that the registry is in", p)
		}
	}
}

func (r report) programs(list []Program) {
	r.Count("programs", len(list), maxPrograms)
	first := make(map[string]int)
	for i, p := range list {
		at := fmt.Sprintf("programs[%d]", i)
		r.Required(at + ".reaps")
		r.Prose(at+".why", p.Why, true)
		r.Prose(at+".harmedByOrphans", p.HarmedByOrphans, false)
		if !r.Required(at + ".name") {
			continue
		}
		if fault := programFault(p.Name); fault != "" {
			r.Reject(at+".name", "%s %s", configfile.Quote(p.Name), fault)
			continue
		}
		r.Once(at+".name", "programs[%d].name", p.Name, p.Name, i, first)
	}
}

func (r report) workloads(list []Workload) {
	r.Count("workloads", len(list), maxWorkloads)
	first := make(map[string]int)
	for i, w := range list {
		at := fmt.Sprintf("workloads[%d]", i)
		good := r.Matches(at+".group", w.Group, true, groupFault)
		good = r.Matches(at+".version", w.Version, false, versionFault) && good
		good = r.Matches(at+".kind", w.Kind, true, kindFault) && good
		r.Matches(at+".templatePath", w.TemplatePath, r.Given(at+".templatePath"), pathFault)
		r.Names(at+".controllerUsers", w.ControllerUsers, maxPerEntry, usernameFault)
		if good {
			r.Once(at, "workloads[%d]", w.Kind, strings.Join([]string{w.Group, w.Version, w.Kind}, " "), i, first)
		}
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
