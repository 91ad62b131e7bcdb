package notice

import (
	"slices"
	"strings"
)

// Rules are Settings that can be asked. They are never changed.
type Rules struct {
	Settings
	environments []environment
	roles        []Role
	domains      []string
	optOut       Notify
}

// environment is one that can be asked.
type environment struct {
	name      string
	patterns  []string
	intervals Intervals
	hours     openHours
	critical  bool // always let out
}

// New makes rules out of settings, or says what is wrong with them.
func New(s Settings) (*Rules, []Fault) {
	if faults := s.Validate(); len(faults) > 0 {
		return nil, faults
	}
	r := &Rules{Settings: s, optOut: s.OptOut}
	for i, e := range s.Environments {
		hours, err := hoursOf(e.Hours)
		if err != nil {
			return nil, []Fault{{Path: at("environments", i) + ".hours.zone", Text: err.Error()}}
		}
		r.environments = append(r.environments, environment{
			name: e.Name, patterns: slices.Clone(e.Namespaces), intervals: e.Intervals, hours: hours, critical: e.Hours.CriticalAlways,
		})
	}
	for _, role := range s.Roles {
		if role.Annotation == "" {
			role.Annotation = contactPrefix + role.Name
		}
		r.roles = append(r.roles, role)
	}
	for _, d := range s.Domains {
		r.domains = append(r.domains, strings.ToLower(d))
	}
	return r, nil
}

// environment is that of a namespace.
func (r *Rules) environment(name string, ns Namespace) *environment {
	said := ns.Labels[r.EnvironmentLabel]
	for i := range r.environments {
		if said != "" && r.environments[i].name == said {
			return &r.environments[i]
		}
	}
	for i := range r.environments {
		if slices.ContainsFunc(r.environments[i].patterns, func(p string) bool { return fits(p, name) }) {
			return &r.environments[i]
		}
	}
	return &r.environments[len(r.environments)-1]
}

// fits says whether a name is what a pattern says, in which * stands for any
// characters.
func fits(pattern, name string) bool {
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
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return true
}
