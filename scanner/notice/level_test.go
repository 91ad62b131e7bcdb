package notice

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/initguard/initguard/api/v1alpha1"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// mustRules are those of the default settings, changed.
func mustRules(t *testing.T, change func(s *Settings)) *Rules {
	t.Helper()
	s := Default()
	if change != nil {
		change(&s)
	}
	r, faults := New(s)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return r
}

// pods make a status, as of noon.
func pods(list ...v1alpha1.Pod) *v1alpha1.ZombieReportStatus {
	s := &v1alpha1.ZombieReportStatus{Pods: list, History: []v1alpha1.Episode{{From: metav1.NewTime(noon().Add(-48 * time.Hour))}}}
	for _, p := range list {
		s.Summary.Zombies += p.Zombies
		s.Summary.Pods++
	}
	return s
}

// TestThresholds goes over each of them, at the number and just below, and where
// it was passed before.
func TestThresholds(t *testing.T) {
	in := func(d time.Duration) *metav1.Time { return new(metav1.NewTime(noon().Add(d))) }
	all := Thresholds{Zombies: 50, WorkloadZombies: 500, Age: 10 * time.Hour, PerHour: 100, LimitPercent: 25, LimitIn: 8 * time.Hour}
	aged := func(d time.Duration) *v1alpha1.ZombieReportStatus {
		s := pods(v1alpha1.Pod{Name: "a", Zombies: 1})
		s.Summary.OldestSince = in(-d)
		return s
	}
	many := func(n int32) *v1alpha1.ZombieReportStatus {
		s := pods(v1alpha1.Pod{Name: "a", Zombies: 10})
		s.Summary.Zombies, s.Summary.Pods = n, 60
		return s
	}
	tests := []struct {
		name   string
		status *v1alpha1.ZombieReportStatus
		soft   bool
		want   string // the reason, empty where it is not passed
		urgent bool
	}{
		{"none", pods(), false, "", false},
		{"zombies of one pod", pods(v1alpha1.Pod{Name: "a", Zombies: 49}, v1alpha1.Pod{Name: "b", Zombies: 50}), false, "pod b has 50 zombies; the threshold is 50", false},
		{"zombies of all pods don't add up", pods(v1alpha1.Pod{Name: "a", Zombies: 49}, v1alpha1.Pod{Name: "b", Zombies: 49}), false, "", false},
		{"a little below", pods(v1alpha1.Pod{Name: "a", Zombies: 40}), true, "pod a has 40 zombies; the threshold is 50", false},
		{"clearly below", pods(v1alpha1.Pod{Name: "a", Zombies: 39}), true, "", false},
		{"workload", many(500), false, "the workload has 500 zombies in 60 pods; the threshold is 500", false},
		{"workload below", many(499), false, "", false},
		{"age", aged(10 * time.Hour), false, "the oldest zombie is there for 10h; the threshold is 10h", false},
		{"age below", aged(10*time.Hour - time.Second), false, "", false},
		{"a zombie of the future", aged(-time.Hour), true, "", false},
		{"growth", pods(v1alpha1.Pod{Name: "a", Zombies: 1, PerHour: new(int32(99))}, v1alpha1.Pod{Name: "b", Zombies: 1, PerHour: new(int32(100))}), false, "100 zombies an hour come in pod b; the threshold is 100", false},
		{"growth below", pods(v1alpha1.Pod{Name: "a", Zombies: 1, PerHour: new(int32(99))}), false, "", false},
		{"share", pods(v1alpha1.Pod{Name: "a", Zombies: 10, PIDLimit: new(int64(40))}), false, "zombies take 25 % of the PID limit of pod a, 40; the threshold is 25 %", false},
		{"share below", pods(v1alpha1.Pod{Name: "a", Zombies: 10, PIDLimit: new(int64(41))}), false, "", false},
		{"share of no limit", pods(v1alpha1.Pod{Name: "a", Zombies: 10, PIDLimit: new(int64(0))}), false, "", false},
		{"forecast", pods(v1alpha1.Pod{Name: "a", Zombies: 1, LimitAt: in(8 * time.Hour)}), false, "pod a reaches its PID limit in 8h; the threshold is 8h", false},
		{"forecast far", pods(v1alpha1.Pod{Name: "a", Zombies: 1, LimitAt: in(9 * time.Hour)}), false, "", false},
		{"forecast a little far", pods(v1alpha1.Pod{Name: "a", Zombies: 1, LimitAt: in(10 * time.Hour)}), true, "pod a reaches its PID limit in 10h; the threshold is 8h", false},
		{"forecast near", pods(v1alpha1.Pod{Name: "a", Zombies: 1, LimitAt: in(time.Hour)}), false, "pod a reaches its PID limit in 60m; the threshold is 8h", true},
		{"forecast that rests on a short time", pods(v1alpha1.Pod{Name: "a", Zombies: 1, LimitAt: in(time.Hour), LimitEarly: true}), false, "", false},
		{"at the limit", pods(v1alpha1.Pod{Name: "a", Zombies: 1, LimitAt: in(0)}), false, "pod a is at its PID limit: it can't start processes; the threshold is 8h", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reasons, urgent := all.passed(test.status, test.soft, noon(), time.Hour)
			if got := strings.Join(reasons, " | "); got != test.want || urgent != test.urgent {
				t.Errorf("%q, urgent %v; want %q, %v", got, urgent, test.want, test.urgent)
			}
			if reasons, _ := (Thresholds{}).passed(test.status, test.soft, noon(), time.Hour); len(reasons) > 0 {
				t.Errorf("thresholds that aren't set: %q", reasons)
			}
		})
	}
}

