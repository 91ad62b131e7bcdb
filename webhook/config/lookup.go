package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/initguard/initguard/imageinspect/initdb"
)

// OwnNamespaces returns the namespaces that initguard itself runs in: they are
// always exempt, or a mistake could keep it from starting.
func OwnNamespaces() []string { return []string{"initguard-system", "initguard-node"} }

// ExemptsNamespace reports whether nothing in the namespace is looked at.
func (c *Config) ExemptsNamespace(name string) bool {
	return slices.Contains(OwnNamespaces(), name) || slices.Contains(c.Exemptions.Namespaces, name)
}

// ExemptsUser reports whether nothing that the user makes is looked at.
func (c *Config) ExemptsUser(name string) bool {
	return slices.Contains(c.Exemptions.Usernames, name)
}

// Registry returns what the file says about a registry, by the host that an
// image reference names; every name of Docker Hub finds the same entry.
func (c *Config) Registry(host string) (Registry, bool) {
	host = canonicalHost(host)
	for _, r := range c.Registries {
		if canonicalHost(r.Host) == host {
			return r, true
		}
	}
	return Registry{}, false
}

// canonicalHost gives the hosts of Docker Hub one name.
func canonicalHost(host string) string {
	switch host {
	case "docker.io", "index.docker.io", "registry-1.docker.io":
		return "docker.io"
	}
	return host
}

// Workload returns the entry for a custom resource's group, version and kind;
// an entry that names the version wins over one for all versions.
func (c *Config) Workload(group, version, kind string) (Workload, bool) {
	var found Workload
	ok := false
	for _, w := range c.Workloads {
		if w.Group != group || w.Kind != kind {
			continue
		}
		if w.Version == version {
			return w, true
		}
		if w.Version == "" {
			found, ok = w, true
		}
	}
	return found, ok
}

// Path returns the field names of TemplatePath.
func (w Workload) Path() []string { return strings.Split(w.TemplatePath, ".") }

// Programs returns the configured programs as rows of the table of programs,
// in the file's order.
func (c *Config) Programs() []initdb.Program {
	rows := make([]initdb.Program, 0, len(c.ExtraPrograms))
	for i, p := range c.ExtraPrograms {
		rows = append(rows, p.row(fmt.Sprintf("programs[%d]", i)))
	}
	return rows
}

func (p Program) row(ref string) initdb.Program {
	b := initdb.Behaviour{
		Reaps:           initdb.LeavesOrphans,
		Why:             p.Why,
		MustBePID1:      p.MustBePID1,
		HarmedByOrphans: p.HarmedByOrphans,
		ForwardsSignals: p.ForwardsSignals,
		ForksHelpers:    p.ForksHelpers,
		Source:          initdb.Source{Kind: initdb.Configured, Ref: ref},
	}
	role := initdb.Server
	if p.Reaps {
		b.Reaps, role = initdb.ReapsOrphans, initdb.Init
	}
	if b.Why == "" {
		b.Why = defaultWhy
	}
	return initdb.Program{Names: []string{p.Name}, Role: role, Behaviour: b}
}

// FixURL returns the address of a fix page, or nothing where warnings are to
// hold no URL.
func (c *Config) FixURL(page string) string {
	if c.FixesURL == "" {
		return ""
	}
	return strings.TrimSuffix(c.FixesURL, "/") + "/" + page
}
