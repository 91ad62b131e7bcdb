package notice

import (
	"strings"
	"testing"
	"time"
)

func TestDefaultIsGood(t *testing.T) {
	s := Default()
	if faults := s.Validate(); len(faults) > 0 {
		t.Error(faults)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		change func(s *Settings)
		want   string
	}{
		{func(s *Settings) { s.Platform = "Team <a@b.c>" }, `platform: "Team <a@b.c>" is no bare mail address, such as platform@example.com`},
		{func(s *Settings) { s.Warning = Thresholds{} }, "warning: sets no threshold; set one at least"},
		{func(s *Settings) { s.Critical.LimitPercent = 101 }, "critical.limitPercent: 101 must be from 0 to 100"},
		{func(s *Settings) { s.Critical.Age = -time.Hour }, "critical.age: -1h must be from 0s to 8760h"},
		{func(s *Settings) { s.Hold = 25 * time.Hour }, "hold: 25h must be from 0s to 24h"},
		{func(s *Settings) { s.Pause = 0 }, "pause: 0s must be from 1m to 24h"},
		{func(s *Settings) { s.Retry = time.Second }, "retry: 1s must be from 10m to 168h"},
		{func(s *Settings) { s.EnvironmentLabel = "a b" }, `environmentLabel: "a b" must be the key of a label or annotation, such as example.com/name`},
		{func(s *Settings) { s.Environments = nil; s.Roles = nil }, "environments: is empty; must hold one at least"},
		{func(s *Settings) { s.Environments[1].Name = "prod" }, `environments[1].name: "prod" is there already`},
		{func(s *Settings) { s.Environments[0].Namespaces = []string{"a?b"} }, `environments[0].namespaces[0]: "a?b" must be a namespace's name, in which * stands for any characters`},
		{func(s *Settings) { s.Environments[0].Intervals.Critical = 48 * time.Hour }, "environments[0].intervals.critical: 48h must be no longer than warning's, 24h, or what is critical would be told less often"},
		{func(s *Settings) { s.Environments[0].Intervals.Critical = 0 }, "environments[0].intervals.critical: 0s must be no longer than warning's, 24h, or what is critical would be told less often"},
		{func(s *Settings) { s.Environments[0].Intervals.Critical = time.Minute }, "environments[0].intervals.critical: 1m must be from 15m to 2160h"},
		{func(s *Settings) { s.Environments[1].Hours.Zone = "Mars/Olympus" }, `environments[1].hours.zone: "Mars/Olympus" is no time zone, such as Europe/Berlin`},
		{func(s *Settings) { s.Environments[1].Hours.To = clock(7, 0) }, "environments[1].hours.to: 07:00 must be later than from, 08:00; hours don't go over midnight"},
		{func(s *Settings) { s.Environments[1].Hours.Days = nil }, "environments[1].hours.days: is empty, so that from and to mean nothing; name the days"},
		{func(s *Settings) { s.Environments[1].Hours.Days = []Day{Mon, Mon} }, `environments[1].hours.days[1]: "mon" is there already`},
		{func(s *Settings) { s.Roles[0].Name = "" }, "roles[0].name: is missing"},
		{func(s *Settings) { s.Roles[0].Severity = "bad" }, `roles[0].severity: "bad" must be one of Warning, Critical`},
		{func(s *Settings) { s.Roles[1].Environments = []string{"pord"} }, `roles[1].environments[0]: "pord" is none of notices.environments`},
		{func(s *Settings) { s.Roles[1].Annotation = "-" }, `roles[1].annotation: "-" must be the key of a label or annotation, such as example.com/name`},
		{func(s *Settings) { s.Domains = []string{"*"} }, `domains[0]: "*" must be a domain, such as example.com, or *.example.com for all below it`},
		{func(s *Settings) { s.Domains = []string{"a@example.com"} }, `domains[0]: "a@example.com" must be a domain, such as example.com, or *.example.com for all below it`},
		{func(s *Settings) { s.OptOut = "some" }, `optOut: "some" must be one of all, critical, never`},
	}
	for _, test := range tests {
		s := Default()
		test.change(&s)
		var got []string
		for _, f := range s.Validate() {
			got = append(got, f.Path+": "+f.Text)
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
		if r, faults := New(s); r != nil || len(faults) == 0 {
			t.Errorf("%s: rules are made all the same", test.want)
		}
	}
}