// TestStand follows a severity: it begins at once, ends after a break, and a
// number that goes up and down around a threshold changes nothing.
func TestStand(t *testing.T) {
	r := mustRules(t, nil)
	n, b := new(v1alpha1.Notice), new(breaks)
	changes := 0
	at := func(minute int, zombies int32, want string) {
		t.Helper()
		now := noon().Add(time.Duration(minute) * time.Minute)
		before := n.DeepCopy()
		s := pods()
		if zombies > 0 {
			s = pods(v1alpha1.Pod{Name: "a", Zombies: zombies})
		}
		stand(n, r.level(s, n, now), b, now)
		if before.Severity != n.Severity {
			changes++
		}
		if n.Severity != want || (n.Since == nil) != (want == "") || (n.CriticalSince == nil) != (want != "Critical") {
			t.Errorf("minute %d, %d zombies: %+v, want %q", minute, zombies, n, want)
		}
	}
	at(0, 49, "")
	at(1, 50, "Warning")
	for i := range 200 {
		at(2+i, 49+int32(i%2), "Warning")
	}
	at(300, 0, "Warning") // a break, but a short one
	at(304, 0, "Warning")
	at(305, 60, "Warning")
	if !n.Since.Time.Equal(noon().Add(time.Minute)) {
		t.Errorf("since %s", n.Since)
	}
	at(306, 1000, "Critical")
	at(307, 1, "Critical")
	at(311, 900, "Critical")
	at(320, 799, "Critical")
	at(325, 799, "Warning")
	if !n.Since.Time.Equal(noon().Add(time.Minute)) {
		t.Errorf("since %s", n.Since)
	}
	at(326, 1000, "Critical")
	at(327, 0, "Critical")
	at(332, 0, "")
	at(333, 50, "Warning")
	if !n.Since.Time.Equal(noon().Add(333 * time.Minute)) {
		t.Errorf("since %s after a break", n.Since)
	}
	if changes != 6 {
		t.Errorf("%d changes", changes)
	}
	// The clock is set back: the break counts anew, and what is stored stays.
	at(334, 0, "Warning")
	at(200, 0, "Warning")
	at(204, 0, "Warning")
	at(205, 0, "")
}

