package scanner

import (
	"strings"
	"testing"
	"time"
)

func TestStartedBy(t *testing.T) {
	probe := func(field string, seconds int, command ...string) Exec {
		return Exec{Field: field, Command: command, Period: time.Duration(seconds) * time.Second}
	}
	sh := func(field string, seconds int, text string) Exec { return probe(field, seconds, "/bin/sh", "-c", text) }
	rate := func(f float64) *float64 { return &f }
	// group is one of orphans, "name count" each.
	group := func(perHour *float64, names ...Name) Group {
		g := Group{Cause: PID1NotReaping, PerHour: perHour, Children: Children{Names: names}}
		for _, n := range names {
			g.Zombies += n.Count
		}
		return g
	}
	of := func(cause Cause, g Group) Group {
		g.Cause = cause
		return g
	}
	mongo := sh("readinessProbe", 30, `mongosh --quiet --eval "db.adminCommand('ping')" | grep -q ok`)
	script := probe("livenessProbe", 10, "/opt/probes/live.sh")
	tests := []struct {
		name  string
		group Group
		execs []Exec
		want  string // field and certainty, or "" for none
	}{
		{"no probe", group(rate(120), Name{"mongosh", 40}), nil, ""},
		{"a program of the shell's text, as often as it runs", group(rate(119), Name{"mongosh", 40}), []Exec{mongo}, "readinessProbe Certain"},
		{"two a run", group(rate(240), Name{"mongosh", 40}, Name{"grep", 40}), []Exec{mongo}, "readinessProbe Certain"},
		{"now and then, when it times out", group(rate(7), Name{"mongosh", 40}), []Exec{mongo}, "readinessProbe Likely"},
		{"the rate is not known yet", group(nil, Name{"mongosh", 2}), []Exec{mongo}, "readinessProbe Likely"},
		{"half have other names", group(rate(120), Name{"mongosh", 20}, Name{"node", 15}), []Exec{mongo}, "readinessProbe Likely"},
		{"most have other names", group(rate(17), Name{"mongosh", 5}, Name{"node", 35}), []Exec{mongo}, ""},
		{"more than any probe leaves", group(rate(50000), Name{"mongosh", 40}), []Exec{mongo}, ""},
		{"a name that the kernel cut", group(rate(360), Name{"grpc_health_pro", 40}),
			[]Exec{probe("livenessProbe", 10, "/bin/grpc_health_probe", "-addr=:5000")}, "livenessProbe Certain"},
		{"what is asked of another container's name", group(rate(360), Name{"curl", 40}),
			[]Exec{sh("livenessProbe", 10, "wget -qO- localhost")}, ""},
		{"the one that names it", group(rate(360), Name{"curl", 40}),
			[]Exec{sh("readinessProbe", 10, "wget -qO- localhost"), sh("livenessProbe", 10, "curl -f localhost &")}, "livenessProbe Certain"},
		{"the same command, its rate tells", group(rate(360), Name{"curl", 40}),
			[]Exec{sh("readinessProbe", 100, "curl localhost"), sh("livenessProbe", 10, "curl localhost")}, "livenessProbe Likely"},
		{"the same command, both leave some", group(rate(1080), Name{"curl", 40}),
			[]Exec{sh("livenessProbe", 10, "curl localhost"), sh("readinessProbe", 5, "curl localhost")}, "readinessProbe Likely"},
		{"the same command, no rate", group(nil, Name{"curl", 40}),
			[]Exec{sh("livenessProbe", 10, "curl localhost"), sh("readinessProbe", 5, "curl localhost")}, "readinessProbe Likely"},
		{"a hook", group(rate(0), Name{"warm-up", 2}), []Exec{probe("lifecycle.postStart", 0, "sh", "-c", "/app/warm-up &")}, "lifecycle.postStart Likely"},
		{"what a script starts, by the rate alone", group(rate(360), Name{"redis-cli", 40}), []Exec{script}, "livenessProbe Likely"},
		{"a script, the rate does not agree", group(rate(500), Name{"redis-cli", 40}), []Exec{script}, ""},
		{"a script, few zombies", group(rate(360), Name{"redis-cli", 4}), []Exec{script}, ""},
		{"two scripts", group(rate(360), Name{"redis-cli", 40}), []Exec{script, probe("readinessProbe", 10, "/opt/probes/ready.sh")}, ""},
		{"a plain program starts nobody", group(rate(360), Name{"redis-cli", 40}), []Exec{probe("livenessProbe", 10, "/usr/bin/pg_isready")}, ""},
		{"shells, as often as it runs", group(rate(1080), Name{"sh", 40}), []Exec{sh("livenessProbe", 10, "(sleep 1; x) &")}, "livenessProbe Likely"},
		{"shells, of somebody", group(rate(77), Name{"sh", 40}), []Exec{sh("livenessProbe", 10, "(sleep 1; x) &")}, ""},
		{"what a program does not wait for", of(ParentNotWaiting, group(rate(120), Name{"mongosh", 40})), []Exec{mongo}, ""},
		{"PID 1's children have a probe's name", of(PID1Ambiguous, group(rate(7), Name{"mongosh", 40})), []Exec{mongo}, ""},
		{"a probe that calls setsid", of(PID1Ambiguous, group(rate(120), Name{"mongosh", 40})), []Exec{mongo}, "readinessProbe Likely"},
		{"no command", group(rate(360), Name{"x", 40}), []Exec{probe("livenessProbe", 10)}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e, certainty, ok := StartedBy(test.group, test.execs)
			if got := strings.TrimSpace(e.Field + " " + string(certainty)); got != test.want || ok != (test.want != "") {
				t.Errorf("%q, %v, want %q", got, ok, test.want)
			}
		})
	}
}

// FuzzWords: no command makes more words than are allowed, or longer ones.
func FuzzWords(f *testing.F) {
	for _, text := range []string{"sh\x00-c\x00a && b", "", "/", "////", "\xff/\x00", "--a=b/c", strings.Repeat("a ", 9999)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := wordsOf(strings.Split(text, "\x00"))
		if len(words) > maxWords {
			t.Errorf("%d words", len(words))
		}
		for _, word := range words {
			if word == "" || len(word) > commLength || strings.ContainsAny(word, "/ \n\x00;|&") {
				t.Errorf("word %q", word)
			}
		}
	})
}
