package notice

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseDirectory(t *testing.T) {
	d, faults := ParseDirectory(map[string]string{
		"shop-prod": "# the shop\ntechnical-lead: a@example.com, b@example.com\r\n\n product-owner :c@example.com\n",
		"bank":      "technical-lead a@example.com\ntechnical-lead: a@example.com\ntechnical-lead: b@example.com\nTechnical Lead: c@example.com",
		"Big":       "technical-lead: a@example.com",
		"long":      strings.Repeat("technical-lead: a@example.com\n", 1000),
		"empty":     "",
	})
	if got := d["shop-prod"]; len(got) != 2 || got["technical-lead"] != "a@example.com, b@example.com" || got["product-owner"] != "c@example.com" {
		t.Errorf("%v", got)
	}
	if got := d["bank"]; len(got) != 1 || got["technical-lead"] != "a@example.com" {
		t.Errorf("%v", got)
	}
	want := []string{
		`contact data: "Big" is no namespace`,
		`contact data: line 1, "technical-lead a@example.com", is not a role, a colon and addresses`,
		`contact data: line 3 names the role technical-lead again`,
		`contact data: line 4, "Technical Lead: c@example.com", is not a role, a colon and addresses`,
		`contact data: the entry is longer than 8192 bytes`,
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzParseDirectory(f *testing.F) {
	f.Add("shop", "technical-lead: a@example.com")
	f.Add("shop", "a:b\na:c\n#\n:\n\x00")
	f.Fuzz(func(t *testing.T, name, text string) {
		d, faults := ParseDirectory(map[string]string{name: text})
		if len(faults) > maxFaults || len(d) > 1 {
			t.Fatalf("%d faults", len(faults))
		}
		r := mustRules(t, func(s *Settings) { s.Domains = []string{"*.example.com"} })
		to, problems := r.contacts(name, Namespace{}, &r.environments[0], Critical, d)
		for _, p := range append(faults, problems...) {
			if strings.ContainsFunc(p.Text, func(r rune) bool { return r < ' ' || r > '~' }) || len(p.Text) > 1000 {
				t.Errorf("%q", p.Text)
			}
		}
		for _, c := range to {
			if a, err := address(c.Address); err != nil || a != c.Address || !within(a, r.domains) {
				t.Errorf("%q is told", c.Address)
			}
		}
	})
}

// TestContacts says who is told of what.
func TestContacts(t *testing.T) {
	r := mustRules(t, func(s *Settings) { s.Domains = []string{"example.com"} })
	lead, owner := contactPrefix+"technical-lead", contactPrefix+"product-owner"
	prod, other := &r.environments[0], &r.environments[1]
	d := Directory{"shop": {"technical-lead": "directory@example.com", "product-owner": "boss@example.com"}}
	tests := []struct {
		name        string
		annotations map[string]string
		env         *environment
		worst       Severity
		directory   Directory
		want        string
		problems    int
	}{
		{"a warning goes to leads", map[string]string{lead: "l@example.com", owner: "o@example.com"}, prod, Warning, nil, "technical-lead l@example.com", 0},
		{"critical in prod goes to both", map[string]string{lead: "l@example.com,m@example.com", owner: "o@example.com"}, prod, Critical, nil, "technical-lead l@example.com technical-lead m@example.com product-owner o@example.com", 0},
		{"critical elsewhere to leads", map[string]string{lead: "l@example.com", owner: "o@example.com"}, other, Critical, nil, "technical-lead l@example.com", 0},
		{"one person, one mail", map[string]string{lead: "l@example.com", owner: "L@example.com"}, prod, Critical, nil, "technical-lead l@example.com", 0},
		{"another domain", map[string]string{lead: "l@example.net, m@example.com"}, prod, Warning, nil, "technical-lead m@example.com", 1},
		{"no address", map[string]string{lead: "Ann <l@example.com>"}, prod, Warning, nil, "", 1},
		{"nobody", nil, prod, Warning, nil, "", 0},
		{"directory", nil, prod, Critical, d, "technical-lead directory@example.com product-owner boss@example.com", 0},
		{"annotation before directory", map[string]string{lead: "l@example.com"}, prod, Critical, d, "technical-lead l@example.com product-owner boss@example.com", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			to, problems := r.contacts("shop", Namespace{Annotations: test.annotations}, test.env, test.worst, test.directory)
			var got []string
			for _, c := range to {
				got = append(got, c.Role+" "+c.Address)
			}
			if strings.Join(got, " ") != test.want || len(problems) != test.problems {
				t.Errorf("%q, %v", got, problems)
			}
		})
	}
}

func TestNotify(t *testing.T) {
	for _, test := range []struct {
		optOut   Notify
		said     string
		want     Notify
		problems int
	}{
		{NotifyCritical, "", NotifyAll, 1},
		{NotifyCritical, "all", NotifyAll, 0},
		{NotifyCritical, "critical", NotifyCritical, 0},
		{NotifyCritical, "never", NotifyCritical, 1},
		{NotifyCritical, "Never", NotifyAll, 1},
		{NotifyNever, "never", NotifyNever, 0},
		{NotifyAll, "critical", NotifyAll, 1},
	} {
		r := mustRules(t, func(s *Settings) { s.OptOut = test.optOut })
		got, problems := r.told("shop", Namespace{Annotations: map[string]string{AnnotationNotify: test.said}})
		if got != test.want || len(problems) != test.problems {
			t.Errorf("%+v: %s, %v", test, got, problems)
		}
	}
	if got, problems := mustRules(t, nil).told("shop", Namespace{}); got != NotifyAll || len(problems) > 0 {
		t.Errorf("%s, %v", got, problems)
	}
}

func TestEnvironment(t *testing.T) {
	r := mustRules(t, func(s *Settings) {
		s.Environments = []Environment{{Name: "prod", Namespaces: []string{"*-prod", "core"}}, {Name: "test", Namespaces: []string{"*-t*t-*"}}, {Name: "other"}}
		s.Roles = nil
	})
	for name, want := range map[string]string{
		"shop-prod": "prod", "-prod": "prod", "core": "prod", "core2": "other", "shop-prod2": "other", "a-test-1": "test", "a-tt-": "test", "a-t-": "other", "shop": "other",
	} {
		if got := r.environment(name, Namespace{}).name; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	label := func(v string) Namespace { return Namespace{Labels: map[string]string{defaultEnvironmentLabel: v}} }
	if r.environment("shop-prod", label("test")).name != "test" || r.environment("shop-prod", label("none")).name != "prod" {
		t.Error("the label decides where it names one")
	}
}

func ExampleParseDirectory() {
	d, _ := ParseDirectory(map[string]string{"shop-prod": "technical-lead: ann@example.com, bob@example.com"})
	fmt.Println(d["shop-prod"]["technical-lead"])
	// Output: ann@example.com, bob@example.com
}