// TestNews says from when on something may be told.
func TestNews(t *testing.T) {
	r := mustRules(t, nil)
	ago := func(d time.Duration) *metav1.Time { return new(metav1.NewTime(noon().Add(-d))) }
	prod := r.environments[0].intervals
	told := func(kind string, severity Severity, d time.Duration) *v1alpha1.Digest {
		return &v1alpha1.Digest{ID: "1", Kind: kind, Severity: string(severity), At: *ago(d)}
	}
	warning, critical := pods(v1alpha1.Pod{Name: "a", Zombies: 60}), pods(v1alpha1.Pod{Name: "a", Zombies: 2000})
	fresh := pods(v1alpha1.Pod{Name: "a", Zombies: 60})
	fresh.History = []v1alpha1.Episode{{From: *ago(3 * time.Hour)}, {From: *ago(60 * time.Hour), To: ago(5 * time.Hour)}}
	gone := pods()
	gone.History[0].To = ago(30 * time.Minute)
	alert := &v1alpha1.Alert{Fingerprint: "1", Name: "PodHasZombies", Pod: "a", StartsAt: *ago(time.Hour)}
	soon := pods(v1alpha1.Pod{Name: "a", Zombies: 60, LimitAt: ago(-30 * time.Minute)})
	few := pods(v1alpha1.Pod{Name: "a", Zombies: 3})
	tests := []struct {
		name   string
		status *v1alpha1.ZombieReportStatus
		notice v1alpha1.Notice
		every  Intervals
		want   string // severity, kind, when from noon
	}{
		{"not held yet", warning, v1alpha1.Notice{Severity: "Warning", Since: ago(59 * time.Minute)}, prod, "-"},
		{"held", warning, v1alpha1.Notice{Severity: "Warning", Since: ago(time.Hour)}, prod, "Firing Warning 0s"},
		{"held for long", warning, v1alpha1.Notice{Severity: "Warning", Since: ago(90 * time.Minute)}, prod, "Firing Warning -30m0s"},
		{"below again", few, v1alpha1.Notice{Severity: "Warning", Since: ago(90 * time.Minute)}, prod, "-"},
		{"critical not held, warning is", critical, v1alpha1.Notice{Severity: "Critical", Since: ago(2 * time.Hour), CriticalSince: ago(time.Minute)}, prod, "Firing Warning -1h0m0s"},
		{"critical held", critical, v1alpha1.Notice{Severity: "Critical", Since: ago(2 * time.Hour), CriticalSince: ago(time.Hour)}, prod, "Firing Critical 0s"},
		{"an alert is held already", few, v1alpha1.Notice{Severity: "Warning", Since: ago(0), Alert: alert}, prod, "Firing Warning 0s urgent"},
		{"the limit comes before the hold is over", soon, v1alpha1.Notice{Severity: "Critical", Since: ago(time.Minute), CriticalSince: ago(time.Minute)}, prod, "Firing Critical -1m0s urgent"},
		{"told before", warning, v1alpha1.Notice{Severity: "Warning", Since: ago(30 * time.Hour), Last: told(KindFiring, Warning, time.Hour)}, prod, "Firing Warning 23h0m0s repeat"},
		{"told once is enough", warning, v1alpha1.Notice{Severity: "Warning", Since: ago(30 * time.Hour), Last: told(KindFiring, Warning, time.Hour)}, Intervals{}, "-"},
		{"it got worse", critical, v1alpha1.Notice{Severity: "Critical", Since: ago(30 * time.Hour), CriticalSince: ago(time.Hour), Last: told(KindFiring, Warning, 2*time.Hour)}, prod, "Firing Critical 0s"},
		{"it got better", warning, v1alpha1.Notice{Severity: "Warning", Since: ago(30 * time.Hour), Last: told(KindFiring, Critical, 2*time.Hour)}, prod, "Firing Warning 22h0m0s repeat"},
		{"critical goes on", critical, v1alpha1.Notice{Severity: "Critical", Since: ago(30 * time.Hour), CriticalSince: ago(20 * time.Hour), Last: told(KindFiring, Critical, 2*time.Hour)}, prod, "Firing Critical -1h0m0s repeat"},
		{"back after it was said to be gone", fresh, v1alpha1.Notice{Severity: "Warning", Since: ago(3 * time.Hour), Last: told(KindResolved, Warning, 4*time.Hour)}, Intervals{Warning: 120 * time.Hour, Critical: day}, "Firing Warning 20h0m0s"},
		{"back where it is told once", fresh, v1alpha1.Notice{Severity: "Warning", Since: ago(3 * time.Hour), Last: told(KindResolved, Warning, 4*time.Hour)}, Intervals{}, "Firing Warning 20h0m0s"},
		{"back without a word", fresh, v1alpha1.Notice{Severity: "Warning", Since: ago(3 * time.Hour), Last: told(KindFiring, Warning, 40*time.Hour)}, Intervals{}, "Firing Warning -2h0m0s"},
		{"nobody could be told", warning, v1alpha1.Notice{Severity: "Warning", Since: ago(30 * time.Hour), Failed: told(KindFiring, Warning, 2*time.Hour)}, prod, "Firing Warning 4h0m0s"},
		{"gone", gone, v1alpha1.Notice{Last: told(KindFiring, Critical, 40*time.Hour)}, prod, "Resolved Critical 30m0s"},
		{"gone, and nobody was told", gone, v1alpha1.Notice{Severity: "Warning", Since: ago(2 * time.Hour)}, prod, "-"},
		{"gone, and told so", gone, v1alpha1.Notice{Last: told(KindResolved, Critical, 40*time.Hour)}, prod, "-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := "-"
			if what, ok := r.news(test.status, &test.notice, r.level(test.status, &test.notice, noon()), test.every, noon()); ok {
				got = what.kind + " " + string(what.severity) + " " + what.at.Sub(noon()).String()
				if what.repeat {
					got += " repeat"
				}
				if what.urgent {
					got += " urgent"
				}
			}
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
	off := mustRules(t, func(s *Settings) { s.Resolved.Notify = false })
	if _, ok := off.news(gone, &v1alpha1.Notice{Last: told(KindFiring, Critical, 40*time.Hour)}, level{}, prod, noon()); ok {
		t.Error("told that they are gone, where that is off")
	}
}
