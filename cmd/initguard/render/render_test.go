package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

func TestPrintable(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain, ünïcode 世界", "plain, ünïcode 世界"},
		{"a\x1b[31mb", `a\x1b[31mb`},
		{"a\nb\tc\r", `a\nb\tc\x0d`},
		{"\u202egnp", `\u202egnp`},
		{"\u009b31m", `\u009b31m`},
		{"\xff\xfe", `\xff\xfe`},
		{"\ufeff", `\ufeff`},
		{"\ufffd", `\ufffd`},
	}
	for _, test := range tests {
		if got := Printable(test.in); got != test.want {
			t.Errorf("Printable(%q) is %q, want %q", test.in, got, test.want)
		}
	}
	if got := PrintableLines("a\x07\n\tb"); got != "a\\x07\n    b" {
		t.Errorf("PrintableLines keeps lines alone, got %q", got)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, hidden) {
			t.Errorf("Printable(%q) is %q", s, got)
		}
		if again := Printable(got); again != got {
			t.Errorf("Printable(%q) is %q: printable text must stay as it is", got, again)
		}
	})
}

// long is a check whose names are as long as Kubernetes allows.
func long() Check {
	name := strings.Repeat("n", 63)
	c := Check{Workloads: []Workload{{
		Place: Place{File: strings.Repeat("d/", 60) + "web.yaml", Line: 3}, Kind: "Deployment", Name: name, Namespace: name,
		Containers: []Container{{
			Name: name, Line: 12, Finding: DoesNotReap, Risk: policy.Exposed, Cluster: Warn,
			Answer: Answer{Verdict: imageinspect.DoesNotReap, PID1: name, Reason: strings.Repeat("reason ", 40)},
			Way:    Way{Chain: []imageinspect.Step{{Text: "step", Detail: strings.Repeat("x", 300)}}},
			Mend:   Mend{Fix: &Fix{Path: "spec.template.spec.shareProcessNamespace", Change: "true", URL: "https://initguard.example/fixes/share"}},
		}},
	}}}
	c.Summarize(func(policy.Risk) bool { return true }, 0)
	return c
}

func TestTableFits(t *testing.T) {
	for _, columns := range []int{0, 80, 120, 200} {
		var out strings.Builder
		if err := Table(&out, long(), Style{Width: columns}, false); err != nil {
			t.Fatal(err)
		}
		limit := columns
		if limit == 0 {
			limit = DefaultWidth
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if width(line) > limit {
				t.Errorf("at %d columns a line has %d: %q", columns, width(line), line)
			}
		}
	}
}

func TestVerboseCutsNothing(t *testing.T) {
	var out strings.Builder
	if err := Table(&out, long(), Style{Width: 80}, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{strings.Repeat("d/", 60) + "web.yaml:12", strings.Repeat("n", 63), strings.Repeat("x", 300)} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing in\n%s", want, out.String())
		}
	}
}

// TestImageFix: an entrypoint script keeps its place, behind the init of the
// image's own distribution.
func TestImageFix(t *testing.T) {
	result := imageinspect.Result{
		Argv: []string{"docker-entrypoint.sh", "redis-server"}, Entrypoint: 1, PID1: "redis-server", Distribution: "alpine",
		Verdict: imageinspect.Verdict{Outcome: imageinspect.DoesNotReap},
		Chain: []imageinspect.Step{
			{Kind: imageinspect.StepFile, Program: "docker-entrypoint.sh", Text: "docker-entrypoint.sh is a script of sh"},
			{Kind: imageinspect.StepShell, Program: "sh", Line: 19, Text: "docker-entrypoint.sh, line 19: execs redis-server"},
		},
	}
	mend := func(r imageinspect.Result) Mend {
		return NewMend(policy.ImageSituation(r), "", func(page string) string { return "https://fixes.example/" + page })
	}
	var out strings.Builder
	if err := ImageText(&out, NewUnasked("redis:7", result, mend), Style{}); err != nil {
		t.Fatal(err)
	}
	want := `  fix: ENTRYPOINT: tini (apk) before docker-entrypoint.sh, see https://fixes.example/entrypoint.md
    Dockerfile:
      RUN apk add --no-cache tini
      ENTRYPOINT ["/sbin/tini", "--", "docker-entrypoint.sh"]
      CMD ["redis-server"]
`
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%s\nwant at its end\n%s", out.String(), want)
	}
}

func TestColorsAreForTerminals(t *testing.T) {
	for _, color := range []bool{false, true} {
		var out strings.Builder
		if err := Table(&out, long(), Style{Color: color}, true); err != nil {
			t.Fatal(err)
		}
		answer := Image{Platforms: []Platform{}}
		if err := ImageText(&out, answer, Style{Color: color}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "\x1b["); got != color {
			t.Errorf("colours: %v, want %v", got, color)
		}
	}
}

func TestSummary(t *testing.T) {
	tests := []struct {
		name       string
		containers []Container
		want       string
	}{
		{"nothing", nil, "1 workload, 0 containers: no findings"},
		{"clean", []Container{{}, {}}, "1 workload, 2 containers: no findings"},
		{"unknown", []Container{{Finding: Unknown}}, "1 workload, 1 container: no findings, 1 unknown"},
		{
			"risks", []Container{{Finding: DoesNotReap, Risk: policy.Possible}, {Finding: HarmedByOrphans, Risk: policy.Observed}, {Finding: DoesNotReap, Risk: policy.Exposed}},
			"1 workload, 3 containers: 3 findings (1 observed, 1 exposed, 1 possible)",
		},
		{"exempt", []Container{{Finding: DoesNotReap, Risk: policy.Possible, Exempt: true}}, "1 workload, 1 container: no findings, 1 exempt"},
		{
			"exempt and denied", []Container{{Finding: DoesNotReap, Risk: policy.Possible, Exempt: true, Cluster: Deny}},
			"1 workload, 1 container: 1 finding (1 possible)",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Check{Workloads: []Workload{{Containers: test.containers}}}
			c.Summarize(func(risk policy.Risk) bool { return risk >= policy.Exposed }, 0)
			if got := c.Summary.line(false); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSARIFLevels(t *testing.T) {
	tests := []struct {
		container Container
		want      string
	}{
		{Container{Risk: policy.Possible}, "note"},
		{Container{Risk: policy.Exposed}, "warning"},
		{Container{Risk: policy.Observed}, "error"},
		{Container{Risk: policy.Possible, Cluster: Deny}, "error"},
		{Container{Finding: Unknown}, "note"},
		{Container{Finding: Unknown, Cluster: Deny}, "error"},
	}
	for _, test := range tests {
		if got := sarifLevel(test.container); got != test.want {
			t.Errorf("risk %s, cluster %s: level %s, want %s", test.container.Risk, test.container.Cluster, got, test.want)
		}
	}
}

func TestSARIFNamesFilesByURI(t *testing.T) {
	for file, want := range map[string]string{
		"a/b c.yaml": "a/b%20c.yaml", "./a.yaml": "a.yaml", "/tmp/a b.yaml": "file:///tmp/a%20b.yaml", "x:y.yaml": "./x:y.yaml", "../a.yaml": "../a.yaml", "stdin": "stdin",
	} {
		if got := *artifact(file).URI; got != want {
			t.Errorf("%s: URI %s, want %s", file, got, want)
		}
	}
}
