package config

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func texts(problems []Problem) []string {
	var list []string
	for _, p := range problems {
		list = append(list, p.Text)
	}
	return list
}

func TestModesFor(t *testing.T) {
	defaults := Default().Defaults
	with := func(change func(m *Modes)) Modes {
		m := defaults
		change(&m)
		return m
	}
	for _, tt := range []struct {
		name   string
		labels map[string]string
		want   Modes
		texts  []string
	}{
		{name: "no labels", want: defaults},
		{name: "labels of others", want: defaults,
			labels: map[string]string{"team": "a", "initguard.dev": "x", "x.initguard.dev/warn": "never", "pod-security.kubernetes.io/warn": "y"}},
		{name: "all set", want: Modes{Never, Observed, Exposed, Possible, StrategyWrap},
			labels: map[string]string{LabelWarn: "never", LabelAudit: "observed", LabelEnforce: "exposed",
				LabelInject: "possible", LabelStrategy: "wrap", LabelRemediate: "evict"}},
		{name: "one set", labels: map[string]string{LabelEnforce: "observed"},
			want: with(func(m *Modes) { m.Enforce = Observed })},
		{name: "not a level", labels: map[string]string{LabelWarn: "yes"}, want: defaults,
			texts: []string{`namespace label initguard.dev/warn: "yes" is none of never, observed, exposed, possible; using possible`}},
		{name: "empty value", labels: map[string]string{LabelEnforce: ""}, want: defaults,
			texts: []string{`namespace label initguard.dev/enforce: "" is none of never, observed, exposed, possible; using never`}},
		{name: "other case", labels: map[string]string{LabelAudit: "Never"}, want: defaults,
			texts: []string{`namespace label initguard.dev/audit: "Never" is none of never, observed, exposed, possible; using possible`}},
		{name: "not a strategy", labels: map[string]string{LabelStrategy: "never", LabelInject: "auto"}, want: defaults,
			texts: []string{
				`namespace label initguard.dev/inject: "auto" is none of never, observed, exposed, possible; using never`,
				`namespace label initguard.dev/strategy: "never" is none of auto, share-pid, wrap; using auto`,
			}},
		{name: "one bad, one good", labels: map[string]string{LabelWarn: "?", LabelAudit: "never"},
			want:  with(func(m *Modes) { m.Audit = Never }),
			texts: []string{`namespace label initguard.dev/warn: "?" is none of never, observed, exposed, possible; using possible`}},
		{name: "typo in the key", labels: map[string]string{KeyPrefix + "warning": "never"}, want: defaults,
			texts: []string{`namespace label initguard.dev/warning: unknown, ignored; did you mean initguard.dev/warn?`}},
		{name: "key like none", labels: map[string]string{KeyPrefix + "colour": "red"}, want: defaults,
			texts: []string{`namespace label initguard.dev/colour: unknown, ignored; known after initguard.dev/ are warn, audit, enforce, inject, strategy, remediate`}},
		{name: "an annotation's key", labels: map[string]string{AnnotationExemptContainers: "a"}, want: defaults,
			texts: []string{`namespace label initguard.dev/exempt-containers: belongs on the pod template as an annotation; ignored`}},
		{name: "hostile value", labels: map[string]string{LabelWarn: "a\nb\x1b\"\xff" + strings.Repeat("x", 100)}, want: defaults,
			texts: []string{`namespace label initguard.dev/warn: "a?b?'?` + strings.Repeat("x", 57) + `…" is none of never, observed, exposed, possible; using possible`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := Default().ModesFor(tt.labels)
			if got != tt.want {
				t.Errorf("modes = %v, want %v", got, tt.want)
			}
			if diff := cmp.Diff(tt.texts, texts(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestModesForFallsBackToTheFile(t *testing.T) {
	c := Default()
	c.Defaults = Modes{Warn: Observed, Strategy: StrategyWrap}
	got, problems := c.ModesFor(map[string]string{LabelWarn: "x", LabelStrategy: "y"})
	if got != c.Defaults {
		t.Errorf("modes = %v, want the file's %v", got, c.Defaults)
	}
	want := []Problem{
		{LabelStrategy, "y", `namespace label initguard.dev/strategy: "y" is none of auto, share-pid, wrap; using wrap`},
		{LabelWarn, "x", `namespace label initguard.dev/warn: "x" is none of never, observed, exposed, possible; using observed`},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestForTemplate(t *testing.T) {
	base := Modes{Warn: Exposed, Audit: Possible, Enforce: Observed, Inject: Observed, Strategy: StrategySharePID}
	inject := func(l Level, s Strategy) Modes {
		m := base
		m.Inject, m.Strategy = l, s
		return m
	}
	for _, tt := range []struct {
		name        string
		annotations map[string]string
		want        Modes
		options     TemplateOptions
		texts       []string
	}{
		{name: "none", want: base},
		{name: "others' and written ones", want: base,
			annotations: map[string]string{"a/b": "c", AnnotationInjected: "{}", AnnotationRemediate: "evict"}},
		{name: "auto", annotations: map[string]string{AnnotationInject: "auto"},
			want: inject(Possible, StrategyAuto), options: TemplateOptions{InjectAsked: true}},
		{name: "share-pid", annotations: map[string]string{AnnotationInject: "share-pid"},
			want: inject(Possible, StrategySharePID), options: TemplateOptions{InjectAsked: true}},
		{name: "wrap", annotations: map[string]string{AnnotationInject: "wrap"},
			want: inject(Possible, StrategyWrap), options: TemplateOptions{InjectAsked: true}},
		{name: "never", annotations: map[string]string{AnnotationInject: "never"}, want: inject(Never, StrategySharePID)},
		{name: "a level", annotations: map[string]string{AnnotationInject: "possible"}, want: base,
			texts: []string{`annotation initguard.dev/inject: "possible" is none of auto, share-pid, wrap, never; ignored`}},
		{name: "containers", annotations: map[string]string{AnnotationExemptContainers: " a, b-1 ,,a,\tc\n"}, want: base,
			options: TemplateOptions{ExemptContainers: []string{"a", "b-1", "c"}}},
		{name: "no containers", annotations: map[string]string{AnnotationExemptContainers: " , "}, want: base},
		{name: "names that can't be", annotations: map[string]string{AnnotationExemptContainers: "a b,ok,C"}, want: base,
			options: TemplateOptions{ExemptContainers: []string{"ok"}},
			texts:   []string{`annotation initguard.dev/exempt-containers: "a b" is not a container's name; ignored (write the names with commas between)`}},
		{name: "typo", annotations: map[string]string{KeyPrefix + "exempt-container": "a"}, want: base,
			texts: []string{`annotation initguard.dev/exempt-container: unknown, ignored; did you mean initguard.dev/exempt-containers?`}},
		{name: "a namespace's label", annotations: map[string]string{LabelEnforce: "never"}, want: base,
			texts: []string{`annotation initguard.dev/enforce: belongs on the namespace as a label; ignored`}},
		{name: "key like none", annotations: map[string]string{KeyPrefix + "x": "never"}, want: base,
			texts: []string{`annotation initguard.dev/x: unknown, ignored; known after initguard.dev/ are inject, exempt-containers, remediate, remediate-single-replica`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, options, problems := Default().ForTemplate(base, tt.annotations)
			if got != tt.want {
				t.Errorf("modes = %v, want %v", got, tt.want)
			}
			if diff := cmp.Diff(tt.options, options); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.texts, texts(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForTemplateExemptsSoMany(t *testing.T) {
	var names []string
	for i := range maxExemptContainers + 1 {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	for _, n := range []int{maxExemptContainers, maxExemptContainers + 1} {
		_, o, problems := Default().ForTemplate(Modes{}, map[string]string{AnnotationExemptContainers: strings.Join(names[:n], ",")})
		if diff := cmp.Diff(names[:maxExemptContainers], o.ExemptContainers); diff != "" {
			t.Errorf("%d names (-want +got):\n%s", n, diff)
		}
		if told := len(problems) == 1; told != (n > maxExemptContainers) {
			t.Errorf("%d names: problems = %v", n, texts(problems))
		}
	}
}

func TestProblemsAreFew(t *testing.T) {
	set := map[string]string{}
	for i := range 500 {
		set[KeyPrefix+"key-"+strconv.Itoa(i)] = "x"
	}
	_, problems := Default().ModesFor(set)
	if len(problems) != maxProblems+1 {
		t.Fatalf("%d problems of 500, want %d and one for the rest", len(problems), maxProblems)
	}
	if got, want := problems[maxProblems].Text, "namespace label initguard.dev/: 490 more can't be followed"; got != want {
		t.Errorf("last = %q, want %q", got, want)
	}
}

// FuzzLabels gives foreign labels and annotations: whatever they hold, what is
// said of them fits a Warning header, and a mode that isn't understood stays.
func FuzzLabels(f *testing.F) {
	f.Add("warn", "possible")
	f.Add("warning", "yes\n\x1b[31m\xff")
	f.Add("strategy", "wrap")
	f.Add("inject", "auto")
	f.Add("exempt-containers", "a, b ,,C,a")
	f.Add("\u202eevil\"", strings.Repeat("\u00e9", 200))
	f.Fuzz(func(t *testing.T, name, value string) {
		set := map[string]string{KeyPrefix + name: value}
		c := Default()
		modes, problems := c.ModesFor(set)
		if len(problems) > 0 && modes != c.Defaults {
			t.Errorf("modes = %v though %v", modes, texts(problems))
		}
		after, o, more := c.ForTemplate(modes, set)
		if len(o.ExemptContainers) > maxExemptContainers {
			t.Errorf("%d containers exempt", len(o.ExemptContainers))
		}
		if o.InjectAsked != (name == "inject" && after.Inject == Possible && len(more) == 0) {
			t.Errorf("InjectAsked = %v, modes %v, problems %v", o.InjectAsked, after, texts(more))
		}
		for _, p := range append(problems, more...) {
			if utf8.RuneCountInString(p.Text) > 256 || strings.ContainsFunc(p.Text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
				t.Errorf("%q is not fit for a Warning header", p.Text)
			}
		}
	})
}

// TestKillSwitch: no label and no annotation denies or injects once it is
// thrown; warnings stay.
func TestKillSwitch(t *testing.T) {
	c := *Default()
	c.KillSwitch = true
	c.Defaults.Enforce, c.Defaults.Inject = Possible, Possible
	m, problems := c.ModesFor(map[string]string{LabelEnforce: "possible", LabelInject: "possible", LabelWarn: "exposed"})
	if want := (Modes{Warn: Exposed, Audit: Possible, Enforce: Never, Inject: Never, Strategy: c.Defaults.Strategy}); m != want || len(problems) > 0 {
		t.Errorf("modes %+v, %v; want %+v", m, problems, want)
	}
	m, _, problems = c.ForTemplate(m, map[string]string{AnnotationInject: "wrap"})
	if m.Inject != Never || len(problems) > 0 {
		t.Errorf("inject %s, %v; want never", m.Inject, problems)
	}
}
