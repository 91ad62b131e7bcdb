package notice

import (
	"fmt"
	"slices"
	"strings"
)

// Namespace is what has to be known of a namespace.
type Namespace struct {
	Labels, Annotations map[string]string
}

// Problem is what keeps people from being told as they should be, for the
// platform's log. Its texts are printable and bounded.
type Problem struct {
	Namespace string
	// Kind is one of the Problem constants.
	Kind string
	Text string
}

// The kinds of problems.
const (
	// ProblemAddress is a contact that is no address, ProblemDomain one in a domain
	// that is not allowed. Neither is ever told.
	ProblemAddress = "address"
	ProblemDomain  = "domain"
	// ProblemNobody is news that there is nobody for, not even the platform.
	ProblemNobody = "nobody"
	// ProblemNotify is an annotation that says what can't be heeded.
	ProblemNotify = "notify"
	// ProblemFailed is a digest that could be told to nobody.
	ProblemFailed = "failed"
	// ProblemData is a line of the contact data that can't be read.
	ProblemData = "data"
)

// Directory is whom a platform's contact data names: namespace, role, addresses
// joined by commas.
type Directory map[string]map[string]string

const (
	// The bounds of contact data; a ConfigMap holds 1 MiB.
	maxDirectory = 10_000
	maxEntry     = 8 << 10
	maxFaults    = 100
)

// ParseDirectory reads the data of a ConfigMap. A key is a namespace, its value
// has a line for each role: the role, a colon, and addresses joined by commas.
// Empty lines and those that begin with # are passed over. What can't be read is
// told, at most 100 faults, and left out; the addresses are read when they are
// used.
func ParseDirectory(data map[string]string) (Directory, []Problem) {
	d := make(Directory)
	var faults []Problem
	bad := func(namespace, format string, args ...any) {
		if len(faults) < maxFaults {
			faults = append(faults, Problem{Namespace: namespace, Kind: ProblemData, Text: fmt.Sprintf(format, args...)})
		}
	}
	names := make([]string, 0, len(data))
	for name := range data {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case !dnsLabel(name):
			bad("", "contact data: %s is no namespace", quoted(name))
			continue
		case len(data[name]) > maxEntry:
			bad(name, "contact data: the entry is longer than %d bytes", maxEntry)
			continue
		case len(d) == maxDirectory:
			bad(name, "contact data: this namespace and those after it are beyond the first %d", maxDirectory)
			return d, faults
		}
		roles := make(map[string]string)
		number := 0
		for line := range strings.Lines(data[name]) {
			number++
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			role, list, ok := strings.Cut(line, ":")
			role = strings.TrimSpace(role)
			switch {
			case !ok || !dnsLabel(role):
				bad(name, "contact data: line %d, %s, is not a role, a colon and addresses", number, quoted(line))
			case roles[role] != "":
				bad(name, "contact data: line %d names the role %s again", number, role)
			default:
				roles[role] = strings.TrimSpace(list)
			}
		}
		d[name] = roles
	}
	return d, faults
}

// dnsLabel says whether s may be the name of a namespace, or of a role.
func dnsLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if !lower(c) && !digit(c) && c != '-' {
			return false
		}
	}
	return true
}

// contacts are whom a namespace names for news of a severity, and what is wrong
// with what it names. Of each role its annotation counts, and where that holds
// nothing the directory.
func (r *Rules) contacts(name string, ns Namespace, env *environment, worst Severity, d Directory) ([]Contact, []Problem) {
	var to []Contact
	var problems []Problem
	seen := make(map[string]bool)
	for i := range r.roles {
		role := &r.roles[i]
		if !role.tells(env, worst) {
			continue
		}
		list, where := ns.Annotations[role.Annotation], "annotation "+role.Annotation
		if strings.TrimSpace(list) == "" {
			list, where = d[name][role.Name], "contact data, "+role.Name
		}
		good, faults := addresses(list)
		for _, fault := range faults {
			problems = append(problems, Problem{Namespace: name, Kind: ProblemAddress, Text: fmt.Sprintf("%s: %s", where, fault)})
		}
		for _, a := range good {
			switch key := strings.ToLower(a); {
			case !within(a, r.domains):
				problems = append(problems, Problem{Namespace: name, Kind: ProblemDomain, Text: fmt.Sprintf("%s: %s is in no domain that notices.domains allows", where, quoted(a))})
			case !seen[key]:
				seen[key] = true
				to = append(to, Contact{Role: role.Name, Address: a})
			}
		}
	}
	return to, problems
}

// told is what of its news a namespace is told: what its annotation says, as far
// as it is let.
func (r *Rules) told(name string, ns Namespace) (Notify, []Problem) {
	said, ok := ns.Annotations[AnnotationNotify]
	if !ok {
		return NotifyAll, nil
	}
	var n Notify
	if err := n.UnmarshalText([]byte(said)); err != nil {
		return NotifyAll, []Problem{{Namespace: name, Kind: ProblemNotify, Text: fmt.Sprintf("annotation %s: %s; everything is told", AnnotationNotify, err)}}
	}
	order := []Notify{NotifyAll, NotifyCritical, NotifyNever}
	if slices.Index(order, n) > slices.Index(order, r.optOut) {
		return r.optOut, []Problem{{Namespace: name, Kind: ProblemNotify, Text: fmt.Sprintf("annotation %s: %s is further than notices.optOut, %s, lets it go", AnnotationNotify, n, r.optOut)}}
	}
	return n, nil
}

// tells says whether a role is told of news of a severity in an environment.
func (r *Role) tells(env *environment, worst Severity) bool {
	return (r.Severity != Critical || worst == Critical) && (len(r.Environments) == 0 || slices.Contains(r.Environments, env.name))
}
