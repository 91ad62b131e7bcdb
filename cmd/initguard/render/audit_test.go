package render

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

// clusterAudit has a workload of each kind of answer, with names as hostile as
// an aggregated API could make them.
func clusterAudit() ClusterAudit {
	safe := Injection{Strategy: "wrap", Containers: []string{"app"}}
	refused := Injection{Refused: `container "app": s6-overlay must be PID 1`}
	container := func(finding Finding, verdict imageinspect.Outcome, risk policy.Risk) Container {
		return Container{
			Name: "app", Image: "registry.example/app:1", Finding: finding, Risk: risk, Cluster: Warn,
			Answer: Answer{Verdict: verdict, PID1: "node", Reason: "node does not reap orphans"},
		}
	}
	a := ClusterAudit{
		Cluster: "https://cluster.example", Made: time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC), Version: "v1.2.3", Problems: []string{},
		Workloads: []AuditedWorkload{
			{
				Kind: "Deployment", Namespace: "shop", Name: "<script>alert(1)</script>\x1b[2J", Risk: policy.Exposed, DenyRisk: policy.Exposed,
				Containers: []Container{container(DoesNotReap, imageinspect.DoesNotReap, policy.Exposed), container(NoFinding, imageinspect.Reaps, policy.NoRisk)},
				Injection:  map[string]Injection{"exposed": safe, "possible": safe},
			},
			{
				Kind: "StatefulSet", Namespace: "shop", Name: "s6", Risk: policy.Possible,
				Containers: []Container{container(HarmedByOrphans, imageinspect.Reaps, policy.Possible)},
				Injection:  map[string]Injection{"possible": refused},
			},
			{Kind: "Deployment", Namespace: "zoo", Name: "who", Containers: []Container{container(Unknown, imageinspect.Unknown, policy.NoRisk)}},
			{Kind: "Pod", Namespace: "zoo", Name: "windows", Exempt: "windows", Containers: []Container{}},
		},
	}
	modes := Modes{Warn: "possible", Audit: "possible", Enforce: "never", Inject: "never"}
	a.Summarize(map[string]AuditedNamespace{"shop": {Modes: modes}, "zoo": {Modes: modes, Problems: []string{"namespace label initguard.dev/wran: is not known"}}})
	return a
}

func TestAuditGolden(t *testing.T) {
	a := clusterAudit()
	writers := map[string]func(*strings.Builder) error{
		"audit.table":   func(out *strings.Builder) error { return AuditTable(out, a, Style{}, false) },
		"audit.verbose": func(out *strings.Builder) error { return AuditTable(out, a, Style{}, true) },
		"audit.json":    func(out *strings.Builder) error { return Encode(out, "json", a) },
		"audit.html":    func(out *strings.Builder) error { return AuditHTML(out, a) },
	}
	for name, write := range writers {
		var out strings.Builder
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
		if name == "audit.html" && (strings.Contains(out.String(), "<script") || strings.Contains(out.String(), "\x1b")) {
			t.Errorf("%s: a name reaches the page as it is", name)
		}
	}
	files, err := filepath.Glob("testdata/audit*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if writers[filepath.Base(file)] == nil {
			t.Errorf("%s: no test compares with this file: remove it", file)
		}
	}
}

// TestAuditPageHoldsNoForeignMarkup: whatever the cluster says stays text.
func TestAuditPageHoldsNoForeignMarkup(t *testing.T) {
	const hostile = "\"'><script>\x1b"
	modes := Modes{Warn: hostile, Enforce: hostile, Inject: hostile}
	a := ClusterAudit{
		Cluster: hostile, Version: hostile, Problems: []string{hostile},
		Workloads: []AuditedWorkload{{
			Kind: hostile, Namespace: hostile, Name: hostile, Risk: policy.Exposed, Modes: &modes,
			Injection: map[string]Injection{"exposed": {Strategy: hostile, Containers: []string{"x"}, Refused: hostile}},
			Containers: []Container{{
				Name: hostile, Image: hostile, Finding: DoesNotReap, Risk: policy.Exposed, Cluster: hostile,
				Answer: Answer{PID1: hostile, Reason: hostile},
			}},
		}},
	}
	a.Summarize(map[string]AuditedNamespace{hostile: {Modes: modes, Problems: []string{hostile}}})
	var out strings.Builder
	if err := AuditHTML(&out, a); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "\"'", "\x1b"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	const fields = 18
	if n := strings.Count(out.String(), "&lt;script&gt;"); n < fields {
		t.Errorf("%d of at least %d texts are on the page", n, fields)
	}
}
