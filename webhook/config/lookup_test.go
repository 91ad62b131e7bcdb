package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/initguard/initguard/imageinspect/initdb"
)

func mustParse(t *testing.T, body string) *Config {
	t.Helper()
	c, err := Parse("c.yaml", []byte(header+body))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExempts(t *testing.T) {
	c := mustParse(t, "exemptions: {namespaces: [ci], usernames: ['system:serviceaccount:ci:bot']}\n")
	for name, want := range map[string]bool{
		"ci": true, "initguard-system": true, "initguard-node": true,
		"kube-system": false, "ci-2": false, "": false,
	} {
		if got := c.ExemptsNamespace(name); got != want {
			t.Errorf("ExemptsNamespace(%q) = %v, want %v", name, got, want)
		}
	}
	if !Default().ExemptsNamespace("kube-system") {
		t.Error("kube-system is not exempt by default")
	}
	for name, want := range map[string]bool{
		"system:serviceaccount:ci:bot": true, "system:serviceaccount:ci:bot2": false, "": false,
	} {
		if got := c.ExemptsUser(name); got != want {
			t.Errorf("ExemptsUser(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestRegistry(t *testing.T) {
	c := mustParse(t, "registries: [{host: index.docker.io, shared: true}, {host: 'r.example.com:5000', plainHTTP: true}]\n")
	for host, want := range map[string]string{
		"docker.io": "index.docker.io", "index.docker.io": "index.docker.io", "registry-1.docker.io": "index.docker.io",
		"r.example.com:5000": "r.example.com:5000", "r.example.com": "", "": "",
	} {
		got, ok := c.Registry(host)
		if got.Host != want || ok != (want != "") {
			t.Errorf("Registry(%q) = %q, %v; want %q", host, got.Host, ok, want)
		}
	}
}

func TestWorkload(t *testing.T) {
	c := mustParse(t, `
workloads:
- {group: a.example.com, kind: Thing}
- {group: a.example.com, version: v2, kind: Thing, templatePath: spec.pod.template}
- {group: b.example.com, version: v1, kind: Thing}
`)
	for _, tt := range []struct {
		group, version, kind string
		want                 []string
	}{
		{"a.example.com", "v1", "Thing", []string{"spec", "template"}},
		{"a.example.com", "v2", "Thing", []string{"spec", "pod", "template"}},
		{"b.example.com", "v1", "Thing", []string{"spec", "template"}},
		{"b.example.com", "v2", "Thing", nil},
		{"a.example.com", "v1", "Other", nil},
		{"", "v1", "Thing", nil},
	} {
		w, ok := c.Workload(tt.group, tt.version, tt.kind)
		if ok != (tt.want != nil) {
			t.Errorf("Workload(%s, %s, %s) found = %v", tt.group, tt.version, tt.kind, ok)
			continue
		}
		if ok && !cmp.Equal(w.Path(), tt.want) {
			t.Errorf("Workload(%s, %s, %s).Path = %v, want %v", tt.group, tt.version, tt.kind, w.Path(), tt.want)
		}
	}
}

func TestPrograms(t *testing.T) {
	c := mustParse(t, `
programs:
- {name: our-init, reaps: true, forwardsSignals: true, mustBePID1: true}
- {name: legacyd, reaps: false, why: forgets its helpers, harmedByOrphans: restarts, forksHelpers: true}
`)
	want := []initdb.Program{
		{Names: []string{"our-init"}, Role: initdb.Init, Behaviour: initdb.Behaviour{
			Reaps: initdb.ReapsOrphans, Why: "the cluster's configuration says so", MustBePID1: true, ForwardsSignals: true,
			Source: initdb.Source{Kind: initdb.Configured, Ref: "programs[0]"}}},
		{Names: []string{"legacyd"}, Role: initdb.Server, Behaviour: initdb.Behaviour{
			Reaps: initdb.LeavesOrphans, Why: "forgets its helpers", HarmedByOrphans: "restarts", ForksHelpers: true,
			Source: initdb.Source{Kind: initdb.Configured, Ref: "programs[1]"}}},
	}
	if diff := cmp.Diff(want, c.Programs()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if _, err := initdb.New(c.Programs()...); err != nil {
		t.Errorf("the table refuses the rows: %v", err)
	}
}

func TestFixURL(t *testing.T) {
	for base, want := range map[string]string{
		DefaultFixesURL:          DefaultFixesURL + "no-init.md",
		"https://w.example.com":  "https://w.example.com/no-init.md",
		"https://w.example.com/": "https://w.example.com/no-init.md",
		"":                       "",
	} {
		c := Default()
		c.FixesURL = base
		if got := c.FixURL("no-init.md"); got != want {
			t.Errorf("with fixesURL %q: %q, want %q", base, got, want)
		}
	}
}
